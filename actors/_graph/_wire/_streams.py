"""The endpoints of one session at the client's end of a wire, and what the server tells them."""

import itertools
from functools import partial
from typing import Any, Final

from actors._data import (
    Pack,
    RemotePublisher,
    RemoteSubscriber,
    Tally,
    Unfit,
    Unpack,
    open_trusted,
    packing_of,
    seal_trusted,
)
from transport import LimitExceeded, LinkLost, Payload, Peer, ProtocolError

from ._credits import Credits
from ._pump import Pump, told_messages

WINDOW: Final = 64
"""Messages that a publisher may have on the way: the server hands over half of them while it makes the others."""

ENVELOPE: Final = 256
"""What a document takes around a single message, at most."""


class Streams:
    """The publishers and subscribers of one session. *trusted* says that the other end is our own parent or child."""

    def __init__(self, peer: Peer, *, trusted: bool) -> None:
        self._peer: Final = peer
        self._trusted: Final = trusted
        self._numbers: Final = itertools.count(1)
        self._open: Final[dict[int, RemotePublisher | RemoteSubscriber]] = {}
        self._pump: Final = Pump(peer, opaque=trusted)
        self._pumping = False
        self._credits: Final = Credits()
        self._crediting = False

    def publisher(self, topic: str, message_type: Any) -> RemotePublisher:
        """Make a publisher, before the server is asked for it. Raises `MessageTypeNotPortable`."""
        pack, _ = self._codec(topic, message_type)
        self._peer.ask_bypass()
        self._start_pump()
        number, limits = next(self._numbers), self._peer.limits
        bounds = (WINDOW, limits.client_document_bytes - ENVELOPE, Tally(limits.queue_bytes))
        publisher = RemotePublisher(number, topic, message_type, pack, self._pump.keep, *bounds, self._pump.announce)
        self._open[number] = publisher
        return publisher

    def subscriber(self, topic: str, message_type: Any, leaky: bool, max_queue: int) -> RemoteSubscriber:
        """Make a subscriber, before the server is asked for it: its first message may come with the answer."""
        _, unpack = self._codec(topic, message_type)
        self._peer.ask_bypass()
        number = next(self._numbers)
        if not self._crediting:
            self._crediting = True
            self._peer.start_soon(self._credits.run)
        tell = (partial(self._grant, number), self._credits.give_back_later, partial(self._detach, number))
        subscriber = RemoteSubscriber(number, topic, message_type, unpack, max_queue, leaky, *tell)
        self._open[number] = subscriber
        return subscriber

    def _start_pump(self) -> None:
        # Most sessions publish nothing, and need no task for it.
        if not self._pumping:
            self._pumping = True
            self._peer.start_soon(self._pump.run)

    def leave(self, number: int) -> None:
        """Forget an endpoint whose block has ended."""
        del self._open[number]

    def publishers(self) -> list[RemotePublisher]:
        """The publishers that are open now."""
        return [endpoint for endpoint in self._open.values() if isinstance(endpoint, RemotePublisher)]

    def take(self, number: int, messages: Payload[Any], dropped: int) -> None:
        """Take messages for a subscriber; one that was closed while they were on their way is no error."""
        subscriber = self._open.get(number)
        try:
            # Whoever they are for: what came beside the link is let go of only by who finds it.
            came = told_messages(messages, opaque=self._trusted, bypass=self._peer.bypass)
            if isinstance(subscriber, RemoteSubscriber):
                subscriber.offer(came, dropped)
        except (Unfit, ProtocolError, LimitExceeded) as error:
            self._peer.abort(str(error))

    def granted(self, number: int, count: int) -> None:
        """A publisher's messages were handed over."""
        publisher = self._open.get(number)
        if isinstance(publisher, RemotePublisher):
            try:
                publisher.granted(count)
            except Unfit as error:
                self._peer.abort(str(error))
            self._pump.look_ahead()

    def ended(self, number: int, reason: str) -> None:
        """The server ended an endpoint."""
        endpoint = self._open.get(number)
        if endpoint is not None:
            endpoint.refuse(reason)

    def lose(self, failure: Exception) -> None:
        """The session is over: whoever waits here gets *failure*."""
        for endpoint in self._open.values():
            endpoint.lose(failure)

    def _codec(self, topic: str, message_type: Any) -> tuple[Pack, Unpack]:
        if self._trusted:
            return seal_trusted, partial(open_trusted, message_type=message_type)
        packing = packing_of(topic, message_type)
        return packing.pieces, packing.open

    def _grant(self, number: int, count: int, hurry: bool) -> None:
        self._tell("grant", {"endpoint": number, "count": count}, hurry=hurry)

    def _detach(self, number: int) -> None:
        self._tell("close_endpoint", {"endpoint": number})

    def _tell(self, method: str, params: dict[str, Any], *, hurry: bool = False) -> None:
        try:
            self._peer.notify(method, params, hurry=hurry)
        except LimitExceeded as error:
            self._peer.abort(f"{method} cannot be told: {error}")
        except LinkLost:
            return
