"""The two ends of a stream as their users see them, wherever the graph lives."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, Final, Self

import trio

from ._inbox import YIELD_EVERY

Grant = Callable[[int, bool], None]
"""Says that so many more messages may come; in a hurry when those that are here keep this end from waiting."""

LONG_ONES: Final = 4
"""Messages that take long between two schedule points: others have waited for milliseconds by then."""


class Turn:
    """Counts messages, so that an endpoint is a schedule point often enough and a cancellation point always."""

    def __init__(self) -> None:
        self._count = 0

    def next(self) -> Awaitable[None]:
        """Pass one message: a full checkpoint every `YIELD_EVERY` messages, a look at cancellation otherwise."""
        # The caller awaits trio's own coroutine: one around it would be made for each message.
        self._count += 1
        if self._count < YIELD_EVERY:
            return trio.lowlevel.checkpoint_if_cancelled()  # noqa: ASYNC105 - awaited by the caller
        self._count = 0
        return trio.lowlevel.checkpoint()  # noqa: ASYNC105 - likewise

    def waited(self) -> None:
        """The endpoint has just waited: others have run, and need no checkpoint besides."""
        self._count = 0

    def long(self) -> None:
        """That message took long, as one does that is copied by the megabyte: `LONG_ONES` of them are enough."""
        self._count += YIELD_EVERY // LONG_ONES - 1


class Publisher(ABC):
    """Sends on one topic to everyone who listens there or downstream of it. Made by `Session.publisher`."""

    def __init__(self, topic: str, message_type: Any) -> None:
        self.topic: Final = topic
        self.message_type: Final = message_type
        self.sent = 0
        """Messages that `send` has sent."""
        self._turn: Final = Turn()

    def __repr__(self) -> str:
        return f"<publisher {self.topic} sent={self.sent}>"

    @abstractmethod
    async def send(self, message: Any) -> None:
        """Wait until every present subscriber has room, then give the message to all of them in one step.

        Cancelled means that nobody got it. Always a cancellation point, and a schedule point at least every 32
        messages, which is an exception to Trio's rule that every call is both. `trio.ClosedResourceError` after the
        endpoint's block; `SessionLost` or `SessionReleased` when its session ended before it.

        Over a wire it waits until the message may be on its way: the server gives it to all in one step, in its
        turn, and lets as many be on their way as two queues hold. There it raises `MessageRefused` when the message
        is not of the publisher's type, or when an earlier one was not what a subscriber takes.
        """

    @abstractmethod
    def close(self, failure: Exception) -> None:
        """Refuse to send from now on, with *failure*."""


class Subscriber(ABC):
    """Receives what is published on one topic, or upstream of it, in each publisher's order.

    Made by `Session.subscriber`.
    """

    def __init__(self, topic: str, message_type: Any) -> None:
        self.topic: Final = topic
        self.message_type: Final = message_type
        self._turn: Final = Turn()

    def __repr__(self) -> str:
        return f"<subscriber {self.topic} received={self.received} queued={self.queued}>"

    @property
    @abstractmethod
    def failure(self) -> Exception | None:
        """Why nothing comes any more, which `receive` raises; None while it is open."""

    @property
    @abstractmethod
    def received(self) -> int:
        """Messages taken so far."""

    @property
    @abstractmethod
    def dropped(self) -> int:
        """Messages that a leaky subscriber lost to newer ones, as far as is known here."""

    @property
    @abstractmethod
    def queued(self) -> int:
        """Messages that wait here."""

    @abstractmethod
    async def receive(self) -> Any:
        """Wait for the next message.

        Cancelled means that no message was taken. Always a cancellation point, and a schedule point at least every
        32 messages. `trio.ClosedResourceError` after the endpoint's block; `SessionLost` or `SessionReleased` when
        its session ended before it.

        `MessageRefused` for a message that is not of the subscriber's type; that one is gone, the next comes as ever.
        Over a wire each is looked at. In the graph's own process messages pass by reference, and only those are looked
        at that a publisher sends whose type has nothing to do with the subscriber's: what fits by its type, or may fit,
        comes as it is. When a publisher beside the graph sent what cannot cross a wire, every further call to a
        subscriber over a wire raises it.
        """

    @abstractmethod
    def close(self, failure: Exception) -> None:
        """Leave: publishers stop waiting for this subscriber at once; `receive` raises *failure*."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        return await self.receive()
