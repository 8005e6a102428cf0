"""What to try in a second terminal while the demo runs, and what it will do.

The commands find the address and the token by themselves. This file knows no way to draw.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from ._state import DemoState

ALARM: Final = "DEMO/ALARM"
"""The address of the alarm, whose threshold is a live setting."""
_STEP, _MARGIN = 5, 2


class Hint(NamedTuple):
    """One command to try."""

    command: str
    effect: str


def hints(state: DemoState) -> Iterator[Hint]:
    """Yield what is worth trying as things stand; the last one makes the heart rate cross the threshold."""
    yield Hint("trellis graph", "the graph as a tree")
    yield Hint("trellis sessions", "who is connected")
    yield Hint("trellis watch", "follow every change")
    yield Hint("trellis snapshot --json", "everything, as data")
    threshold = crossing(state)
    yield Hint(f"trellis set {ALARM} threshold {threshold}", f"the alarm goes {'off' if state.alarm else 'on'}")


def crossing(state: DemoState) -> int:
    """Return a round threshold on the other side of the heart rate, in beats a minute."""
    rate = state.threshold if state.mean_bpm is None else state.mean_bpm
    return int(-(-(rate + _MARGIN) // _STEP) if state.alarm else (rate - _MARGIN) // _STEP) * _STEP
