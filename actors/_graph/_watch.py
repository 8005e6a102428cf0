"""One watcher's place in the stream of changes: gap-free, bounded, and honest when it falls behind.

The supervisor offers changes synchronously and waits for nobody; the watcher takes them when it likes. This file
knows no sessions and no wire.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Final, Self

import trio

from graphmeta import Change, GraphSnapshot, Resync

from ._errors import WatchOverrun


class Changes(ABC):
    """The changes of a graph as an async iterator, wherever the graph lives."""

    @abstractmethod
    def receive_nowait(self) -> Change | Resync:
        """The next item that is here; `trio.WouldBlock` when there is none."""

    @abstractmethod
    async def receive(self) -> Change | Resync:
        """Wait for the next item."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change | Resync:
        return await self.receive()


class Watch(Changes):
    """A watcher in the supervisor's process; a `Resync` stands wherever the stream could not be kept gap-free.

    ``receive`` raises `WatchOverrun` when the watcher fell behind twice without taking the first resync, and what
    `close` was given when the session ended. Both end this watch only.
    """

    def __init__(self, snapshot: Callable[[], GraphSnapshot], bound: int) -> None:
        self._snapshot: Final = snapshot
        self._bound: Final = bound
        self._queue: deque[Change] = deque()
        self._resync: str | None = None
        self._missed = 0
        self._failure: Exception | None = None
        self._lot: Final = trio.lowlevel.ParkingLot()
        self.on_item: Callable[[], None] = lambda: None
        """Called synchronously whenever there is something to take: for watchers that forward at once."""

    def offer(self, change: Change) -> None:
        """Take one change from the supervisor; never waits, never fails."""
        if self._failure is not None:
            return
        if self._resync is not None:
            self._miss()
        elif len(self._queue) >= self._bound:
            self.restart("slow")
        else:
            self._queue.append(change)
        self._wake()

    def restart(self, reason: str) -> None:
        """Forget what is queued: the next item is a `Resync`, made fresh when it is taken."""
        self._queue.clear()
        self._resync, self._missed = reason, 0
        self._wake()

    def close(self, failure: Exception) -> None:
        """End the watch; a waiting and any later `receive` raise *failure*. What is queued can still be taken."""
        if self._failure is None:
            self._failure = failure
        self._wake()

    def receive_nowait(self) -> Change | Resync:
        """The next item; `trio.WouldBlock` when there is none yet."""
        if self._resync is not None:
            reason, self._resync = self._resync, None
            return Resync(self._snapshot(), reason)
        if self._queue:
            return self._queue.popleft()
        if self._failure is not None:
            raise self._failure
        raise trio.WouldBlock

    async def receive(self) -> Change | Resync:
        """Wait for the next item."""
        await trio.lowlevel.checkpoint()
        while True:
            try:
                return self.receive_nowait()
            except trio.WouldBlock:
                await self._lot.park()

    def _wake(self) -> None:
        self._lot.unpark_all()
        self.on_item()

    def _miss(self) -> None:
        self._missed += 1
        if self._missed > self._bound:
            self._resync, self._failure = None, WatchOverrun(self._bound)
