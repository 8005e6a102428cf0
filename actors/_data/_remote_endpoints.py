"""Publishers and subscribers at the far end of a wire: the same interface, on credits.

A publisher may have as many messages on the way as its window says, and a subscriber gets no more than its queue
holds. Bytes are made in `send` and read in `receive`, so that whoever moves them never waits for a decoder. This file
knows no connection: it says when it has something to send.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

import trio

from transport import Stored

from ._endpoints import Grant, Publisher, Subscriber
from ._errors import MessageRefused, Unfit
from ._forms import Pieces
from ._tally import Tally

Pack = Callable[[Any], Pieces]
"""From a value to its bytes; raises `Unfit`."""

Kept = bytes | Stored
"""The bytes of a message that waits to leave."""

Keep = Callable[[Pieces], Kept]
"""Copies the bytes of a message, to wherever they leave from."""

TOGETHER: Final = 4
"""Large messages that leave together while others are on the way: one alone costs as much to tell of as all of them."""
_NAMED: Final = 16
"""Bytes that a message takes in a batch when only its number is in it."""


def take_batch(waiting: deque[Kept], most: int, max_bytes: int) -> list[Kept]:
    """Take at most so many messages: one if any may leave, and others while a batch stays below *max_bytes*."""
    taken: list[Kept] = []
    size = 0
    while waiting and len(taken) < most:
        message = waiting[0]
        size += _NAMED if type(message) is Stored else len(message)
        if taken and size > max_bytes:
            break
        taken.append(waiting.popleft())
    return taken


def worth_leaving(waiting: deque[Kept], on_way: int) -> bool:
    """Whether large messages that wait should leave at once: the other end has nothing to do, or they are enough."""
    return type(waiting[0]) is Stored and (on_way == 0 or len(waiting) >= TOGETHER)


Unpack = Callable[[Any], Any]
"""From a message as it came to its value; raises `Unfit`."""


class RemotePublisher(Publisher):
    """Sends to the server on credit, and knows what is still on the way."""

    def __init__(
        self,
        number: int,
        topic: str,
        message_type: Any,
        pack: Pack,
        keep: Keep,
        window: int,
        largest: int,
        tally: Tally,
        ready: Callable[[Any, bool], None],
    ) -> None:
        super().__init__(topic, message_type)
        self.number: Final = number
        self.queued_for_pump = False
        self.dropped: Final = 0
        self.failure: Exception | None = None
        self._pack: Final = pack
        self._keep: Final = keep
        self.window: Final = window
        """Messages that may be on the way."""
        self._largest: Final = largest
        self._tally: Final = tally
        self._announce: Final = ready
        self._waiting: deque[Kept] = deque()
        """Messages that have not left."""
        self._on_way: deque[int] = deque()
        """Sizes of the messages that the server has not handed over; they include those that have not left."""
        self._handed_over = 0
        self._changed: Final = trio.lowlevel.ParkingLot()

    async def send(self, message: Any) -> None:
        """Wait for a credit, pack the message, and have it sent."""
        # Whoever waits anyway needs no checkpoint before: of a window that is granted again at once, that is each.
        if not self._must_wait():
            await self._turn.next()
        while self._must_wait():
            await self._changed.park()
            self._turn.waited()
        self._check_open()
        # Not before: while this waits the value may change, of which a packed message holds only a part.
        packed, size = self._packed(message)
        self._tally.add(size)
        self._on_way.append(size)
        kept = self._keep(packed)
        self._waiting.append(kept)
        self.sent += 1
        now = len(self._on_way) == self.window
        if type(kept) is Stored:
            self._turn.long()
            now = now or worth_leaving(self._waiting, len(self._on_way) - len(self._waiting))
        if now or not self.queued_for_pump:
            self._announce(self, now)

    def _packed(self, message: Any) -> tuple[Pieces, int]:
        try:
            packed = self._pack(message)
        except Unfit as error:
            raise MessageRefused(self.topic, str(error)) from None
        size = len(packed[0]) if len(packed) == 1 else sum(map(len, packed))
        if size > self._largest:
            raise MessageRefused(
                self.topic,
                f"its {size} bytes exceed what may cross (client_document_bytes of transport.Limits, at both ends)",
            )
        return packed, size

    async def wait_handed_over(self) -> None:
        """Wait until the server gave everything that was sent before to its subscribers. Raises why it never will."""
        await trio.lowlevel.checkpoint()
        until = self.sent
        while self._handed_over < until:
            self._check_open()
            await self._changed.park()

    @property
    def pending(self) -> bool:
        """Whether something may leave: all of it is on credit already."""
        return bool(self._waiting)

    def batch(self, max_bytes: int) -> list[Kept]:
        """Take what should leave now."""
        return take_batch(self._waiting, len(self._waiting), max_bytes)

    def granted(self, count: int) -> None:
        """The server handed over so many more. Raises `Unfit` when there were not so many."""
        if not 1 <= count <= len(self._on_way):
            raise Unfit(f"messages granted: {count}, on their way: {len(self._on_way)}")
        self._tally.remove(sum([self._on_way.popleft() for _ in range(count)]), count)
        self._handed_over += count
        self._changed.unpark_all()

    def refuse(self, reason: str) -> None:
        """The server, or the way to it, took a message for what cannot be sent."""
        self.close(MessageRefused(self.topic, reason))

    def close(self, failure: Exception) -> None:
        """Refuse to send from now on; what has not left is dropped."""
        self.failure = self.failure or failure
        self._waiting.clear()
        self._changed.unpark_all()

    def lose(self, failure: Exception) -> None:
        """The session ended."""
        self.close(failure)

    def _must_wait(self) -> bool:
        """Whether there is no credit, and one may come."""
        return (len(self._on_way) >= self.window or self._tally.full) and self.failure is None

    def _check_open(self) -> None:
        if self.failure is not None:
            raise self.failure


class RemoteSubscriber(Subscriber):
    """Takes the messages that came from the server, and grants again as it takes them."""

    def __init__(
        self,
        number: int,
        topic: str,
        message_type: Any,
        unpack: Unpack,
        max_queue: int,
        leaky: bool,
        grant: Grant,
        give_back_later: Callable[["RemoteSubscriber"], None],
        detach: Callable[[], None],
    ) -> None:
        super().__init__(topic, message_type)
        self.number: Final = number
        self._give_back_later: Final = give_back_later
        self._unpack: Final = unpack
        self._max_queue: Final = max_queue
        self._leaky: Final = leaky
        self._grant: Final = grant
        self._detach: Final = detach
        self._queue: deque[Any] = deque()
        self._owed = 0
        """Messages that were taken and not granted again."""
        self._received = 0
        self._dropped = 0
        self._dropped_there = 0
        self._failure: Exception | None = None
        self._ready: Final = trio.lowlevel.ParkingLot()

    @property
    def failure(self) -> Exception | None:
        """Why nothing comes any more."""
        return self._failure

    @property
    def received(self) -> int:
        """Messages taken so far."""
        return self._received

    @property
    def dropped(self) -> int:
        """Messages that a leaky subscriber lost to newer ones, here or at the server as far as it has said."""
        return self._dropped + self._dropped_there

    @property
    def queued(self) -> int:
        """Messages that wait here."""
        return len(self._queue)

    async def receive(self) -> Any:
        """Take the next message and unpack it."""
        # As in `RemotePublisher.send`: whoever waits anyway needs no checkpoint before.
        if self._queue or self._failure is not None:
            await self._turn.next()
        while not self._queue and self._failure is None:
            await self._ready.park()
            self._turn.waited()
        if self._failure is not None:
            raise self._failure
        packed = self._queue.popleft()
        self._received += 1
        if not self._leaky:
            self._owe()
        try:
            return self._unpack(packed)
        except Unfit as error:
            raise MessageRefused(self.topic, str(error)) from None

    def offer(self, messages: Sequence[Any], dropped: int) -> None:
        """Take messages from the connection's reader. Raises `Unfit` when they are more than were granted."""
        self._queue.extend(messages)
        if len(self._queue) > self._max_queue and not self._leaky:
            raise Unfit(f"messages that came on {self.topic}: more than {self._max_queue}")
        while len(self._queue) > self._max_queue:
            self._queue.popleft()
            self._dropped += 1
        self._dropped_there = max(self._dropped_there, dropped)
        self._ready.unpark_all()
        if self._leaky:
            # What is old must not hold up what is new: the place of the oldest is given again at once.
            self._grant(len(messages), bool(self._queue))

    def refuse(self, reason: str) -> None:
        """The server ended this endpoint."""
        self._end(MessageRefused(self.topic, reason))

    def close(self, failure: Exception) -> None:
        """Leave: the server is told, and publishers stop waiting for this subscriber."""
        if self._failure is None:
            self._end(failure)
            self._detach()

    def lose(self, failure: Exception) -> None:
        """The session ended: there is nobody to tell."""
        self._end(failure)

    def _end(self, failure: Exception) -> None:
        self._failure = self._failure or failure
        self._queue.clear()
        self._ready.unpark_all()

    def give_back(self) -> None:
        """Grant again what was taken."""
        owed, self._owed = self._owed, 0
        if owed and self._failure is None:
            self._grant(owed, True)

    def _owe(self) -> None:
        # Half of the queue at once: the sender may have nothing to do. What is left when none waits soon: nobody may
        # wait for a grant that never comes.
        self._owed += 1
        if self._owed * 2 >= self._max_queue:
            self.give_back()
        elif not self._queue:
            self._give_back_later(self)
