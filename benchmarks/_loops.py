"""Run the work of a contender in an event loop of its own, with the clock that it should be measured by."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import trio

from ._harness import Contender, Sample
from ._interrupts import collect_garbage, heeded

Clock = Callable[[], float]
Work = Callable[[Clock], Awaitable[Sample]]


def on_trio(name: str, work: Work, clock: Clock = time.thread_time, rounds: int | None = None) -> Contender:
    """Return a contender on Trio; if it waits for nothing but itself, processor time is the clock for it."""

    def run() -> Sample:
        collect_garbage()
        return trio.run(work, clock)

    return Contender(name, run, rounds)


def on_wall(name: str, work: Work, rounds: int | None = None) -> Contender:
    """Return a contender on Trio that waits for another process."""
    return on_trio(name, work, time.perf_counter, rounds)


def on_asyncio(name: str, work: Work, rounds: int | None = None, clock: Clock = time.perf_counter) -> Contender:
    """Return a contender on asyncio, measured on the wall unless *clock* says otherwise."""

    async def main() -> Sample:
        return await work(clock)

    def run() -> Sample:
        collect_garbage()
        with heeded():
            return asyncio.run(main())

    return Contender(name, run, rounds)
