"""The room of one descriptor, kept free for one that is handed over.

When a process has as many descriptors as it may have, the kernel throws away one that comes with a message, and whoever
handed it over believes that it is here. Strangers who knock at a door until nothing is left would so end the sessions
behind it.
"""

import os
from collections.abc import Callable


class Room:
    """Holds a descriptor that is good for nothing, and lets go of it for the length of a ``with``.

    *make* makes it. When there is none to be had it is tried again after each ``with``.
    """

    __slots__ = ("_held", "_make")

    def __init__(self, make: Callable[[], int]) -> None:
        self._make: Callable[[], int] | None = make
        self._held: int | None = None
        self._take()

    def __enter__(self) -> None:
        self._let_go()

    def __exit__(self, *_: object) -> None:
        self._take()

    def close(self) -> None:
        """Keep nothing any more."""
        self._make = None
        self._let_go()

    __del__ = close

    def _take(self) -> None:
        if self._make is not None:
            try:
                self._held = self._make()
            except OSError:
                return

    def _let_go(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            os.close(held)
