"""The queue between publishers and one subscriber: bounded, and either waiting or leaky.

Everything that decides is synchronous. A publisher that finds no room parks here; so does a subscriber that finds
nothing. This file knows nothing of topics, routes or sessions.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import trio

from ._errors import Unfit
from ._fitting import Misfit
from ._flow import FlowStatistics
from ._forms import Form
from ._letter import Letter
from ._waiting import WaitTime

YIELD_EVERY: Final = 32
"""At most so many messages are sent or received between two schedule points of one endpoint."""


class Inbox:
    """Messages that wait for one subscriber."""

    form: Form | None = None
    """What bytes it takes; None: the messages themselves."""

    def __init__(self, max_queue: int, leaky: bool, message_type: Any = object) -> None:
        self.max_queue: Final = max_queue
        self.leaky: Final = leaky
        self.message_type: Final = message_type
        self.put_count = 0
        self.received = 0
        self.dropped = 0
        self.failure: Exception | None = None
        """Why nothing can be taken any more; None while it is open."""
        self._queue: deque[Any] = deque()
        self._ready: Final = trio.lowlevel.ParkingLot()
        self._room: Final = trio.lowlevel.ParkingLot()
        self._waited_for: Final = WaitTime()

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def full(self) -> bool:
        """Whether a publisher must wait: never for a leaky inbox, never for one that was closed."""
        return len(self._queue) >= self.max_queue and not self.leaky and self.failure is None

    def content_of(self, letter: Letter) -> Any:
        """What to `put` of a letter; raises `Unfit` when it is none that this inbox takes."""
        return letter.value(self.message_type)

    def put(self, message: Any) -> None:
        """Add a message; a leaky inbox without room drops its oldest and counts it."""
        if self.failure is not None:
            return
        if len(self._queue) >= self.max_queue:
            self._queue.popleft()
            self.dropped += 1
            self._room.unpark_all()
        self._queue.append(message)
        self.put_count += 1
        if self._ready:
            self._ready.unpark()

    @property
    def room(self) -> int:
        """How many small messages may be put in this step, at least; leaky, or closed, it takes any."""
        return self.max_queue if self.leaky or self.failure is not None else self.max_queue - len(self._queue)

    def put_all(self, messages: Sequence[Any]) -> None:
        """Add several, not more than there is room for."""
        for message in messages:
            self.put(message)

    def announce(self, *, now: bool) -> None:
        """Say that all was put that is put together: whoever takes here is woken by each."""

    def take(self) -> Any:
        """The oldest message; `trio.WouldBlock` when there is none, and after `close` the failure it was given.

        `Unfit` for one that is none of what is taken here; it is gone.
        """
        if self.failure is not None:
            raise self.failure
        if not self._queue:
            raise trio.WouldBlock
        self.received += 1
        message = self._queue.popleft()
        if self._room:
            self._room.unpark_all()
        if type(message) is Misfit:
            raise Unfit(str(message))
        return message

    async def wait_ready(self) -> None:
        """Park until a message may be there, or the inbox is closed."""
        await self._ready.park()

    async def wait_room(self) -> None:
        """Park until there may be room, the inbox is closed, or the routes changed."""
        with self._waited_for:
            await self._room.park()

    async def wait_taken(self) -> None:
        """Wait until everything that is here now was taken or dropped, or the inbox is closed."""
        until = self.put_count
        while self.failure is None and self.received + self.dropped < until:
            await self._room.park()

    def rerouted(self) -> None:
        """Let waiting publishers look again: they may no longer reach this inbox."""
        self._room.unpark_all()

    def close(self, failure: Exception) -> None:
        """Stop taking messages: nobody waits for this inbox any more. What is queued is dropped."""
        self.failure = self.failure or failure
        self._queue.clear()
        self._room.unpark_all()
        self._ready.unpark_all()

    def statistics(self) -> FlowStatistics:
        """What passed through it so far."""
        return FlowStatistics(
            received=self.received,
            dropped=self.dropped,
            queued=len(self._queue),
            blocked_seconds=self._waited_for.seconds(),
        )
