"""See that a Ctrl-C ends the run, though what is measured, or what it left to the garbage collector, swallows it."""

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heeded(at_once: bool = True) -> Iterator[None]:
    """Have a Ctrl-C end the block even if code in it keeps the exception for itself; after it, if not *at_once*.

    Not for Trio, which knows what to do with Python's own handler, and with that only.
    """
    came: list[int] = []

    def take(number: int, _: object) -> None:
        came.append(number)
        if at_once:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, take)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            raise KeyboardInterrupt


def collect_garbage() -> None:
    """Leave nothing of the last turn to the next; finalizers run here, and a Ctrl-C that meets one is not lost."""
    with heeded(at_once=False):
        gc.collect()
