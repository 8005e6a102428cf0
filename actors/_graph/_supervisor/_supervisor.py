"""The graph supervisor: the actor that owns the ledger.

Sessions reach the ledger through one plain function, `GraphSupervisor._submit`, from their own tasks; Trio's single
thread is the lock. The supervisor waits for nobody: what watchers and routers must know is handed over synchronously.
"""

import time
from collections.abc import Awaitable, Iterable
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

import trio

from actors._data import Router
from actors._floor import Actor
from actors._graph._errors import GraphClosed, SessionError, SessionLost, UnknownComponent
from actors._graph._ledger import _commands as ask
from actors._graph._ledger._ledger import Decision, Ledger
from actors._graph._ledger._results import Impact, SessionInfo, TypeClash
from actors._graph._slices import in_slices
from actors._graph._storage._journal import Journal, answer_stored
from graphmeta import DAG, Edge, GraphError, Resync, SettingValue, at_once, encode_changes, freeze_values_slices
from transport import Limits

from ._clashes import clashes_of
from ._discard import Discard
from ._encodings import Encodings
from ._history import History
from ._impact import impact_of
from ._loop_meter import LoopMeter
from ._members import Member, Members
from ._nearest import nearest
from ._shown import Shown
from ._statistics import Statistics, read_endpoints
from ._watch import Watch
from ._weight import weigh

R = TypeVar("R")


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
        self._members: Final = Members()
        self._watches: set[Watch] = set()
        self._meter: Final = LoopMeter()
        self.encodings: Final = Encodings(self._ledger)
        """The graph as bytes."""
        self.shown: Final = Shown(self._ledger)
        """The graph for those in this process."""
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
        weight = weigh(change, decision.measured)
        self.encodings.begin(decision, change)
        self._history.append(change, weight)
        for watch in self._watches:
            watch.offer(change, weight)
        if change.edges_added or change.edges_removed:
            self.router.forget()
        self.encodings.end()
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
        return self._members.named(name_or_id)

    def sessions(self) -> tuple[SessionInfo, ...]:
        """Every session, in the order of their start."""
        return tuple(map(self._members.info, self._ledger.records()))

    async def statistics(self) -> Statistics:
        """What has passed through every endpoint, and how busy the loop is; in slices, for there may be thousands."""
        owners = [self._members.owner(record) for record in self._ledger.records()]
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

    def changes_after(self, epoch: UUID, revision: int) -> bytes | None:
        """The changes after a revision of an epoch, encoded; None when a snapshot is the better answer."""
        changes = self._history.little_since(revision, epoch, self.revision)
        return None if changes is None else encode_changes(changes)

    def settings_history(self, address: str) -> tuple[SettingValue, ...]:
        """The last values of a component's settings, oldest first: none if it has no settings. `UnknownComponent`."""
        known = self._ledger.settings_history(address)
        if not known and self._ledger.holder_of(address) is None:
            raise UnknownComponent(address, nearest(address, self._ledger.addresses()))
        at_once(freeze_values_slices(known))
        return known

    def type_clashes(self, edge: Edge) -> tuple[TypeClash, ...]:
        """What comes to where it cannot be taken while *edge* is there."""
        return clashes_of(edge, self._ledger, self.router)

    def impact(self, session: UUID) -> Impact:
        """What would go if *session* ended."""
        return impact_of(session, self._ledger)

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
        watch = Watch(self._ledger.snapshot, self.limits.watch_changes, self.limits.outbox_bytes)
        missed = "start" if after is None else self._history.since(after, epoch, self.revision)
        if not isinstance(missed, str) and len(missed) > self.limits.watch_changes:
            missed = "history"
        if isinstance(missed, str):
            watch.offer(Resync(self._ledger.snapshot(), missed))
        else:
            for change in missed:
                watch.offer(change)
        self._watches.add(watch)
        return watch

    def unwatch(self, watch: Watch) -> None:
        """End a watch."""
        self._watches.discard(watch)
