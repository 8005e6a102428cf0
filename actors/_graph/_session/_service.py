"""What a session may ask of its graph: one method a request, the same for local and remote sessions.

Each decorated method is one wire method: its annotations are its schema. Methods that decide synchronously are plain
functions; those that wait are coroutines. What is not marked ``reads=True`` is refused to those who may only read.
"""

from collections.abc import Awaitable
from typing import Any, Literal, cast
from uuid import UUID

import trio

from actors._graph._errors import SessionReleased
from actors._graph._ledger import _commands as ask
from actors._graph._ledger._registration import ready_slices
from actors._graph._ledger._results import EdgeResult, Impact, SessionInfo, TypeClash
from actors._graph._slices import in_slices
from actors._graph._supervisor._shown import ShownChanges
from actors._graph._supervisor._statistics import Statistics
from actors._graph._supervisor._supervisor import GraphSupervisor
from graphmeta import Edge, Endpoint, GraphMetadata, GraphSnapshot, SettingValue
from transport import wire_method

from ._membership import Membership
from ._undo import way_back


class SessionService(Membership):
    """The server's side of one session: its requests, asked by a member of the graph."""

    # -- edges -----------------------------------------------------------------------------------------------

    @wire_method
    def connect(self, from_topic: str, to_topic: str, scope: str = "") -> EdgeResult:
        """Hold one edge."""
        return self._submit(ask.Connect((Edge(from_topic, to_topic),), scope))[0]

    @wire_method
    def connect_many(self, edges: tuple[Edge, ...], scope: str = "") -> tuple[EdgeResult, ...]:
        """Hold edges, all or none."""
        return self._submit(ask.Connect(edges, scope))

    @wire_method
    def connect_persistent(self, edges: tuple[Edge, ...]) -> Awaitable[tuple[EdgeResult, ...]]:
        """Make edges that nobody owns, all or none. Done at once, and answered when it is stored."""
        return self._graph.stored(self._submit(ask.Connect(edges, persistent=True)))

    @wire_method
    def disconnect(self, from_topic: str, to_topic: str, scope: str = "") -> EdgeResult:
        """Let go of one edge."""
        return self._submit(ask.Disconnect((Edge(from_topic, to_topic),), scope))[0]

    @wire_method
    def disconnect_many(self, edges: tuple[Edge, ...], scope: str = "") -> tuple[EdgeResult, ...]:
        """Let go of edges, all or none."""
        return self._submit(ask.Disconnect(edges, scope))

    @wire_method
    def disconnect_persistent(self, edges: tuple[Edge, ...]) -> Awaitable[tuple[EdgeResult, ...]]:
        """Let go of edges that nobody owns, all or none. Done at once, and answered when it is stored."""
        return self._graph.stored(self._submit(ask.Disconnect(edges, persistent=True)))

    @wire_method
    def clear(self, scope: str = "") -> None:
        """Let go of every edge of the scope and the scopes inside it."""
        self._submit(ask.Clear(scope))

    @wire_method
    def open_scope(self, scope: str) -> None:
        """Open an ownership scope by its path."""
        self._submit(ask.OpenScope(scope))

    @wire_method
    def close_scope(self, scope: str) -> None:
        """Close a scope and let go of what it holds."""
        self._submit(ask.CloseScope(scope))

    # -- metadata and settings -------------------------------------------------------------------------------

    @wire_method
    async def register_metadata(self, metadata: GraphMetadata | None) -> int:
        """Replace the session's metadata as a whole; returns the revision."""
        return await self._register(metadata, freeze=True)  # The caller has it, too.

    async def _register(self, metadata: GraphMetadata | None, *, freeze: bool) -> int:
        command = await in_slices(ready_slices(metadata, freeze))
        await trio.lowlevel.checkpoint()  # What comes now is one step, and long enough alone.
        self._submit(command)
        return self._graph.revision

    @wire_method(reads=True)
    async def settings(self) -> dict[str, SettingValue]:
        """The live settings of every component, by address."""
        self._alive()
        return dict((await self._graph.shown.snapshot()).settings)

    @wire_method(reads=True)
    def settings_history(self, address: str) -> tuple[SettingValue, ...]:
        """The last values that a component's settings had, oldest first; the newest is the one that holds."""
        self._alive()
        return self._graph.settings_history(address)

    @wire_method
    async def update_settings(self, address: str, values: dict[str, Any]) -> Any:
        """Have the owning unit take values by path, all or none; returns its settings in readable form."""
        self._alive()
        return await self._graph.apply_settings(address, values)

    @wire_method
    async def undo_settings(self, address: str, revision: int | None = None) -> Any:
        """Have the owning unit go back to the value before the last change, or to that of a revision."""
        self._alive()
        values = way_back(address, self._graph.settings_history(address), revision)
        return await self._graph.apply_settings(address, values)

    @wire_method
    def delegate_settings(self, address: str, session: UUID) -> None:
        """Let another session report the settings of a component of this one."""
        self._submit(ask.Delegate(address, session))

    @wire_method
    def report_settings(self, address: str, readable: Any) -> None:
        """Say what a running unit's settings are now."""
        self._submit(ask.ReportSettings(address, readable))

    # -- endpoints -------------------------------------------------------------------------------------------

    @wire_method
    def open_endpoint(
        self,
        topic: str,
        direction: Literal["publisher", "subscriber"],
        message_type: str = "",
        leaky: bool = False,
        max_queue: int = 32,
        number: int | None = None,
    ) -> Endpoint:
        """Declare a publisher or a subscriber; it is withdrawn by `close_endpoint` or by the session's end.

        Without a *number* of the caller's choice it gets the next one.
        """
        return self._submit(ask.OpenEndpoint(topic, direction, message_type, leaky, max_queue, number))

    @wire_method
    @trio.lowlevel.enable_ki_protection
    def close_endpoint(self, endpoint: int) -> None:
        """Withdraw a publisher or a subscriber; one that is not open is no error."""
        flow = self.flows.pop(endpoint, None)
        if flow is not None:
            flow.close(trio.ClosedResourceError("this endpoint's block has ended"))
        self._submit(ask.CloseEndpoint(endpoint))

    # -- the flow --------------------------------------------------------------------------------------------

    @wire_method
    def pause(self) -> None:
        """Hold the flow of messages in the graph's process, until this session resumes or ends."""
        self._alive()
        self._graph.router.pause(self.id)

    @wire_method
    def resume(self) -> None:
        """Let go of the flow; it goes on when no session holds it."""
        self._alive()
        self._graph.router.resume(self.id)

    @wire_method
    async def sync(self) -> None:
        """Wait until every message that was sent before has been taken."""
        self._alive()
        await self._graph.router.sync()

    # -- asking ----------------------------------------------------------------------------------------------

    def view(self) -> Awaitable[GraphSnapshot]:
        """The whole state, for those in this process."""
        self._alive()
        return self._graph.shown.snapshot()

    def view_changes(self, after: int | None, epoch: UUID | None) -> ShownChanges:
        """A watch, for those in this process. Pair with `close_watch`."""
        return self._graph.shown.changes(self.open_watch(after, epoch))

    @wire_method(reads=True)
    def snapshot(self) -> Awaitable[dict[str, Any]]:
        """The whole state as plain data, for clients in any language."""
        self._alive()
        return cast("Awaitable[dict[str, Any]]", self._graph.encodings.plain_snapshot())

    @wire_method(reads=True)
    def snapshot_changes(self, epoch: UUID, revision: int) -> bytes | None:
        """What changed after a snapshot, as msgpack of the published records; null: take a new one."""
        self._alive()
        return self._graph.changes_after(epoch, revision)

    @wire_method(reads=True)
    def snapshot_pickle(self) -> Awaitable[bytes]:
        """The whole state as cloudpickle of the published records, for Python clients."""
        self._alive()
        return cast("Awaitable[bytes]", self._graph.encodings.packed_snapshot())

    @wire_method(reads=True)
    def upstream(self, topic: str) -> tuple[str, ...]:
        """Every topic that *topic* hears from, sorted."""
        self._alive()
        return self._graph.dag.upstream(topic)

    @wire_method(reads=True)
    def downstream(self, topic: str) -> tuple[str, ...]:
        """Every topic that hears from *topic*, sorted."""
        self._alive()
        return self._graph.dag.downstream(topic)

    @wire_method(reads=True)
    def type_clashes(self, from_topic: str, to_topic: str) -> tuple[TypeClash, ...]:
        """What comes, or would come, through an edge to where it cannot be taken, as far as the types are known."""
        self._alive()
        return self._graph.type_clashes(Edge(from_topic, to_topic))

    @wire_method(reads=True)
    def sessions(self) -> tuple[SessionInfo, ...]:
        """Every session of the graph."""
        self._alive()
        return self._graph.sessions()

    @wire_method(reads=True)
    async def statistics(self) -> Statistics:
        """What has passed through every endpoint so far, and how busy the loop of the graph's process is."""
        self._alive()
        return await self._graph.statistics()

    @wire_method(reads=True)
    def impact(self, session: str = "") -> Impact:
        """What would go if a session (by name or id; empty: this one) ended."""
        self._alive()
        return self._graph.impact(self._graph.member(session).id if session else self.id)

    # -- operating -------------------------------------------------------------------------------------------

    @wire_method
    def release(self, session: str, dry_run: bool = False) -> Impact:
        """End another session, by name or id; returns what went, or would go."""
        self._alive()
        member = self._graph.member(session)
        impact = self._graph.impact(member.id)
        if not dry_run:
            member.end(SessionReleased(self.name), self.id)
        return impact

    @wire_method
    def shutdown(self) -> None:
        """Close the graph: every session ends, and whoever serves it stops."""
        self._alive()
        # By the supervisor's own task, so that this is answered before its connection ends.
        self._graph.ref.cast_nowait(GraphSupervisor.shut_down, self.name)
