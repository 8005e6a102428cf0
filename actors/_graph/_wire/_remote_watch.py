"""A watch on the client's side of a wire: bounded here as well, and honest when its reader falls behind.

The connection's reader always drains, so what nobody takes would pile up here. When the bound is reached the queue is
dropped, and the next item is a `Resync` with a snapshot that is asked for then.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Generator
from typing import Final

import attrs
import trio

from actors._data import Turn
from actors._graph._errors import WatchOverrun
from actors._graph._slices import in_slices
from actors._graph._supervisor._watch import Changes
from graphmeta import Change, GraphSnapshot, Resync, decode_change_slices, load_snapshot_slices

LARGE: Final = 64 * 1024
"""Bytes of an encoded change that take a millisecond or so to decode; the reader opens no larger one."""


@attrs.frozen
class SealedResync:
    """A resync as it crosses the wire."""

    reason: str
    snapshot: bytes = attrs.field(repr=False)

    def open(self, max_bytes: int) -> Generator[object, None, Change | Resync]:
        """Decode it, in slices."""
        return Resync((yield from load_snapshot_slices(self.snapshot, max_bytes=max_bytes)), self.reason)


@attrs.frozen
class SealedChange:
    """A large change as it crosses the wire."""

    encoded: bytes = attrs.field(repr=False)

    def open(self, max_bytes: int) -> Generator[object, None, Change | Resync]:
        """Decode it, in slices; the connection has bounded it."""
        return decode_change_slices(self.encoded)


Sealed = SealedResync | SealedChange
"""What is too large to be opened by the connection's reader."""


class RemoteChanges(Changes):
    """The changes that one subscription brings."""

    def __init__(self, snapshot: Callable[[], Awaitable[GraphSnapshot]], bound: int, max_bytes: int) -> None:
        self._snapshot: Final = snapshot
        self._bound: Final = bound
        self._max_bytes: Final = max_bytes
        self._queue: deque[Change | Resync | Sealed] = deque()
        self._seen = -1
        """Changes up to this revision are in a resync that was handed out."""
        self._lost: int | None = None
        """Items missed since the queue was dropped; None: nothing was."""
        self._failure: Exception | None = None
        self._lot: Final = trio.lowlevel.ParkingLot()
        self._turn: Final = Turn()

    def offer(self, item: Change | Resync | Sealed) -> None:
        """Take an item from the connection's reader; never waits, never fails."""
        if self._lost is not None:
            self._miss()
        elif len(self._queue) >= self._bound:
            self._queue.clear()
            self._lost = 0
        else:
            self._queue.append(item)
        self._lot.unpark_all()

    def close(self, failure: Exception) -> None:
        """End the watch; what is queued can still be taken."""
        self._failure = self._failure or failure
        self._lot.unpark_all()

    def receive_nowait(self) -> Change | Resync:
        """The next item that is here; `trio.WouldBlock` when there is none, or it must be fetched or opened first."""
        if self._must_resync:
            raise trio.WouldBlock
        while self._queue:
            item = self._queue[0]
            if isinstance(item, Sealed):
                raise trio.WouldBlock
            del self._queue[0]
            if not self._stale(item):
                return item
        if self._failure is not None:
            raise self._failure
        raise trio.WouldBlock

    async def receive(self) -> Change | Resync:
        """Wait for the next item."""
        await self._turn.next()
        while True:
            if self._must_resync:
                return await self._resync()
            if self._queue and isinstance(self._queue[0], Sealed):
                await self._open_first(self._queue[0])
            try:
                return self.receive_nowait()
            except trio.WouldBlock:
                await self._lot.park()

    @property
    def _must_resync(self) -> bool:
        return self._lost is not None and self._failure is None

    async def _open_first(self, sealed: Sealed) -> None:
        # In its place until it is open, so that a cancelled `receive` loses nothing.
        opened = await in_slices(sealed.open(self._max_bytes))
        if self._queue and self._queue[0] is sealed:
            self._queue[0] = opened

    async def _resync(self) -> Resync:
        # Taking changes again before the snapshot is asked for: those that it covers are told by their revision.
        missed, self._lost = self._lost, None
        try:
            snapshot = await self._snapshot()
        except BaseException:
            self._lost = missed
            self._queue.clear()
            raise
        self._seen = snapshot.revision
        return Resync(snapshot, "slow")

    def _stale(self, item: Change | Resync) -> bool:
        revision = item.revision if isinstance(item, Change) else item.snapshot.revision
        return revision <= self._seen

    def _miss(self) -> None:
        assert self._lost is not None
        self._lost += 1
        if self._lost > self._bound:
            self._failure = self._failure or WatchOverrun(self._bound)
