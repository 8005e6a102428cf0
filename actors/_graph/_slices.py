"""Long synchronous work in slices, so that others run in between."""

import time
from collections.abc import Generator
from typing import Final, TypeVar

import trio

T = TypeVar("T")

_SLICE: Final = 0.002
"""Seconds that others may have to wait."""


async def in_slices(work: Generator[object, None, T]) -> T:
    """Drive a generator to its end, with a pause whenever its last steps took 2 ms; returns what it returns."""
    pause_at = time.perf_counter() + _SLICE
    while True:
        try:
            next(work)
        except StopIteration as done:
            result: T = done.value
            return result
        if time.perf_counter() >= pause_at:
            await trio.lowlevel.checkpoint()
            pause_at = time.perf_counter() + _SLICE
