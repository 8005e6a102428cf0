"""Long synchronous work in slices, so that others run in between."""

import gc
import time
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import trio

T = TypeVar("T")

_SLICE: Final = 0.002
"""Seconds that others may have to wait."""


async def in_slices(work: Generator[object, None, T]) -> T:
    """Drive a generator to its end, with a pause before each 2 ms of it; returns what it returns.

    Cancelled, it stops in a pause, and the work is left undone.
    """
    await trio.lowlevel.checkpoint()
    return await _drive(work, trio.lowlevel.checkpoint)


async def whole_in_slices(work: Generator[object, None, T]) -> T:
    """As `in_slices`, but with pauses only in between, and whole even if it is cancelled: for what follows a wait."""
    return await _drive(work, trio.lowlevel.cancel_shielded_checkpoint)


async def _drive(work: Generator[object, None, T], pause: Callable[[], Awaitable[None]]) -> T:
    while True:
        try:
            with _uncollected():
                _run_slice(work)
        except StopIteration as ended:
            result: T = ended.value
            return result
        await pause()


def _run_slice(work: Generator[object, None, T]) -> None:
    until = time.perf_counter() + _SLICE
    while time.perf_counter() < until:
        next(work)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector out: it would walk thousands of new records that cannot be garbage yet."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
