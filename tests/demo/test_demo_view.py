"""What the demo shows: a state summed up from messages, drawn in any room, or as plain lines."""

import io
import re

import attrs
import numpy as np
import pytest
from rich.console import Console

from actors.demo._hints import ALARM, crossing, hints, where
from actors.demo._messages import AlarmState, Beat, Filtered, HeartRate, Samples
from actors.demo._pixels import HEART_BEATING, HEART_RESTING, big, draw
from actors.demo._plain import opening_lines, plain_line
from actors.demo._record import record
from actors.demo._state import COUNTED, SHOWN, DemoState, Monitor
from actors.demo._trace import column_of, stride, trace, without_braille
from actors.demo._view import LOWEST, NARROWEST, live_view
from graphmeta import Edge, GraphSnapshot

RATE = 360.0
ADDRESS = "ws://127.0.0.1:43211"
ROOMS = [(NARROWEST, LOWEST), (80, 24), (100, 30), (120, 40), (250, 80)]


def samples(first: int, count: int) -> Samples:
    return Samples(first, record()[np.arange(first, first + count) % 1024], RATE)


@pytest.fixture
def state(demo_snapshot: GraphSnapshot) -> DemoState:
    """The demo after 12.8 s, between two beats."""
    return DemoState(
        RATE,
        100.0,
        ADDRESS,
        seconds=12.8,
        bpm=65.9,
        mean_bpm=63.3,
        beats=13,
        since_beat=0.7,
        messages=544,
        messages_per_second=42.5,
        first=2448,
        signal=samples(2448, 2160).values,
        peaks=(2566, 2896, 3262, 3590, 3920, 4286),
        snapshot=demo_snapshot,
    )


def drawn(
    state: DemoState, width: int = 80, height: int = 24, *, encoding: str = "utf-8", colour: bool = False
) -> list[str]:
    """The lines that a terminal of this size shows."""
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    system = "truecolor" if colour else None
    console = Console(
        file=out, width=width, height=height, force_terminal=colour, color_system=system, no_color=not colour
    )
    console.print(live_view(state))
    out.seek(0)
    return out.read().splitlines()


def text(state: DemoState, width: int = 80, height: int = 24, encoding: str = "utf-8") -> str:
    return "\n".join(drawn(state, width, height, encoding=encoding))


# The state


def test_a_monitor_begins_with_what_is_given():
    assert Monitor(RATE, 100.0, address=ADDRESS, at=5.0).state(at=5.0) == DemoState(RATE, 100.0, ADDRESS)


def test_a_monitor_sums_up_what_the_units_say():
    monitor = Monitor(RATE, 100.0, at=0.0)
    for message in (
        samples(0, 18),
        Filtered(0, samples(0, 18).values, RATE, 3),
        Beat(10, RATE),
        HeartRate(10, 65.9, 63.3),
        AlarmState(True, 63.3, 60.0),
    ):
        monitor.take(message, at=1.0)
    assert monitor.state(at=2.0) == DemoState(
        RATE,
        60.0,
        seconds=2.0,
        bpm=65.9,
        mean_bpm=63.3,
        beats=1,
        since_beat=1.0,
        alarm=True,
        messages=5,
        messages_per_second=2.5,
        signal=samples(0, 18).values,
        peaks=(10,),
    )


def test_a_monitor_keeps_the_newest_signal_and_the_peaks_in_it():
    monitor = Monitor(RATE, 100.0, at=0.0)
    keeps = round(SHOWN * RATE)
    for first in range(0, 2 * keeps, 18):
        monitor.take(samples(first, 18), at=0.0)
    for peak in (keeps - 1, keeps):
        monitor.take(Beat(peak, RATE), at=0.0)
    monitor.take(samples(2 * keeps, 18), at=0.0)
    state = monitor.state(at=0.0)
    assert state.first == keeps + 18
    assert np.array_equal(state.signal, samples(keeps + 18, keeps).values)
    assert (state.peaks, state.beats) == ((), 2)


def test_a_monitor_that_missed_samples_begins_a_new_signal():
    monitor = Monitor(RATE, 100.0, at=0.0)
    for message in (samples(36, 18), Beat(40, RATE), samples(72, 18), samples(90, 18)):
        monitor.take(message, at=0.0)
    state = monitor.state(at=0.0)
    assert (state.first, state.peaks) == (72, ())
    assert np.array_equal(state.signal, samples(72, 36).values)


def test_messages_are_counted_over_the_last_seconds_only():
    monitor = Monitor(RATE, 100.0, at=0.0)
    for tick in range(100):
        monitor.take("a message of somebody else", at=tick / 10)
    assert monitor.state(at=9.9).messages_per_second == 10.0
    assert monitor.state(at=9.9 + COUNTED).messages_per_second == 0.0
    assert monitor.state(at=99.0).messages == 100


# The pictures


@pytest.mark.parametrize("picture", [HEART_RESTING, HEART_BEATING, big("0123456789"), big("--")])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_picture_keeps_all_its_pixels(picture, ascii_only):
    lines = draw(picture, ascii_only=ascii_only)
    weight = {" ": 0, "▀": 1, "▄": 1, "█": 2, "'": 1, ".": 1, "#": 2}
    assert {len(line) for line in lines} == {len(picture[0])}
    assert sum(weight[character] for line in lines for character in line) == "".join(picture).count("#")


def test_the_hearts_are_of_one_size_so_that_nothing_jumps():
    assert {(len(heart), len(heart[0])) for heart in (HEART_RESTING, HEART_BEATING)} == {(10, 13)}


def test_a_ramp_is_drawn_from_the_lower_left_to_the_upper_right():
    assert trace(np.arange(8.0), 0, width=4, height=2, step=1) == ["⠀⠀⣠⠞", "⣠⠞⠁⠀"]


def test_the_shortest_peak_is_drawn_in_its_column():
    values = np.zeros(1000)
    values[777] = 1.0
    (line,) = trace(values, 0, width=40, height=1, step=11)
    high = [column for column, character in enumerate(line) if (ord(character) - 0x2800) & 0x09]
    assert high == [column_of(777, 999, width=40, step=11)]


def test_the_line_keeps_its_shape_while_it_scrolls():
    before = trace(record()[:600], 0, width=20, height=3, step=10)
    after = trace(record()[20:620], 20, width=20, height=3, step=10)
    assert [line[:-1] for line in after] == [line[1:] for line in before]


@pytest.mark.parametrize("count", [0, 1, 7, 60])
def test_a_signal_that_has_just_begun_comes_in_from_the_right(count):
    lines = trace(record()[:count], 0, width=20, height=2, step=10)
    dots = {column for line in lines for column, character in enumerate(line) if character != "⠀"}
    assert dots == set(range(20 - -(-count // 20), 20))


def test_a_flat_line_is_drawn_at_the_bottom():
    assert trace(np.full(40, -86.0), 0, width=2, height=2, step=10) == ["⠀⠀", "⣀⣀"]


def test_a_column_stands_for_a_whole_number_of_samples():
    assert stride(360.0, 38, 3.0) == 14
    assert stride(150.0, 2000, 3.0) == 1


def test_a_line_can_do_without_braille():
    assert without_braille("⠀⠉⣀⡇⠞") == " '.||"


# The hints


def test_the_last_hint_takes_the_threshold_to_the_other_side_of_the_heart_rate(state):
    assert crossing(state) == (60, "on")
    assert crossing(attrs.evolve(state, alarm=True, threshold=60.0)) == (70, "off")
    assert [hint.command for hint in hints(state)][-1] == f"trellis set {ALARM} threshold 60"


def test_beside_other_graphs_the_address_stands_as_the_option_that_every_command_needs(state):
    assert where(state) == ADDRESS
    assert where(attrs.evolve(state, alone=False)) == f"--graph {ADDRESS}"
    lines = list(opening_lines(attrs.evolve(state, alone=False)))
    assert f"several graphs run here: add --graph {ADDRESS} to each command" in lines
    assert not any("--graph" in line for line in opening_lines(state))


def test_a_crossing_is_on_the_other_side_for_any_heart_rate(state):
    for rate in np.arange(20.0, 200.0, 0.7):
        (below, on), (above, off) = (
            crossing(attrs.evolve(state, mean_bpm=rate, threshold=threshold)) for threshold in (300.0, 1.0)
        )
        assert (on, off) == ("on", "off")
        assert below < rate < above


def test_before_there_is_a_heart_rate_the_hint_takes_that_of_the_record():
    assert crossing(DemoState(RATE, 100.0)) == (60, "on")
    assert crossing(DemoState(2 * RATE, 100.0)) == (130, "off")


# The view


@pytest.mark.parametrize(("width", "height"), ROOMS)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_view_fills_its_room_exactly(state, width, height, encoding):
    lines = drawn(state, width, height, encoding=encoding)
    assert len(lines) == height
    assert {len(line) for line in lines} == {width}


@pytest.mark.parametrize(("width", "height"), ROOMS)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("alone", [True, False])
def test_everything_that_matters_has_its_place_in_every_room(state, width, height, encoding, alone):
    state = attrs.evolve(state, alone=alone)
    shown = text(state, width, height, encoding)
    for words in (
        "trellis demo 00:12",
        "13 beats",
        "42.5 messages/s",
        "63.3 < threshold 100 bpm",
        "assumed 360 Hz",
        "PyWavelets states no rate: --rate",
        ADDRESS,
        *(hint.command for hint in hints(state)),
        "Ctrl-C ends the demo",
    ):
        assert words in shown, words


@pytest.mark.parametrize("digit", range(4))
def test_the_heart_rate_stands_there_in_large_digits(state, digit):
    assert draw(big("66"))[digit] in text(state)


def test_a_hundred_and_more_beats_fit(state):
    assert draw(big("188"))[0] in text(attrs.evolve(state, bpm=187.6))


def test_the_heart_beats_for_a_moment_after_each_beat(state):
    beating = attrs.evolve(state, since_beat=0.1)
    assert draw(HEART_RESTING)[1].strip() in text(state)
    assert draw(HEART_BEATING)[1].strip() in text(beating)
    assert draw(HEART_BEATING)[1].strip() not in text(state)


def test_each_r_peak_in_sight_has_a_heart_under_it(state):
    assert len(re.findall("♥", text(state))) == 3
    assert "♥" not in text(attrs.evolve(state, peaks=()))


def test_before_the_first_beat_there_are_no_figures():
    shown = text(DemoState(RATE, 100.0))
    assert draw(big("--"))[1] in shown
    assert "waiting for the graph" in shown
    assert "-- < threshold 100 bpm" in shown


def test_the_alarm_shows_without_colour(state):
    assert " quiet  ━" in text(state)
    shown = text(attrs.evolve(state, alarm=True, threshold=60.0))
    assert " ALARM  ━" in shown
    assert "63.3 > threshold 60 bpm" in shown
    assert "the alarm turns off" in shown


@pytest.mark.parametrize(("threshold", "reached"), [(300.0, False), (63.4, False), (63.2, True), (10.0, True)])
def test_the_bar_crosses_the_threshold_exactly_when_the_heart_rate_does(state, threshold, reached):
    shown = text(attrs.evolve(state, alarm=reached, threshold=threshold))
    assert bool(re.search("━┃━", shown)) is reached


def test_the_whole_graph_is_shown_where_there_is_room_and_its_components_where_not(state):
    assert "R_PEAKS/INPUT" in text(state, 120, 40)
    assert "R_PEAKS/INPUT" not in text(state, 80, 24)
    for line in ("DETECTION  collection Detection", "→ DEMO/DETECTION/BAND_PASS"):
        assert line in text(state, 80, 24)


def test_the_signal_takes_no_more_than_it_can_use_of_a_tall_room(state):
    lines = drawn(state, 120, 80)
    assert [number for number, line in enumerate(lines) if line.startswith("╭─  alarm")] == [14]


def test_a_graph_that_is_too_large_is_cut_and_says_so(state, demo_snapshot):
    crowd = tuple(Edge(f"A{number}", f"B{number}") for number in range(100))
    lines = drawn(attrs.evolve(state, snapshot=attrs.evolve(demo_snapshot, persistent=crowd)))
    assert len(lines) == 24
    assert any(re.search(r"and \d+ lines more", line) for line in lines)


@pytest.mark.parametrize(("width", "height"), [(30, 10), (60, 40), (120, 12)])
def test_a_room_that_is_too_small_gets_the_figures_and_what_fits_of_the_graph(state, width, height):
    lines = drawn(state, width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert "heart rate 65.9 bpm" in " ".join(" ".join(lines).split())
    assert any("DEMO" in line for line in lines)


@pytest.mark.parametrize(("width", "height"), [(20, 5), (10, 3), (1, 1)])
def test_no_room_is_too_small(state, width, height):
    lines = drawn(state, width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width


def test_colour_changes_no_character(state):
    coloured = drawn(state, colour=True)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in coloured] == drawn(state)
    assert "\x1b[" in "".join(coloured)


# The plain lines


def test_a_moment_is_one_plain_line(state):
    assert plain_line(state) == (
        "   12.8 s  heart rate  65.9 bpm (mean  63.3)  beats   13  alarm off (threshold 100 bpm)   42.5 messages/s"
    )
    assert plain_line(DemoState(RATE, 60.0)) == (
        "    0.0 s  heart rate    -- bpm (mean    --)  beats    0  alarm off (threshold 60 bpm)    0.0 messages/s"
    )
    assert "  ALARM (threshold 60 bpm)" in plain_line(attrs.evolve(state, alarm=True, threshold=60.0))


def test_the_opening_says_what_runs_on_which_assumption_and_what_to_try(state):
    lines = list(opening_lines(state))
    assert "sampling rate: 360 Hz is an assumption (--rate): PyWavelets states none" in lines
    assert f"graph server: {ADDRESS}" in lines
    assert [line.split("  ")[1] for line in lines if "trellis " in line and line[0] == " "] == [
        hint.command for hint in hints(state)
    ]
    assert "  `- SOURCE  unit Source" in lines


def test_without_an_address_and_a_graph_the_opening_does_not_speak_of_them():
    lines = list(opening_lines(DemoState(RATE, 100.0)))
    assert not [line for line in lines if line.startswith("graph")]


def test_plain_lines_are_ascii(state):
    assert all(line.isascii() for line in (*opening_lines(state), plain_line(state)))
