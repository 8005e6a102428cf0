"""Whether somebody still reads what a command prints: ``trellis watch | grep -m1 ALARM`` is over when grep is."""

import fcntl
import os
import stat
import sys

import trio


async def reader_gone() -> None:
    """Wait until whoever read our standard output through a pipe has gone, and raise `BrokenPipeError`.

    Otherwise it would be felt with the next line only, which may be hours away. Where nobody can go, a file or a
    terminal, this waits for ever.
    """
    pipe = _pipe()
    if pipe is None:
        await trio.sleep_forever()
    else:
        # Nothing can be read at this end: it is readable when the other one is closed.
        await trio.lowlevel.wait_readable(pipe)
        raise BrokenPipeError


def _pipe() -> int | None:
    try:
        number = sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):  # It is closed, or no file of the system.
        return None
    writes_only = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
    return number if writes_only and stat.S_ISFIFO(os.fstat(number).st_mode) else None
