"""Publishers and subscribers in the graph's own process: messages pass by reference, back-pressure by default."""

from collections.abc import Callable
from typing import Any, Final

import trio

from transport import Stored

from ._endpoints import Publisher, Subscriber
from ._errors import MessageRefused, Unfit
from ._flow import FlowStatistics
from ._inbox import Inbox
from ._letter import ValueLetter
from ._post import contents_of
from ._router import Route, Router
from ._waiting import WaitTime


class LocalPublisher(Publisher):
    """Gives messages to the inboxes of its topic's route."""

    def __init__(self, router: Router, topic: str, message_type: Any) -> None:
        super().__init__(topic, message_type)
        self._router: Final = router
        self._failure: Exception | None = None
        self._waited: Final = WaitTime()

    async def send(self, message: Any) -> None:
        """Wait until every present subscriber has room, then give the message to all of them in one step."""
        await self._turn.next()
        while (route := self._open_route()) is None:
            with self._waited:
                await self._router.wait_open(self.topic)
            self._turn.waited()
        if route.by_letter:
            for inbox, content in contents_of(ValueLetter(self.topic, self.message_type, message), route.inboxes):
                inbox.put(content)
                inbox.announce(now=False)
                if type(content) is Stored:
                    self._turn.long()
        else:
            for inbox in route.inboxes:
                inbox.put(message)
        self.sent += 1

    def open(self) -> None:
        """Let routes know what comes from here."""
        self._router.add_sender(self.topic, self.message_type)

    def close(self, failure: Exception) -> None:
        """Refuse to send from now on, with *failure*."""
        if self._failure is None:
            self._failure = failure
            self._router.remove_sender(self.topic, self.message_type)
        self._router.nudge(self.topic)

    def statistics(self) -> FlowStatistics:
        """What passed through it so far."""
        return FlowStatistics(sent=self.sent, blocked_seconds=self._waited.seconds())

    def _open_route(self) -> Route | None:
        if self._failure is not None:
            raise self._failure
        return self._router.open_route(self.topic)


class LocalSubscriber(Subscriber):
    """Takes messages from an inbox of this process."""

    def __init__(self, inbox: Inbox, topic: str, message_type: Any, detach: Callable[[Exception], None]) -> None:
        super().__init__(topic, message_type)
        self._inbox: Final = inbox
        self._detach: Final = detach

    @property
    def failure(self) -> Exception | None:
        """Why nothing comes any more."""
        return self._inbox.failure

    @property
    def received(self) -> int:
        """Messages taken so far."""
        return self._inbox.received

    @property
    def dropped(self) -> int:
        """Messages that a leaky subscriber lost to newer ones."""
        return self._inbox.dropped

    @property
    def queued(self) -> int:
        """Messages that wait here."""
        return len(self._inbox)

    async def receive(self) -> Any:
        """Wait for the next message."""
        await self._turn.next()
        while True:
            try:
                return self._inbox.take()
            except Unfit as error:
                raise MessageRefused(self.topic, str(error)) from None
            except trio.WouldBlock:
                await self._inbox.wait_ready()
                self._turn.waited()

    def close(self, failure: Exception) -> None:
        """Leave: publishers stop waiting for this subscriber at once."""
        self._detach(failure)

    def statistics(self) -> FlowStatistics:
        """What passed through it so far."""
        return self._inbox.statistics()
