"""Death notices: one `Down` for each life of an actor, for whoever asked, also when asked late."""

from collections import deque
from typing import Literal

import attrs
import trio

Reason = Literal["normal", "crashed", "cancelled", "killed"]

UNREAD = 64
"""A monitor keeps that many unread notices, the newest; the numbers of the lives show what is missing."""


@attrs.frozen
class Down:
    """One life of an actor has ended.

    ``reason`` is ``normal`` (it returned, or was asked to stop), ``crashed``, ``cancelled`` (its nursery
    ended, or it had to restart with a sibling) or ``killed`` (it overran its grace). ``error`` is there
    unless it is normal or cancelled. ``life`` counts from 1. ``final`` says that the actor will not come
    back.
    """

    path: str
    life: int
    reason: Reason
    error: BaseException | None
    final: bool


class Monitor:
    """The notices of one actor, in order: ``async for down in ref.monitor()``. Ends after the final one.

    It hears of every life that ends after it was made; if the actor is down at that moment, of the last one
    at once. Dropping it unsubscribes.
    """

    __slots__ = ("__weakref__", "_ended", "_lot", "_unread")

    def __init__(self) -> None:
        self._unread: deque[Down] = deque(maxlen=UNREAD)
        self._ended = False
        self._lot = trio.lowlevel.ParkingLot()

    def __aiter__(self) -> "Monitor":
        return self

    async def __anext__(self) -> Down:
        await trio.lowlevel.checkpoint_if_cancelled()
        while not self._unread:
            if self._ended:
                raise StopAsyncIteration
            await self._lot.park()
        return self._unread.popleft()

    def _tell(self, down: Down) -> None:
        self._unread.append(down)
        self._ended = down.final
        self._lot.unpark_all()

    def _end(self) -> None:
        self._ended = True
        self._lot.unpark_all()
