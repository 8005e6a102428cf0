"""A clean stop for commands that run until they are told to end."""

import errno
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

import trio

from actors._graph import Graph

from ._reader import reader_gone

_EXIT_CODES: Final = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def hear_signals() -> AbstractContextManager[AsyncIterator[int]]:
    """Take Ctrl-C, SIGTERM and a closing terminal as numbers, for the length of a block.

    Who is told again ends as he was told first. A closing terminal is not heard of under ``nohup``.
    """
    return _hear(*_EXIT_CODES)


@contextmanager
def _hear(*numbers: signal.Signals) -> Iterator[AsyncIterator[int]]:
    heard = [number for number in numbers if number is not signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]
    early: list[int] = []
    # Trio hands what nobody has taken to the handlers before: of two SIGHUPs of one terminal the second would kill.
    before = {number: signal.signal(number, lambda number, _: early.append(number)) for number in heard}
    try:
        with trio.open_signal_receiver(*heard) as signals:
            for number in early:
                signal.raise_signal(number)
            yield signals
    finally:
        for known, handler in before.items():
            signal.signal(known, handler)


async def wait_told(graph: Graph, signals: AsyncIterator[int]) -> int:
    """Wait for one of the *signals*, or a session that shuts the graph down; returns the exit code."""
    code = await until_told(graph.wait_closed, signals)
    if code:
        print(file=sys.stderr)
    return code


async def follow(work: Callable[[], Awaitable[None]]) -> int:
    """Do *work* until it is done, or SIGTERM or a closing terminal cancels it; returns the exit code.

    Ctrl-C is left to Python: it interrupts whatever it finds. `BrokenPipeError` when nobody reads the output any more.
    """

    async def watched() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(reader_gone)
            await work()
            nursery.cancel_scope.cancel()

    with _hear(signal.SIGTERM, signal.SIGHUP) as signals:
        return await until_told(watched, signals)


async def until_told(work: Callable[[], Awaitable[None]], signals: AsyncIterator[int]) -> int:
    """Do *work* until it is done, or a signal cancels it; returns the exit code that says so."""
    code = 0

    async def told() -> None:
        nonlocal code
        number = signal.Signals(await anext(signals))
        if number is signal.SIGHUP:
            _leave_terminal()
        code = _EXIT_CODES[number]
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(told)
        await work()
        nursery.cancel_scope.cancel()
    return code


def _leave_terminal() -> None:
    """Write to nowhere where there was a terminal that is gone: whoever draws on it is about to put it in order."""
    for output in (sys.__stdout__, sys.__stderr__):
        if output is None:
            continue
        try:
            os.write(output.fileno(), b"")
        except OSError as error:
            if error.errno == errno.EIO:
                os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())
