"""The server's side of a session that comes over a wire: the same requests, and what only a wire needs."""

from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, Final, Literal, cast
from uuid import UUID

import msgspec
import trio

from actors._data import Inflow
from actors._graph._errors import (
    SessionError,
    SessionLost,
    SessionReleased,
    SettingsRefused,
    SubscriptionTaken,
    WatchOverrun,
)
from actors._graph._ledger._bounds import LONGEST_NAME, check
from actors._graph._ledger._results import Role
from actors._graph._nobody import nobody
from actors._graph._session._sequence import Sequence
from actors._graph._session._service import SessionService
from actors._graph._slices import in_slices
from actors._graph._supervisor._supervisor import GraphSupervisor
from actors._graph._supervisor._watch import Watch
from graphmeta import Change, Endpoint, Resync, SettingValue, decode_metadata_slices, step_twin
from transport import InvalidRequest, LimitExceeded, LinkLost, Payload, Peer, wire_method

from ._client import Client
from ._traffic import Traffic
from ._wire import PROTOCOL_VERSION, Opened, OpenSession, Sent

_NOTHING: Final = (msgspec.Raw(b"null"), msgspec.Raw(b"\xc0"))
"""No metadata, in JSON and in msgpack."""


class RemoteSessionService(SessionService):
    """Speaks to its session through a peer."""

    CALLS: Final = Client
    """What the other end is told and asked; see `describe_service`."""

    def __init__(
        self, graph: GraphSupervisor, opening: OpenSession, peer: Peer, role: Role, *, trusted: bool = False
    ) -> None:
        super().__init__(graph, opening.name, peer.description)
        self.software = opening.software[:LONGEST_NAME]
        self.role = role
        self._peer: Final = peer
        self._forwards: dict[int, Forward] = {}
        self._registrations: Final = Sequence()
        self._trusted: Final = trusted
        self._moving: Traffic | None = None

    def silent(self) -> float:
        """Seconds since the link was last heard."""
        return max(0.0, trio.current_time() - self._peer.last_heard)

    async def _ask_unit(self, address: str, values: dict[str, Any]) -> Any:
        # The unit lives in the client's process.
        try:
            return await self._peer.request("apply_settings", {"address": address, "values": values})
        except LinkLost as error:
            raise SettingsRefused(address, str(error)) from None

    def tell_ended(self) -> None:
        """Tell the client why its session is over; the connection closes once that has left."""
        try:
            by = self.ending.by if isinstance(self.ending, SessionReleased) else None
            reason = self.ending.reason if isinstance(self.ending, SessionLost) else ""
            self._peer.notify("ended", {"reason": reason, "by": by})
        except (LimitExceeded, LinkLost):
            self._peer.abort("the session ended")
        self._peer.close()

    @wire_method(reads=True)
    def open(self, name: str, protocol: int = PROTOCOL_VERSION, software: str = "unknown") -> Opened:
        """Become a session: the first request of a connection, and of no use later."""
        # The first one was taken before there was a session; this one is described, and answers the second.
        raise InvalidRequest("this connection has opened its session already")

    @wire_method
    @trio.lowlevel.enable_ki_protection
    def open_endpoint(
        self,
        topic: str,
        direction: Literal["publisher", "subscriber"],
        message_type: str = "",
        leaky: bool = False,
        max_queue: int = 32,
        number: int | None = None,
    ) -> Endpoint:
        """Declare a publisher or a subscriber and open its path; it ends with `close_endpoint` or the session.

        At most *max_queue* messages may be on their way at once. A *number* of the client's choice names it, or else
        the next one.
        """
        check("queue_messages", self._peer.limits, max_queue)
        endpoint = super().open_endpoint(topic, direction, message_type, leaky, max_queue, number)
        self._traffic.open(endpoint)
        return endpoint

    @wire_method
    async def sync(self, sent: tuple[Sent, ...] = ()) -> None:
        """Wait until every message that was sent before has been taken.

        Messages travel behind requests: *sent* says how many a client's publishers have sent, so that those on the
        way count as well. While the flow is paused they are held, as a publisher's here would be, and do not.
        """
        self._alive()
        for mine in sent:
            flow = self.flows.get(mine.endpoint)
            if isinstance(flow, Inflow):
                await flow.wait_sent(mine.count)
        await super().sync()

    @wire_method
    def message(self, endpoint: int, messages: Payload[Any]) -> None:
        """Publish messages, in order, each at the cost of a credit; a notification, or a request to be sure."""
        self._traffic.take(endpoint, messages)

    @wire_method
    def grant(self, endpoint: int, count: int) -> None:
        """Say that a subscriber took so many messages, so that as many more may come."""
        self._traffic.granted(endpoint, count)

    @property
    def _traffic(self) -> Traffic:
        # Most sessions have no endpoints, and need no task for their messages.
        if self._moving is None:
            ways = self._graph.router, self._peer, self.flows
            self._moving = Traffic(*ways, self.close_endpoint, self.start_soon, trusted=self._trusted)
        return self._moving

    def _close_all(self, failure: Exception) -> None:
        super()._close_all(failure)
        if self._moving is not None:
            self._moving.end()

    # The same request as in process, but its argument is still encoded: it is large, and decoded in slices.
    @wire_method
    def register_metadata(self, metadata: Payload[Any]) -> Awaitable[int]:  # type: ignore[override]
        """Replace the session's metadata as a whole; returns the revision."""
        return self._register_in_turn(metadata, self._registrations.enter())

    async def _register_in_turn(self, metadata: Payload[Any], place: object) -> int:
        # A small registration must not overtake a large one that came before it.
        async with self._registrations.turn(place):
            raw = metadata.raw
            if raw in _NOTHING:
                return await self._register(None, freeze=False)
            encoding: Literal["json", "msgpack"] = "json" if self._peer.speaks_json else "msgpack"
            decoded = await in_slices(decode_metadata_slices(raw, encoding))
            return await self._register(decoded, freeze=self._graph.shown.looked_at)

    # As in process, but it may be large, and is encoded in slices.
    @wire_method(reads=True)
    def settings(self) -> Awaitable[dict[str, SettingValue]]:  # type: ignore[override]
        """The live settings of every component, by address."""
        self._alive()
        encoded = self._graph.encodings.settings(json=self._peer.speaks_json)
        return cast("Awaitable[dict[str, SettingValue]]", encoded)

    @wire_method(reads=True)
    def close(self) -> int:
        """Say goodbye: everything is released before this is answered. Returns the revision."""
        self.end()
        # A client that does not hang up must not hold a place.
        self._peer.close_next()
        return self._graph.revision

    @wire_method(reads=True)
    async def watch(self, subscription: int, after: int | None = None, epoch: UUID | None = None) -> int:
        """Begin a watch under a number of the client's choice, so that it knows the number before the first change.

        Its changes come as notifications ``change`` and ``resync``. Returns the current revision.
        """
        # Whoever gave up by now gets no watch: nobody would end it.
        await trio.lowlevel.checkpoint()
        if after is None:
            # It begins with a snapshot, in the step that opens it: nearly all of that is made before.
            await self._graph.encodings.make_snapshot(json=self._peer.speaks_json)
        if subscription in self._forwards:
            raise SubscriptionTaken(subscription)
        forward = Forward(subscription, self.open_watch(after, epoch), self._peer, self._graph)
        self._forwards[subscription] = forward
        self.start_soon(self._keep, forward)
        return self._graph.revision

    @wire_method(reads=True)
    def unwatch(self, subscription: int) -> None:
        """End a watch; one that is over is no error."""
        forward = self._forwards.pop(subscription, None)
        if forward is not None:
            self.close_watch(forward.watch)
            forward.scope.cancel()

    async def _keep(self, forward: "Forward") -> None:
        # A connection that is lost, or full to the brim, is ended by its own tasks; a forward just stops.
        with forward.scope, suppress(LimitExceeded, LinkLost):
            await forward.run()
        # The number may be another watch's by now.
        if self._forwards.get(forward.number) is forward:
            self.unwatch(forward.number)


class Forward:
    """One watch on its way to a client: at once while there is room, in order always.

    Changes are queued for the client in the very step that made them, so that they leave before the reply that names
    their revision. Only when the client's outbox is full, or it has fallen behind, do they wait in the watch, which is
    bounded.
    """

    def __init__(self, number: int, watch: Watch, peer: Peer, graph: GraphSupervisor) -> None:
        self.number: Final = number
        self.watch: Final = watch
        self.scope: Final = trio.CancelScope()
        self._peer: Final = peer
        self._graph: Final = graph
        self._said: tuple[str, dict[str, Any]] | None = None
        """What there was no room for, encoded: later that would have to be done anew, and in one step."""
        self._blocked = trio.Event()
        self._failed: Exception | None = None
        self._made = False
        """Whether the snapshot of a resync was just made in slices: little is left for the step that takes it."""
        watch.on_item = self.drain

    def drain(self) -> None:
        """Queue what there is for the client; stops at the first item for which there is no room, or no time."""
        try:
            while not self._blocked.is_set():
                if self._said is None and self.watch.slow and not self._made:
                    self._blocked.set()
                    return
                self._said = self._said or self._say(self.watch.receive_nowait())
                self._peer.notify(*self._said)
                self._said = None
        except trio.WouldBlock:
            return
        except LimitExceeded as error:
            self._blocked.set()
            if error.name != "outbox_bytes":
                self._peer.abort(f"a change cannot be sent: {error}")
        except LinkLost:
            self._blocked.set()
        except (OverflowError, TypeError, UnicodeError) as error:
            # Nothing that one watcher cannot be told may stop the supervisor, or anybody else.
            self._blocked.set()
            self._peer.abort(f"a change cannot be encoded: {type(error).__name__}")
        except SessionError as failure:
            # Without the way it came: the watch holds it, and by its frames it would hold the watch.
            self._failed = failure.with_traceback(None)
            self._blocked.set()

    async def run(self) -> None:
        """Go on after a full outbox, and make what takes long, until the watch is over."""
        try:
            await self._go_on()
        finally:
            self.watch.on_item = nobody

    async def _go_on(self) -> None:
        self.drain()
        while True:
            await self._blocked.wait()
            if self._failed is not None:
                return self._send_end(self._failed)
            await self._peer.wait_room()
            if self.watch.slow:
                await self._graph.encodings.make_snapshot(json=self._peer.speaks_json)
                self._made = True
            self._blocked = trio.Event()
            self.drain()
            self._made = False

    def _say(self, item: Change | Resync) -> tuple[str, dict[str, Any]]:
        kind = "change" if isinstance(item, Change) else "resync"
        return kind, {"subscription": self.number, kind: self._encoded(item)}

    def _encoded(self, item: Change | Resync) -> Any:
        if isinstance(item, Change):
            return step_twin(item) if self._peer.speaks_json else self._graph.encodings.change(item)
        if self._peer.speaks_json:
            # As a resync looks in JSON, but with a snapshot that is encoded once for everybody.
            return {"type": "resync", "snapshot": self._graph.encodings.plain(item.snapshot), "reason": item.reason}
        return {"reason": item.reason, "snapshot": self._graph.encodings.packed(item.snapshot)}

    def _send_end(self, failure: Exception) -> None:
        # Any other failure is the end of the whole session, which the client learns in its own way.
        if isinstance(failure, WatchOverrun):
            try:
                self._peer.notify("watch_overrun", {"subscription": self.number, "bound": failure.bound})
            except LimitExceeded:
                self._peer.abort("the end of a watch cannot be told")
