"""One watcher's place in the stream of changes: gap-free, bounded, and honest when it falls behind.

The supervisor offers changes synchronously and waits for nobody; the watcher takes them when it likes. This file
knows no sessions and no wire.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Final, Self

import trio

from actors._data import Turn
from actors._graph._errors import WatchOverrun
from actors._graph._nobody import nobody
from graphmeta import Change, GraphSnapshot, Resync


class Changes(ABC):
    """The changes of a graph as an async iterator, wherever the graph lives."""

    @abstractmethod
    def receive_nowait(self) -> Change | Resync:
        """The next item that is here; `trio.WouldBlock` when there is none."""

    @abstractmethod
    async def receive(self) -> Change | Resync:
        """Wait for the next item.

        Always a cancellation point, and a schedule point at least every 32 items: many sessions change the graph in
        one turn of the event loop, and a watcher that took one item a turn would fall behind them.
        """

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change | Resync:
        return await self.receive()


class Watch(Changes):
    """A watcher in the supervisor's process; a `Resync` stands wherever the stream could not be kept gap-free.

    ``receive`` raises `WatchOverrun` when the watcher fell behind twice without taking the first resync, and what
    `close` was given when the session ended. Both end this watch only.
    """

    def __init__(self, snapshot: Callable[[], GraphSnapshot], bound: int, max_bytes: int) -> None:
        self._snapshot: Final = snapshot
        self._bound: Final = bound
        self._max_bytes: Final = max_bytes
        self._queue: deque[tuple[Change | Resync, int]] = deque()
        self._weight = 0
        self._slow = False
        """Whether the queue was given up: the next item is a `Resync`."""
        self._missed = 0
        self._failure: Exception | None = None
        self._lot: Final = trio.lowlevel.ParkingLot()
        self._turn: Final = Turn()
        self.on_item: Callable[[], None] = nobody
        """Called synchronously whenever there is something to take: for watchers that forward at once."""

    @property
    def slow(self) -> bool:
        """Whether the next item is a `Resync`, made when it is taken."""
        return self._slow

    def offer(self, item: Change | Resync, weight: int = 0) -> None:
        """Take one item of so many bytes from the supervisor; never waits, never fails."""
        if self._failure is not None:
            return
        if self._slow:
            self._miss()
        elif len(self._queue) >= self._bound or self._weight + weight > self._max_bytes:
            self._restart()
        else:
            self._queue.append((item, weight))
            self._weight += weight
        self._wake()

    def close(self, failure: Exception) -> None:
        """End the watch; a waiting and any later `receive` raise *failure*. What is queued can still be taken."""
        if self._failure is None:
            self._failure = failure
        self._wake()

    def receive_nowait(self) -> Change | Resync:
        """The next item; `trio.WouldBlock` when there is none yet."""
        if self._slow:
            self._slow = False
            return Resync(self._snapshot(), "slow")
        if self._queue:
            item, weight = self._queue.popleft()
            self._weight -= weight
            return item
        if self._failure is not None:
            raise self._failure
        raise trio.WouldBlock

    async def receive(self) -> Change | Resync:
        """Wait for the next item."""
        await self._turn.next()
        while True:
            try:
                return self.receive_nowait()
            except trio.WouldBlock:
                await self._lot.park()

    def _restart(self) -> None:
        # The snapshot is made when it is taken: the fresher it is, the less is missed after it.
        self._queue.clear()
        self._weight = 0
        self._slow, self._missed = True, 0

    def _wake(self) -> None:
        self._lot.unpark_all()
        self.on_item()

    def _miss(self) -> None:
        self._missed += 1
        if self._missed > self._bound:
            self._slow, self._failure = False, WatchOverrun(self._bound)
