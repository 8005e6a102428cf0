"""How long publishers have waited: added up over all of them, those that still wait included."""

import trio


class WaitTime:
    """Counts the seconds that tasks spend inside its ``with``; free while nobody waits."""

    __slots__ = ("_counted", "_seconds", "_tasks")

    def __init__(self) -> None:
        self._tasks = 0
        self._seconds = 0.0
        self._counted = 0.0
        """Until when `_seconds` has counted."""

    def __enter__(self) -> None:
        self._count()
        self._tasks += 1

    def __exit__(self, *_: object) -> None:
        self._count()
        self._tasks -= 1

    def seconds(self) -> float:
        """The sum so far; two tasks that wait for a second make two."""
        if self._tasks:
            self._count()
        return self._seconds

    def _count(self) -> None:
        now = trio.current_time()
        self._seconds += self._tasks * (now - self._counted)
        self._counted = now
