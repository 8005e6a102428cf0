"""The edges of one holder: a sorted tuple without repetition, and how it gains and loses some.

Cost: one copy of the tuple and one binary search per edge that comes or goes. This file knows edges only.
"""

from bisect import bisect_left
from collections.abc import Iterable

from graphmeta._names import Edge

Held = tuple[Edge, ...]
"""Sorted, each edge once."""


def holds(held: Held, edge: Edge) -> bool:
    """Tell whether *edge* is among *held*."""
    at = bisect_left(held, edge)
    return at < len(held) and held[at] == edge


def gain(held: Held, gained: Iterable[Edge]) -> Held:
    """Return *held* with *gained*; raise KeyError with the first edge that is there already."""
    merged: list[Edge] = []
    start = 0
    for edge in sorted(gained):
        at = bisect_left(held, edge, start)
        if held[at : at + 1] == (edge,) or merged[-1:] == [edge]:
            raise KeyError(edge)
        merged += held[start:at]
        merged.append(edge)
        start = at
    return (*merged, *held[start:])


def lose(held: Held, lost: Iterable[Edge]) -> Held:
    """Return *held* without *lost*; raise KeyError with the first edge that is not there."""
    left: list[Edge] = []
    start = 0
    for edge in sorted(lost):
        at = bisect_left(held, edge, start)
        if held[at : at + 1] != (edge,):
            raise KeyError(edge)
        left += held[start:at]
        start = at + 1
    return (*left, *held[start:])
