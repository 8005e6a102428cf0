"""The client's end of a connection: what the server may tell it or ask of it, and the task that keeps it open."""

import itertools
from collections.abc import Callable
from typing import Any

from actors._graph._errors import SessionError, SessionLost, SessionReleased, SettingsRefused, WatchOverrun
from actors._graph._nobody import nobody
from actors._graph._session._membership import SettingsPort
from graphmeta import Change
from transport import LinkLost, Payload, Peer, wire_method

from ._remote_watch import LARGE, RemoteChanges, Sealed, SealedChange, SealedResync
from ._streams import Streams


class Client:
    """What the server may call, and how the session ends for this end."""

    def __init__(self) -> None:
        self.ending: SessionError | None = None
        """Why the session ended before its body did."""
        self.reason = "closed"
        self.on_ended: Callable[[], None] = nobody
        self.settings_port: SettingsPort | None = None
        self.watches: dict[int, RemoteChanges] = {}
        self.streams: Streams
        """Set before the connection is served."""
        self.over = False
        self._numbers = itertools.count(1)

    def subscribe(self, watch: RemoteChanges) -> int:
        """Enter a watch, before the server is asked for it: its first change may come with the answer."""
        number = next(self._numbers)
        self.watches[number] = watch
        return number

    def end(self, error: SessionError) -> None:
        """The session is gone: cancel the body, end the watches. Only the first reason counts."""
        if self.ending is None and not self.over:
            self.ending = error
            for watch in self.watches.values():
                watch.close(error)
            self.streams.lose(error)
            self.on_ended()

    @wire_method
    def ended(self, reason: str, by: str | None = None) -> None:
        """The server ended the session, or another session (*by*) did."""
        self.end(SessionReleased(by) if by is not None else SessionLost(reason))

    @wire_method
    def change(self, subscription: int, change: Payload[Any]) -> None:
        """The graph changed: for each watch of this client, as in ``change.schema.json``."""
        # A large one is opened by whoever takes it, not here in the reader.
        encoded = change.encoded
        self._offer(subscription, SealedChange(encoded) if len(encoded) > LARGE else change.decode(Change))

    @wire_method
    def resync(self, subscription: int, resync: Payload[Any]) -> None:
        """Where a watch is, is unknown: a whole snapshot to start from, as in ``change.schema.json``."""
        # Its snapshot is opened by whoever takes it, not here in the reader.
        self._offer(subscription, resync.decode(SealedResync))

    @wire_method
    def watch_overrun(self, subscription: int, bound: int) -> None:
        """A watch is over: this client fell so many changes behind (*bound*) a second time."""
        watch = self.watches.get(subscription)
        if watch is not None:
            watch.close(WatchOverrun(bound))

    @wire_method
    def message(self, endpoint: int, messages: Payload[Any], dropped: int = 0) -> None:
        """Messages for a subscriber, in order; *dropped* is what a leaky one lost at the server so far."""
        self.streams.take(endpoint, messages, dropped)

    @wire_method
    def grant(self, endpoint: int, count: int) -> None:
        """So many of a publisher's messages were handed over."""
        self.streams.granted(endpoint, count)

    @wire_method
    def endpoint_ended(self, endpoint: int, reason: str) -> None:
        """A publisher or subscriber is over, because of a message that could not be taken."""
        self.streams.ended(endpoint, reason)

    @wire_method
    async def apply_settings(self, address: str, values: dict[str, Any]) -> Any:
        """New settings for a component of this client; it answers with all of them in readable form, or refuses."""
        if self.settings_port is None:
            raise SettingsRefused(address, "its session takes no live settings")
        return await self.settings_port(address, values)

    def _offer(self, subscription: int, item: Change | Sealed) -> None:
        # A watch that was closed while the item was on its way is no error.
        watch = self.watches.get(subscription)
        if watch is not None:
            watch.offer(item)


async def keep_connected(peer: Peer, client: Client) -> None:
    """Serve the connection of one session until it ends; in spite of cancellation, for the goodbye goes over it."""
    try:
        await peer.run(shielded=True)
    except LinkLost as error:
        client.end(SessionLost(error.reason))
