"""The demo without a terminal: a few lines at the start and then one for each moment, in ASCII.

This file knows no way to draw, and nothing of when its lines are printed.
"""

from collections.abc import Iterator

from ._hints import hints, where
from ._record import assumption
from ._state import DemoState
from ._tree import tree_lines


def opening_lines(state: DemoState) -> Iterator[str]:
    """Yield what is worth saying once: what runs, on which assumption, where, and what to try."""
    yield "trellis demo: the heart rate of an electrocardiogram in a loop (PyWavelets, pywt.data.ecg())"
    yield f"sampling rate: {assumption(state.rate)}"
    if state.address:
        yield f"graph server: {state.address}"
    if not state.alone:
        yield f"several graphs run here: add {where(state)} to each command"
    yield "in a second terminal:"
    for hint in hints(state):
        yield f"  {hint.command:<38} {hint.effect}"
    if state.snapshot is not None:
        yield "graph:"
        yield from (f"  {line}" for line in tree_lines(state.snapshot, 1, ascii_only=True))


def plain_line(state: DemoState) -> str:
    """Return one moment as one line."""
    alarm = "ALARM" if state.alarm else "alarm off"
    return (
        f"{state.seconds:7.1f} s  heart rate {_figure(state.bpm)} bpm (mean {_figure(state.mean_bpm)})"
        f"  beats {state.beats:4d}  {alarm} (threshold {state.threshold:g} bpm)"
        f"  {state.messages_per_second:5.1f} messages/s"
    )


def _figure(bpm: float | None) -> str:
    return "   --" if bpm is None else f"{bpm:5.1f}"
