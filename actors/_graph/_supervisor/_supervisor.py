"""The graph supervisor: the actor that owns the ledger.

Sessions reach the ledger through one plain function, `GraphSupervisor._submit`, from their own tasks; Trio's single
thread is the lock. The supervisor waits for nobody: what watchers and routers must know is handed over synchronously.
"""

import time
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID, uuid4

import trio

from actors._data import Flow, Router
from actors._floor import Actor
from actors._graph._errors import (
    AmbiguousSession,
    GraphClosed,
    SessionError,
    SessionLost,
    UnknownComponent,
    UnknownSession,
)
from actors._graph._ledger import _commands as ask
from actors._graph._ledger._ledger import Decision, Ledger
from actors._graph._ledger._record import Record
from actors._graph._ledger._results import Impact, Role, SessionInfo
from actors._graph._slices import in_slices
from actors._graph._storage._journal import Journal, answer_stored
from graphmeta import (
    DAG,
    Change,
    Edge,
    GraphError,
    GraphSnapshot,
    Resync,
    SettingValue,
    encode_change,
    encode_changes,
)
from transport import Limits, Pieces, Shared

from ._discard import Discard
from ._encoded_settings import EncodedSettings
from ._history import History
from ._loop_meter import LoopMeter
from ._nearest import nearest
from ._packed import PackedSnapshots
from ._plain import PlainSnapshots
from ._statistics import Owner, Statistics, read_endpoints
from ._watch import Watch
from ._weight import weigh

R = TypeVar("R")

SHORT_ID: Final = 8
"""Characters of an id that are enough to name a session, if no other's begins with them."""


class Member(Protocol):
    """What the supervisor must know of a session's server side."""

    @property
    def id(self) -> UUID: ...

    @property
    def name(self) -> str: ...

    def end(self, error: SessionError | None, by: UUID | None = None) -> None:
        """Release everything and tell the body; idempotent and synchronous."""

    @property
    def software(self) -> str: ...

    @property
    def role(self) -> Role: ...

    @property
    def flows(self) -> Mapping[int, Flow]:
        """The data path of each open endpoint, by its number."""

    def silent(self) -> float:
        """Seconds since its link was last heard; 0 in process."""

    async def apply_settings(self, address: str, values: dict[str, Any]) -> Any:
        """Have the owning unit take settings; returns its readable settings, or raises its refusal."""


class GraphSupervisor(Actor):
    """The owner of one graph. One epoch is one supervisor's lifetime: it is never restarted with an empty ledger."""

    expected = (GraphError, SessionError)

    def __init__(self, limits: Limits, journal: Journal | None = None) -> None:
        self.limits: Final = limits
        self.epoch: Final = uuid4()
        self._discard: Final = Discard()
        self._ledger = Ledger(self.epoch, time.time, limits, self._discard.put)
        self.router: Final = Router(self._ledger.dag.downstream)
        """Who hears what in this process."""
        self._history = History(self.epoch, limits.history_changes, limits.history_bytes, self._discard.put)
        self._members: dict[UUID, Member] = {}
        self._watches: set[Watch] = set()
        self._meter: Final = LoopMeter()
        hold = self._ledger.settings_hold
        self._encoded_settings: Final = {True: EncodedSettings("json", hold), False: EncodedSettings("msgpack", hold)}
        """By whether they are for those who speak JSON."""
        self._packed: Final = PackedSnapshots(
            self._ledger.snapshot, self._ledger.encoded_metadata, self._ledger.says, self._encoded_settings[False]
        )
        self.plain: Final = PlainSnapshots(self._ledger.snapshot, self._ledger.says, self._encoded_settings[True])
        """Its snapshots for those who speak JSON."""
        self._newest: tuple[Change, Shared] | None = None
        self._told: Decision[Any] | None = None
        """What everyone is being told of in this step."""
        self.closed = trio.Event()
        self._journal: Final = journal
        """Where persistent edges are kept; None: in memory only."""
        if journal is not None and journal.stored:
            self._publish(self._ledger.decide(None, ask.Connect(journal.stored, persistent=True)))

    async def started(self) -> None:
        """Begin to let go of what is dropped, and to store what must outlive the process."""
        self.nursery.start_soon(self._discard.run)
        if self._journal is not None:
            self.nursery.start_soon(self._journal.run, self._revert)

    async def shut_down(self, by: str) -> None:
        """Close the graph because a session asked for it."""
        self.close(f"the graph was shut down by {by}")

    async def stopping(self) -> None:
        """End every session of this graph: nothing outlives its supervisor."""
        self.close()

    # -- the one door to the state ---------------------------------------------------------------------------

    @trio.lowlevel.enable_ki_protection
    def _submit(self, session: UUID | None, command: ask.Command[R]) -> R:
        """Decide *command* for *session* and tell everyone; Ctrl-C comes before or after, never inside."""
        if self.closed.is_set():
            raise GraphClosed
        decision = self._ledger.decide(session, command)
        if self._journal is not None and decision.change is not None:
            self._journal.note(decision.change)
        return self._publish(decision)

    @trio.lowlevel.enable_ki_protection
    def _revert(self, gone: Iterable[Edge], back: Iterable[Edge]) -> tuple[Edge, ...]:
        """Undo what could not be stored, in a revision of its own."""
        return self._publish(self._ledger.decide(None, ask.Revert(tuple(gone), tuple(back))))

    def stored(self, answer: R) -> Awaitable[R]:
        """*answer*, once everything that has been decided so far is stored. The awaitable raises `StorageFailed`."""
        return answer_stored(answer, self._journal.newest if self._journal else None)

    def _publish(self, decision: Decision[R]) -> R:
        change = decision.change
        if change is None:
            return decision.result
        self._told = decision
        weight = weigh(change, decision.measured)
        if change.settings:
            for settings in self._encoded_settings.values():
                settings.forget()
        self._packed.forget(change)
        self.plain.forget(change)
        self._history.append(change, weight)
        self._newest = None  # Not only when somebody is told of this one: it may hold thousands of components.
        for watch in self._watches:
            watch.offer(change, weight)
        if change.edges_added or change.edges_removed:
            self.router.forget()
        self._told = None
        return decision.result

    # -- sessions --------------------------------------------------------------------------------------------

    @trio.lowlevel.enable_ki_protection
    def admit(self, member: Member, peer: str) -> None:
        """Begin a session."""
        # First here, so that whatever goes wrong afterwards finds a member to end.
        self._members[member.id] = member
        try:
            self._submit(member.id, ask.Open(member.name, peer))
        except BaseException:
            if self._ledger.record(member.id) is None:
                del self._members[member.id]
            raise

    @trio.lowlevel.enable_ki_protection
    def dismiss(self, member: Member, reason: str, by: UUID | None) -> None:
        """End a session in one step. Calling again changes nothing."""
        if self._members.pop(member.id, None) is not None:
            self._submit(member.id, ask.End(reason, by))

    @trio.lowlevel.enable_ki_protection
    def close(self, reason: str = "the graph was closed") -> None:
        """End every session and every watch; nothing can be submitted afterwards."""
        if self.closed.is_set():
            return
        for member in list(self._members.values()):
            member.end(SessionLost(reason))
        self._meter.stop()
        self.closed.set()

    def member(self, name_or_id: str) -> Member:
        """The one session of that name or id, or of an id that begins so; `UnknownSession` or `AmbiguousSession`."""
        found = [m for m in self._members.values() if name_or_id in (m.name, str(m.id))]
        if not found and len(name_or_id) >= SHORT_ID:
            found = [m for m in self._members.values() if str(m.id).startswith(name_or_id)]
        if not found:
            raise UnknownSession(name_or_id, nearest(name_or_id, (m.name for m in self._members.values())))
        if len(found) > 1:
            raise AmbiguousSession(name_or_id, tuple(str(m.id) for m in found))
        return found[0]

    def sessions(self) -> tuple[SessionInfo, ...]:
        """Every session, in the order of their start."""
        return tuple(self._info(record) for record in self._ledger.records())

    def _info(self, record: Record) -> SessionInfo:
        return SessionInfo(
            record.id,
            record.name,
            record.peer,
            record.since,
            max(0.0, time.time() - record.since),
            record.held,
            len(record.addresses),
            len(record.endpoints),
            self._members[record.id].silent(),
            self._members[record.id].software,
            self._members[record.id].role,
        )

    async def statistics(self) -> Statistics:
        """What has passed through every endpoint, and how busy the loop is; in slices, for there may be thousands."""
        owners = [
            Owner(record.id, record.name, tuple(record.endpoints.values()), self._members[record.id].flows)
            for record in self._ledger.records()
        ]
        endpoints = await in_slices(read_endpoints(owners))
        return Statistics(self.epoch, trio.current_time(), self._meter.read(), endpoints)

    # -- asking ----------------------------------------------------------------------------------------------

    @property
    def dag(self) -> DAG:
        """The topology, to read."""
        return self._ledger.dag

    @property
    def revision(self) -> int:
        """The number of the last accepted change."""
        return self._ledger.revision

    @trio.lowlevel.enable_ki_protection
    def snapshot(self) -> GraphSnapshot:
        """The whole state as of now."""
        return self._ledger.snapshot()

    @trio.lowlevel.enable_ki_protection
    def dump(self, snapshot: GraphSnapshot) -> Pieces:
        """A snapshot as bytes, in one step."""
        return self._packed.of(snapshot)

    def packed_snapshot(self) -> Awaitable[Pieces]:
        """The snapshot of now as bytes; what has to be encoded for it is encoded in slices."""
        return self._packed.since(self.revision)

    def changes_after(self, epoch: UUID, revision: int) -> bytes | None:
        """The changes after a revision of an epoch, encoded; None when a snapshot is the better answer."""
        changes = self._history.little_since(revision, epoch, self.revision)
        return None if changes is None else encode_changes(changes)

    def plain_snapshot(self) -> Awaitable[Shared]:
        """The snapshot of now as plain data; what has to be encoded for it is encoded in slices."""
        return self.plain.since(self.revision)

    async def make_snapshot(self, *, json: bool) -> None:
        """Encode the snapshot of now in slices, so that one of the near future takes no long step."""
        await (self.plain_snapshot() if json else self.packed_snapshot())

    def shared_change(self, change: Change) -> Shared:
        """The change, encoded once for everyone who is told of it now."""
        if self._newest is None or self._newest[0] is not change:
            kept = self._ledger.encoded_metadata((said.session, said.metadata) for said in change.metadata)
            seeds = self._told.seeds if self._told is not None and self._told.change is change else None
            settings = None if seeds is None else seeds.encode_changes()
            self._newest = (change, Shared.encoded_as(msgpack=Pieces(encode_change(change, kept, settings))))
        return self._newest[1]

    def settings(self) -> dict[str, SettingValue]:
        """The live settings by address, sorted."""
        return self._ledger.settings()

    async def encoded_settings(self, *, json: bool) -> Shared:
        """The live settings of now by address, encoded in slices."""
        encoded = await in_slices(self._encoded_settings[json].slices(self.snapshot().settings))
        return Shared.encoded_as(json=encoded) if json else Shared.encoded_as(msgpack=encoded)

    def settings_history(self, address: str) -> tuple[SettingValue, ...]:
        """The last values of a component's settings, oldest first: none if it has no settings. `UnknownComponent`."""
        known = self._ledger.settings_history(address)
        if not known and self._ledger.holder_of(address) is None:
            raise UnknownComponent(address, nearest(address, self._ledger.addresses()))
        return known

    def impact(self, session: UUID) -> Impact:
        """What would go if *session* ended."""
        record = self._ledger.record(session)
        if record is None:
            raise UnknownSession(str(session))
        edges = self.dag.impact(record.holders())
        heads = {edge.to_topic for edge in edges}
        reached = heads.union(self.dag.downstream(*heads))
        return Impact(record.id, record.name, edges, self._subscribed(reached), tuple(sorted(record.addresses)))

    def _subscribed(self, topics: Iterable[str]) -> tuple[str, ...]:
        open_now = {
            endpoint.topic
            for record in self._ledger.records()
            for endpoint in record.endpoints.values()
            if endpoint.direction == "subscriber"
        }
        return tuple(sorted(open_now.intersection(topics)))

    async def apply_settings(self, address: str, values: dict[str, Any]) -> Any:
        """Route settings to the session that declared *address*; its unit accepts or refuses."""
        holder = self._ledger.holder_of(address)
        if holder is None:
            raise UnknownComponent(address, nearest(address, self._ledger.addresses()))
        return await self._members[holder].apply_settings(address, values)

    # -- watching --------------------------------------------------------------------------------------------

    @trio.lowlevel.enable_ki_protection
    def watch(self, after: int | None, epoch: UUID | None) -> Watch:
        """Begin a watch after a revision; without one it starts with a `Resync`. Pair with `unwatch`."""
        watch = Watch(self.snapshot, self.limits.watch_changes, self.limits.outbox_bytes)
        missed = "start" if after is None else self._history.since(after, epoch, self.revision)
        if not isinstance(missed, str) and len(missed) > self.limits.watch_changes:
            missed = "history"
        if isinstance(missed, str):
            watch.offer(Resync(self.snapshot(), missed))
        else:
            for change in missed:
                watch.offer(change)
        self._watches.add(watch)
        return watch

    def unwatch(self, watch: Watch) -> None:
        """End a watch."""
        self._watches.discard(watch)
