"""``trellis top`` on a running graph: in a terminal of 80 by 24, for programs, and how it ends."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios

import pytest
from rich.console import Console

from actors import EndpointRates, EndpointStatistics, Rates
from actors._cli._top_lines import SORTS, in_order, plain_lines
from actors._cli._top_view import TopView, columns_for, shortened, tail

FLOW = """
import sys, trio
from actors import *

class Source(Unit):
    OUTPUT = OutputStream(int)
    @publisher(OUTPUT)
    async def send(self):
        for number in range(10**9):
            yield self.OUTPUT, number

class Slow(Unit):
    INPUT = InputStream(int, max_queue=3)
    @subscriber(INPUT)
    async def take(self, number):
        await trio.sleep(0.01)

class Flow(Collection):
    SOURCE, SLOW = Source(), Slow()
    def network(self):
        return ((self.SOURCE.OUTPUT, self.SLOW.INPUT),)

run(FLOW=Flow())
"""


@pytest.fixture
def flow(environment):
    """A pipeline in a process of its own whose source is held up by what comes after it."""
    command = [sys.executable, "-c", FLOW]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr.readline().startswith("graph server: ")
    yield process
    process.kill()
    process.communicate()


def test_a_program_gets_an_object_a_line_that_tells_who_waits_for_whom(background, flow):
    top = background("top", "--json", "--every", "0.2")
    rates = [json.loads(top.stdout.readline())["rates"] for _ in range(2)][-1]
    found = {each["endpoint"]["topic"]: each for each in rates["endpoints"]}
    source, slow = found["FLOW/SOURCE/OUTPUT"], found["FLOW/SLOW/INPUT"]
    assert source["messages"] > 0
    assert slow["endpoint"]["queued"] <= slow["endpoint"]["max_queue"] == 3
    assert min(source["blocked"], slow["blocked"]) > 0.0
    assert 0.0 < rates["busy"] <= 1.0
    assert rates["longest"] > 0.0
    top.send_signal(signal.SIGINT)
    assert top.wait(10) == 130
    assert top.stderr.read().strip() == ""


def test_it_stops_by_itself_when_its_time_is_over(trellis, flow):
    done = trellis("top", "--every", "0.1", "--seconds", "0.3")
    assert (done.returncode, done.stderr) == (0, "")


def test_once_prints_one_picture_as_lines_where_there_is_no_terminal(trellis, flow):
    done = trellis("top", "--once", "--every", "0.2", "--sort", "topic")
    assert (done.returncode, done.stderr) == (0, "")
    head, *rows = done.stdout.splitlines()
    assert re.fullmatch(r"[\d:]{8}  2 endpoints, loop \d+% busy, longest turn [\d.]+ ms", head)
    assert [row.split()[1] for row in rows] == ["FLOW/SLOW/INPUT", "FLOW/SOURCE/OUTPUT"]


def in_terminal(environment, *arguments, until, end, term="xterm-256color"):
    """Run a command in a terminal of 80 by 24 until it shows something, and end it; its code and all it wrote."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    kept = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "actors", *arguments],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**kept, "TERM": term},
    )
    os.close(follower)
    shown = b""
    try:
        while until not in shown:
            shown += os.read(leader, 65536)
        end(process)
        while True:
            shown += os.read(leader, 65536)
    except OSError:
        # The other end of a terminal that is gone.
        return process.wait(10), shown.decode()
    finally:
        process.kill()
        process.wait()
        os.close(leader)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_in_a_terminal_it_draws_and_puts_the_screen_back(environment, flow, number, code):
    ended, text = in_terminal(environment, "top", until=b"FLOW/SLOW", end=lambda process: process.send_signal(number))
    assert ended == code
    assert "Traceback" not in text
    assert text.rindex("\x1b[?1049l") > text.rindex("\x1b[?1049h")
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


def test_a_graph_that_goes_away_is_one_line_after_the_screen_is_back(environment, flow):
    ended, text = in_terminal(environment, "top", until=b"FLOW/SLOW", end=lambda _: flow.send_signal(signal.SIGINT))
    assert ended == 1
    assert re.fullmatch(r"(\x1b\[\?25h)?trellis: the session was lost: .*\r\n", text[text.rindex("\x1b[?1049l") + 8 :])


@pytest.mark.parametrize("arguments", [("--sort", "colour"), ("--every", "0"), ("--seconds", "x")])
def test_what_makes_no_sense_is_misuse(trellis, arguments):
    misused = trellis("top", *arguments)
    assert misused.returncode == 2
    assert "Traceback" not in misused.stderr


def test_without_a_graph_it_says_how_to_get_one(trellis):
    refused = trellis("top")
    assert refused.returncode == 1
    assert "trellis demo" in refused.stderr


# -- what is shown -------------------------------------------------------------------------------------------


def rated(topic, rate=0.0, queued=0, dropped=0.0, blocked=0.0, total=0, session="s", direction="subscriber"):
    endpoint = EndpointStatistics(
        "id", session, 0, topic, direction, total, queued, 32, True, int(dropped * 10), blocked * 10
    )
    return EndpointRates(endpoint, rate, dropped, blocked)


def rates_of(*endpoints):
    return Rates(1.0, 0.25, 0.0123, endpoints)


@pytest.mark.parametrize(
    ("sort", "first"),
    [("rate", "B"), ("queue", "C"), ("dropped", "D"), ("blocked", "E"), ("messages", "F"), ("topic", "A")],
)
def test_it_can_be_sorted_by_each_column(sort, first):
    rates = rates_of(
        rated("F", total=9),
        rated("E", blocked=0.5),
        rated("D", dropped=3),
        rated("C", queued=4),
        rated("B", 7.0),
        rated("A"),
    )
    assert in_order(rates, sort)[0].endpoint.topic == first
    assert set(SORTS) == {"rate", "queue", "dropped", "blocked", "messages", "topic"}


def drawn(rates, width, height):
    console = Console(width=width, height=height, legacy_windows=False)
    lines = console.render_lines(TopView(rates, "rate", "12:00:00"), console.options.update(height=height), pad=False)
    return ["".join(segment.text for segment in line).rstrip() for line in lines]


def test_every_column_fits_into_eighty_and_the_end_of_a_long_topic_is_what_is_kept():
    topic = "SYSTEM/" + "COLLECTION/" * 9 + "GAIN/OUTPUT"
    many = rated(topic, 123456.0, queued=32, dropped=12.0, blocked=12.34, total=123456789, session="a long name of one")
    title, head, row = drawn(rates_of(many), 80, 24)[:3]
    assert max(map(len, (title, head, row))) <= 80
    assert head.split() == ["topic", "session", "per", "s", "total", "queue", "dropped", "blocked"]
    assert "ON/GAIN/OUTPUT" in row
    assert "…me of one" in row
    for cell in ("<", "123,456", "123456789", "32/32", "120", "1234%"):
        assert cell in row


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (80, "topic session per s total queue dropped blocked"),
        (75, "topic session per s total queue dropped blocked"),
        (73, "topic session per s queue dropped blocked"),
        (60, "topic per s queue dropped blocked"),
        (40, "topic per s blocked"),
        (20, "topic per s"),
    ],
)
def test_where_there_is_less_room_columns_are_left_out_and_no_number_is_cut(width, columns):
    assert " ".join(columns_for(width)) == columns
    busy = rated("A/B", 123456.0, queued=32, blocked=12.34, total=123456789)
    title, head, row = drawn(rates_of(busy), width, 24)[:3]
    assert max(map(len, (title, head, row))) <= width
    assert head.split() == columns.split()
    assert "123,456" in row
    assert "…" not in row


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("DEMO/SOURCE/OUTPUT", 18, "DEMO/SOURCE/OUTPUT"),
        ("DEMO/DETECTION/BAND_PASS/OUTPUT", 26, "…/BAND_PASS/OUTPUT"),
        ("DEMO/DETECTION/BAND_PASS/OUTPUT", 15, "…ND_PASS/OUTPUT"),
        ("a long name of one", 10, "…me of one"),
    ],
)
def test_of_a_path_that_is_too_long_the_end_is_shown_from_a_whole_name_on(text, width, shown):
    assert tail(text, width) == shown


def test_a_title_that_is_too_long_ends_at_a_comma():
    assert (
        shortened("12:00:00  3 endpoints, loop 1% busy, longest turn 2 ms", 40) == "12:00:00  3 endpoints, loop 1% busy"
    )


def test_a_terminal_that_cannot_be_drawn_on_gets_lines(environment, flow):
    def interrupt(process):
        process.send_signal(signal.SIGINT)

    ended, text = in_terminal(environment, "top", until=b"FLOW/SLOW", end=interrupt, term="dumb")
    assert ended == 130
    assert "\x1b" not in text
    assert re.search(r"FLOW/SLOW/INPUT  subscriber of runner  [\d.,]+/s", text)


@pytest.mark.parametrize(("count", "height"), [(3, 24), (22, 24), (23, 24), (500, 24), (500, 4)])
def test_it_never_has_more_lines_than_the_terminal_and_says_what_is_missing(count, height):
    lines = drawn(rates_of(*(rated(f"T{number:03}", rate=float(number)) for number in range(count))), 80, height)
    while lines and not lines[-1]:
        lines.pop()
    shown = [line for line in lines if line.startswith("< T")]
    assert len(lines) <= height
    assert (f"and {count - len(shown)} more" in lines[-1]) == (len(shown) < count)
    assert len(shown) + 2 + (len(shown) < count) == len(lines)


def test_names_from_elsewhere_cannot_write_on_the_terminal():
    evil = rated("A\x1b[31m/[red]B", session="\x1b]0;x\x07[bold]")
    text = "\n".join([*drawn(rates_of(evil), 80, 24), *plain_lines(rates_of(evil), "rate", "12:00:00")])
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[red]" in text
