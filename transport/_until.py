"""Deadlines that say what they were for."""

from collections.abc import Iterator
from contextlib import contextmanager

import trio


@contextmanager
def until(deadline: float, error: Exception) -> Iterator[None]:
    """Raise ``error`` when ``deadline``, a `trio.current_time`, passes before the block ends."""
    with trio.move_on_at(deadline) as scope:
        yield
    if scope.cancelled_caught:
        raise error
