"""The parts of the demo's view: each turns a `DemoState` into what fills a room of a given size.

This file knows what is shown, not where.
"""

from typing import Final

import attrs
from rich.text import Text

from graphmeta import counted

from ._hints import hints, where
from ._pixels import HEART_BEATING, HEART_RESTING, big, draw
from ._state import DemoState
from ._trace import column_of, stride, trace, without_braille
from ._tree import fitting_tree

BEAT_SHOWS: Final = 0.3
"""Seconds for which the heart is drawn beating."""
SIGNAL_SHOWS: Final = 3.0
"""Seconds of signal in the picture, about."""


@attrs.frozen
class Room:
    """How much there is to draw in, in characters and lines."""

    width: int
    height: int
    ascii_only: bool


def heart(state: DemoState, room: Room) -> Text:
    """Show the heart, beating or resting, its rate in large digits, and what has been counted."""
    beating = state.since_beat is not None and state.since_beat < BEAT_SHOWS
    picture = draw(HEART_BEATING if beating else HEART_RESTING, ascii_only=room.ascii_only)
    digits = ["", *draw(big(_figure(state.bpm, ".0f")), ascii_only=room.ascii_only)]
    notes = ("", "bpm", "", "mean", _figure(state.mean_bpm, ".1f"))
    text = Text("\n" * ((room.height - len(picture)) // 2), no_wrap=True)
    for shape, digit, note in zip(picture, digits, notes, strict=True):
        text.append(shape, "bold red" if beating else "red")
        text.append(f" {digit:<14} ", "bold").append(f"{note}\n")
    said = f"{counted(state.beats, 'beat')}   {state.messages_per_second:.1f} messages/s"
    return text.append("\n" * (room.height > 7)).append(f"{said:^{room.width}}")


def signal(state: DemoState, room: Room) -> Text:
    """Show the newest signal, with a heart under every R peak that was found in it."""
    step = stride(state.rate, room.width, SIGNAL_SHOWS)
    lines = trace(state.signal, state.first, width=room.width, height=room.height - 1, step=step)
    newest = state.first + len(state.signal) - 1
    columns = {column_of(peak, newest, width=room.width, step=step) for peak in state.peaks}
    mark = "^" if room.ascii_only else "♥"
    marks = "".join(mark if column in columns else " " for column in range(room.width))
    drawn = (without_braille(line) if room.ascii_only else line for line in lines)
    return Text("\n".join(drawn), "green", no_wrap=True).append(f"\n{marks}", "bold red")


def alarm(state: DemoState, room: Room) -> Text:
    """Show whether the alarm is on, and the mean heart rate as a bar beside the threshold."""
    label, style = (" ALARM ", "bold white on red") if state.alarm else (" quiet ", "bold green")
    relation = ">" if state.alarm else "<"
    words = f" {_figure(state.mean_bpm, '.1f')} {relation} threshold {state.threshold:g} bpm"
    width = max(1, room.width - len(label) - 1 - len(words))
    rate = state.mean_bpm or 0.0
    scale = (width - 1) / (1.25 * max(state.threshold, rate))
    edge = round(state.threshold * scale)
    # However near they are: the bar is seen beyond the threshold when the alarm is on, and only then.
    filled = max(round(rate * scale), edge + 2) if state.alarm else min(round(rate * scale), edge)
    full, empty, mark = "#-|" if room.ascii_only else "━─┃"
    bar = Text().append(full * filled, "red" if state.alarm else "green").append(empty * (width - filled), "dim")
    bar = Text.assemble(bar[:edge], (mark, "bold yellow"), bar[edge + 1 :])
    return Text.assemble((label, style), " ", bar, (words, "yellow"))


def tree(state: DemoState, room: Room) -> Text:
    """Show the graph in as much detail as there is room for."""
    if state.snapshot is None:
        return Text("waiting for the graph", "dim")
    lines = fitting_tree(state.snapshot, room.height, ascii_only=room.ascii_only)
    text = Text("\n".join(lines), no_wrap=True, overflow="crop" if room.ascii_only else "ellipsis")
    text.highlight_regex(r"(?m)^[^\w\n]*\w\S*", "bold")
    text.highlight_regex(r"(?m)^[^\w\n]+", "not bold dim")
    text.highlight_regex(r"(?m)(?<=[^│|\s])  .*$", "dim")
    text.highlight_regex(r"[├└]→ .*|[|`]> .*", "not bold not dim cyan")
    return text


def tries(state: DemoState, room: Room) -> Text:
    """Show where the graph is served and what to try in a second terminal."""
    tried = tuple(hints(state))
    spare = room.height - 1 - 2 * len(tried)
    text = Text(no_wrap=True).append(f"{where(state)}\n", "bold").append("\n" * (spare > 0))
    for hint in tried:
        text.append(f"{hint.command}\n", "cyan")
        if spare >= 0:
            text.append(f"  {hint.effect}\n", "dim")
    text.rstrip()
    return text


def _figure(bpm: float | None, form: str) -> str:
    return "--" if bpm is None else format(bpm, form)
