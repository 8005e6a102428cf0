"""What to try in a second terminal while the demo runs, and what it will do.

The commands find the token by themselves, and the address too while no other graph runs on this host. This
file knows no way to draw.
"""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from ._record import record_bpm
from ._state import DemoState

ALARM: Final = "DEMO/ALARM"
"""The address of the alarm, whose threshold is a live setting."""
_STEP, _MARGIN = 5, 2


def where(state: DemoState) -> str:
    """The address, as commands need it."""
    return state.address if state.alone else f"--graph {state.address}"


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
    threshold, effect = crossing(state)
    yield Hint(f"trellis set {ALARM} threshold {threshold}", f"the alarm turns {effect}")


def crossing(state: DemoState) -> tuple[int, str]:
    """Return a round threshold on the other side of the heart rate, and what the alarm will then be.

    Before there is a heart rate, the record's is taken: it is what will be found.
    """
    rate = record_bpm(state.rate) if state.mean_bpm is None else state.mean_bpm
    if rate > state.threshold:
        return math.ceil((rate + _MARGIN) / _STEP) * _STEP, "off"
    return math.floor((rate - _MARGIN) / _STEP) * _STEP, "on"
