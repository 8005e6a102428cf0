"""What is made of the newest snapshot: once, however many ask for it at a time. Knows nothing of what it is."""

from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import trio

T = TypeVar("T")


class Newest(Generic[T]):
    """Something that is made of one revision, and kept until the next."""

    def __init__(self) -> None:
        self._making: Final = trio.Lock()
        self._revision = -1
        self._kept: T | None = None

    async def since(self, revision: int, make: Callable[[], Awaitable[T]]) -> T:
        """What was made of *revision* or a later one. *make* is called when there is none, and has to `keep` it.

        When whoever makes it is cancelled, the next who waits begins anew.
        """
        async with self._making:
            if self._kept is None or self._revision < revision:
                return await make()
            return self._kept

    def of(self, revision: int) -> T | None:
        """What was made of exactly that revision, if it is kept."""
        return self._kept if self._revision == revision else None

    def keep(self, revision: int, made: T) -> T:
        """Keep what was made, unless there is something newer."""
        if revision > self._revision:
            self._revision, self._kept = revision, made
        return made

    def forget(self) -> None:
        """Keep it no longer: the graph has changed."""
        self._kept = None
