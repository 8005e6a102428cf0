"""A clean stop for commands that run until they are told to end."""

import signal
import sys
from typing import Final

import trio

from actors._graph import Graph

_EXIT_CODES: Final = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


async def wait_told(graph: Graph) -> int:
    """Wait for Ctrl-C, SIGTERM, or a session that shuts the graph down; returns the exit code."""
    code = 0

    async def signalled() -> None:
        nonlocal code
        code = await wait_signal()
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(signalled)
        await graph.wait_closed()
        nursery.cancel_scope.cancel()
    return code


async def wait_signal() -> int:
    """Wait for Ctrl-C, SIGTERM or a terminal that closes; returns the exit code that says so."""
    with trio.open_signal_receiver(*_EXIT_CODES) as signals:
        async for number in signals:
            print(file=sys.stderr)
            return _EXIT_CODES[signal.Signals(number)]
    raise AssertionError("the stream of signals has no end")
