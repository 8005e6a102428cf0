"""The two ends of a stream in process: messages pass by reference, back-pressure by default."""

from collections.abc import Callable
from typing import Any, Final, Self

import trio

from ._inbox import YIELD_EVERY, Inbox
from ._router import Router


class Turn:
    """Counts messages, so that an endpoint is a schedule point often enough and a cancellation point always."""

    def __init__(self) -> None:
        self._count = 0

    async def next(self) -> None:
        """Pass one message: a full checkpoint every `YIELD_EVERY` messages, a look at cancellation otherwise."""
        self._count += 1
        if self._count >= YIELD_EVERY:
            self._count = 0
            await trio.lowlevel.checkpoint()
        else:
            await trio.lowlevel.checkpoint_if_cancelled()


class Publisher:
    """Sends on one topic to everyone who listens there or downstream of it."""

    def __init__(self, router: Router, topic: str, message_type: type) -> None:
        self.topic: Final = topic
        self.message_type: Final = message_type
        self.sent = 0
        self._router: Final = router
        self._turn: Final = Turn()
        self._failure: Exception | None = None

    def __repr__(self) -> str:
        return f"<publisher {self.topic} sent={self.sent}>"

    async def send(self, message: Any) -> None:
        """Wait until every present subscriber has room, then give the message to all of them in one step.

        Cancelled means that nobody got it. Always a cancellation point, and a schedule point at least every 32
        messages, which is an exception to Trio's rule that every call is both. `trio.ClosedResourceError` after the
        endpoint's block; `SessionLost` or `SessionReleased` when its session ended before it.
        """
        await self._turn.next()
        while (full := self._first_full()) is not None or self._router.paused:
            await (self._router.wait_resumed() if self._router.paused or full is None else full.wait_room())
        for inbox in self._router.route(self.topic):
            inbox.put(message)
        self.sent += 1

    def close(self, failure: Exception) -> None:
        """Refuse to send from now on, with *failure*."""
        self._failure = self._failure or failure
        self._router.nudge(self.topic)

    def _first_full(self) -> Inbox | None:
        if self._failure is not None:
            raise self._failure
        for inbox in self._router.route(self.topic):
            if inbox.full:
                return inbox
        return None


class Subscriber:
    """Receives what is published on one topic, or upstream of it, in each publisher's order."""

    def __init__(self, inbox: Inbox, topic: str, message_type: type, detach: Callable[[Exception], None]) -> None:
        self.topic: Final = topic
        self.message_type: Final = message_type
        self._inbox: Final = inbox
        self._detach: Final = detach
        self._turn: Final = Turn()

    def __repr__(self) -> str:
        return f"<subscriber {self.topic} received={self.received} queued={len(self._inbox)}>"

    @property
    def received(self) -> int:
        """Messages taken so far."""
        return self._inbox.received

    @property
    def dropped(self) -> int:
        """Messages that a leaky subscriber lost to newer ones."""
        return self._inbox.dropped

    async def receive(self) -> Any:
        """Wait for the next message.

        Cancelled means that no message was taken. Always a cancellation point, and a schedule point at least every
        32 messages. `trio.ClosedResourceError` after the endpoint's block; `SessionLost` or `SessionReleased` when
        its session ended before it.
        """
        await self._turn.next()
        while True:
            try:
                return self._inbox.take()
            except trio.WouldBlock:
                await self._inbox.wait_ready()

    def close(self, failure: Exception) -> None:
        """Leave: publishers stop waiting for this subscriber at once; `receive` raises *failure*."""
        self._detach(failure)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        return await self.receive()
