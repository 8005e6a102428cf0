"""A clean stop for commands that run until they are told to end."""

import signal
import sys
from typing import Final

import trio

_EXIT_CODES: Final = {signal.SIGINT: 130, signal.SIGTERM: 143}


async def wait_signal(task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> int:
    """Wait for Ctrl-C or SIGTERM; returns the exit code that says so."""
    with trio.open_signal_receiver(*_EXIT_CODES) as signals:
        task_status.started()
        async for number in signals:
            print(file=sys.stderr)
            return _EXIT_CODES[signal.Signals(number)]
    raise AssertionError("the stream of signals has no end")
