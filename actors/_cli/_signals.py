"""A clean stop for commands that run until they are told to end."""

import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Final

import trio

from actors._graph import Graph

_EXIT_CODES: Final = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def hear_signals() -> AbstractContextManager[AsyncIterator[int]]:
    """Take Ctrl-C, SIGTERM and a closing terminal as numbers, for the length of a block."""
    return trio.open_signal_receiver(*_EXIT_CODES)


async def wait_told(graph: Graph, signals: AsyncIterator[int]) -> int:
    """Wait for one of the *signals*, or a session that shuts the graph down; returns the exit code."""
    code = await until_told(graph.wait_closed, signals)
    if code:
        print(file=sys.stderr)
    return code


async def follow(work: Callable[[], Awaitable[None]]) -> int:
    """Do *work* until it is done, or SIGTERM or a closing terminal cancels it; returns the exit code.

    Ctrl-C is left to Python: it interrupts whatever it finds.
    """
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGHUP) as signals:
        return await until_told(work, signals)


async def until_told(work: Callable[[], Awaitable[None]], signals: AsyncIterator[int]) -> int:
    """Do *work* until it is done, or a signal cancels it; returns the exit code that says so."""
    code = 0

    async def told() -> None:
        nonlocal code
        code = _EXIT_CODES[signal.Signals(await anext(signals))]
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(told)
        await work()
        nursery.cancel_scope.cancel()
    return code
