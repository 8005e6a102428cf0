"""The ledger: the graph, and who owns what. Plain synchronous code: a command goes in, a decision comes out.

Nothing here awaits, so no change can be cancelled half-way, and nothing here knows of tasks, links or clocks but the
two plain functions it is given. Refusals are raised before anything is touched.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import attrs

from graphmeta import (
    DAG,
    Change,
    Edge,
    Endpoint,
    EndpointChanged,
    GraphMetadata,
    GraphSnapshot,
    MetadataChanged,
    Outcome,
    ScopeChanged,
    SettingChanged,
    SettingValue,
    SnapshotSession,
    assemble_snapshot,
    check_edge,
    check_topic,
    encode_metadata,
    encode_session,
)
from graphmeta import SessionEnded as Ended
from graphmeta import SessionStarted as Started
from transport import Limits

from . import _bounds as bounds
from . import _commands as ask
from ._draft import Draft, Holder
from ._errors import AddressTaken, ScopeTaken, SessionEnded, UnknownComponent, UnknownScope
from ._live_settings import LiveSettingsBook
from ._record import Record
from ._results import EdgeResult

R = TypeVar("R")


@attrs.frozen
class Decision(Generic[R]):
    """The answer to a command, and the change it made, if any."""

    result: R
    change: Change | None


class Ledger:
    """The state of one graph. Every entry goes through `decide`."""

    def __init__(self, epoch: UUID, now: Callable[[], float], limits: Limits) -> None:
        self.epoch: Final = epoch
        self.revision = 0
        self._now = now
        self._limits: Final = limits
        self._metadata_bytes = 0
        self._settings_bytes = 0
        self._dag: DAG = DAG()
        self._records: dict[UUID, Record] = {}
        self._addresses: dict[str, UUID] = {}
        self._settings = LiveSettingsBook(limits.settings_history)
        self._snapshot: GraphSnapshot | None = None
        self._dumped: bytes | None = None

    # -- asking ----------------------------------------------------------------------------------------------

    @property
    def dag(self) -> DAG:
        """The topology, to read."""
        return self._dag

    def records(self) -> Iterator[Record]:
        """Every session, in the order of their start."""
        return iter(self._records.values())

    def record(self, session: UUID) -> Record | None:
        """What is known of a session, or None when it has ended."""
        return self._records.get(session)

    def holder_of(self, address: str) -> UUID | None:
        """The session that declared the component at *address*."""
        return self._addresses.get(address)

    def addresses(self) -> list[str]:
        """The addresses of all declared components, sorted."""
        return sorted(self._addresses)

    def settings(self) -> dict[str, SettingValue]:
        """The live settings by address, sorted."""
        return self._settings.effective()

    def settings_history(self, address: str) -> tuple[SettingValue, ...]:
        """The last values of a component's settings, oldest first."""
        return self._settings.history(address)

    def snapshot(self) -> GraphSnapshot:
        """The whole state as of now; made once per revision."""
        if self._snapshot is None:
            sessions = {record.id: self._freeze(record) for record in self._records.values()}
            persistent = self._dag.owned_by(None)
            self._snapshot = GraphSnapshot(self.epoch, self.revision, persistent, sessions, self._settings.effective())
        return self._snapshot

    def dump(self) -> bytes:
        """The snapshot as bytes; after one session changed, only that session is encoded anew."""
        if self._dumped is None:
            blobs = [self._seal(record) for record in self._records.values()]
            persistent = self._dag.owned_by(None)
            self._dumped = assemble_snapshot(self.epoch, self.revision, persistent, self._settings.effective(), blobs)
        return self._dumped

    def _seal(self, record: Record) -> bytes:
        if record.sealed is None:
            metadata = record.sealed_metadata or None
            record.sealed = encode_session(record.id, self._freeze(record), metadata)
        return record.sealed

    def _freeze(self, record: Record) -> SnapshotSession:
        if record.frozen is None:
            owned = self._dag.owned_by
            record.frozen = SnapshotSession(
                record.name,
                record.peer,
                record.since,
                owned((record.id, "")),
                {scope: owned((record.id, scope)) for scope in sorted(record.scopes)},
                tuple(sorted(record.endpoints.values(), key=lambda endpoint: endpoint.id)),
                record.metadata,
            )
        return record.frozen

    # -- deciding --------------------------------------------------------------------------------------------

    def decide(self, session: UUID | None, command: ask.Command[R]) -> Decision[R]:
        """Do what *command* says for *session* (None: the graph's own process), or raise and change nothing."""
        draft = Draft()
        record = self._sender(session, command)
        by = self._author(record, command)
        answer = _TABLE[type(command)](self, record, command, draft)
        change = draft.seal(self.epoch, self.revision + 1, self._now(), *by)
        if change is not None:
            self.revision += 1
            self._snapshot = self._dumped = None
            if record is not None:
                record.frozen = record.sealed = None
        return Decision(self._answer(answer), change)

    def _sender(self, session: UUID | None, command: ask.Command[Any]) -> Record | None:
        if session is None:
            return None
        if isinstance(command, ask.Open):
            return Record(session, command.name, command.peer, self._now())
        if session not in self._records:
            # The fence: what an ended session still had queued changes nothing.
            raise SessionEnded(str(session))
        return self._records[session]

    def _author(self, record: Record | None, command: ask.Command[Any]) -> tuple[UUID | None, str]:
        if isinstance(command, ask.End) and command.by in self._records:
            record = self._records[command.by]
        return (record.id, record.name) if record else (None, "")

    def _answer(self, answer: Any) -> Any:
        if isinstance(answer, _Outcomes):
            return tuple(EdgeResult(e, o, self.revision) for e, o in zip(*answer.both, strict=True))
        return answer

    # -- sessions --------------------------------------------------------------------------------------------

    def _open(self, record: Record, command: ask.Open, draft: Draft) -> None:
        bounds.check_name(record.name)
        bounds.check("sessions", self._limits, len(self._records) + 1)
        self._records[record.id] = record
        draft.started.append(Started(record.id, record.name, record.peer, record.since))

    def _end(self, record: Record, command: ask.End, draft: Draft) -> None:
        self._release_holders(record, record.holders(), draft)
        self._forget_addresses(record, record.owned_addresses())
        self._forget_settings(record, record.owned_addresses() | record.reported.keys(), draft)
        self._metadata_bytes -= len(record.sealed_metadata)
        del self._records[record.id]
        draft.ended.append(Ended(record.id, record.name, command.reason))

    # -- edges -----------------------------------------------------------------------------------------------

    def _connect(self, record: Record | None, command: ask.Connect, draft: Draft) -> "_Outcomes":
        edges = [check_edge(*edge) for edge in command.edges]
        holder = self._holder(record, command)
        bounds.check_edges(self._limits, record if holder else None, len(self._dag), edges)
        outcomes = self._dag.add_edges(edges, holder)
        both = list(zip(edges, outcomes, strict=True))
        gained = [edge for edge, outcome in both if outcome is not Outcome.ALREADY_OWNED]
        draft.gain(holder, gained, [edge for edge, outcome in both if outcome])
        if record is not None and holder is not None:
            record.held += len(gained)
        return _Outcomes((edges, outcomes))

    def _disconnect(self, record: Record | None, command: ask.Disconnect, draft: Draft) -> "_Outcomes":
        edges = [check_edge(*edge) for edge in command.edges]
        holder = self._holder(record, command)
        outcomes = self._dag.remove_edges(edges, holder)
        both = list(zip(edges, outcomes, strict=True))
        lost = [edge for edge, outcome in both if outcome is not Outcome.NOT_OWNER]
        draft.lose(holder, lost, [edge for edge, outcome in both if outcome])
        if record is not None and holder is not None:
            record.held -= len(lost)
        return _Outcomes((edges, outcomes))

    def _clear(self, record: Record, command: ask.Clear, draft: Draft) -> None:
        self._check_scope(record, command.scope)
        self._release_holders(record, record.holders(command.scope), draft)

    def _open_scope(self, record: Record, command: ask.OpenScope, draft: Draft) -> None:
        parent, _, name = command.scope.rpartition("/")
        self._check_scope(record, parent)
        if command.scope in record.scopes or not name.strip():
            raise ScopeTaken(command.scope)
        check_topic(name)
        bounds.check("topic_length", self._limits, len(command.scope))
        bounds.check("scopes_per_session", self._limits, len(record.scopes) + 1)
        record.scopes.add(command.scope)
        draft.scopes.append(ScopeChanged(record.id, command.scope, True))

    def _close_scope(self, record: Record, command: ask.CloseScope, draft: Draft) -> None:
        if not command.scope:
            raise UnknownScope(command.scope)
        self._check_scope(record, command.scope)
        holders = record.holders(command.scope)
        self._release_holders(record, holders, draft)
        for _, path in holders:
            record.scopes.discard(path)
            draft.scopes.append(ScopeChanged(record.id, path, False))

    def _holder(self, record: Record | None, command: ask.Connect | ask.Disconnect) -> Holder:
        if record is None or command.persistent:
            return None
        self._check_scope(record, command.scope)
        return record.id, command.scope

    def _check_scope(self, record: Record, scope: str) -> None:
        if scope and scope not in record.scopes:
            raise UnknownScope(scope)

    def _release_holders(self, record: Record, holders: list[tuple[UUID, str]], draft: Draft) -> None:
        for holder in holders:
            removal = self._dag.remove_owner(holder)
            record.held -= len(removal.removed) + len(removal.released)
            draft.lose(holder, removal.removed + removal.released, removal.removed)

    # -- metadata, endpoints, settings -----------------------------------------------------------------------

    def _register(self, record: Record, command: ask.Register, draft: Draft) -> None:
        components = command.metadata.components if command.metadata else {}
        self._check_addresses(record, components)
        encoded = encode_metadata(command.metadata)
        bounds.check_metadata(self._limits, record, encoded, self._metadata_bytes)
        gone = record.owned_addresses() - components.keys()
        self._forget_addresses(record, gone)
        self._forget_settings(record, gone, draft)
        self._addresses.update(dict.fromkeys(components, record.id))
        self._keep_metadata(record, command.metadata, encoded)
        draft.metadata.append(MetadataChanged(record.id, command.metadata))
        self._seed(record, draft)

    def _keep_metadata(self, record: Record, metadata: GraphMetadata | None, encoded: bytes) -> None:
        self._metadata_bytes += len(encoded) - len(record.sealed_metadata)
        record.metadata, record.sealed_metadata = metadata, encoded

    def _check_addresses(self, record: Record, addresses: dict[str, Any]) -> None:
        taken = [a for a in addresses if self._addresses.get(a, record.id) != record.id]
        if taken:
            raise AddressTaken(tuple((a, self._records[self._addresses[a]].name) for a in sorted(taken)))

    def _seed(self, record: Record, draft: Draft) -> None:
        components = record.metadata.components if record.metadata else {}
        for address, component in components.items():
            if component.initial_settings is None and self._settings.unseed(address):
                draft.settings.append(SettingChanged(address, self._settings.get(address)))
            if component.initial_settings is not None:
                readable = component.initial_settings.readable
                value = SettingValue(readable, record.id, False, self.revision + 1, self._now())
                if self._settings.seed(address, value):
                    draft.settings.append(SettingChanged(address, value))

    def _report(self, record: Record, command: ask.ReportSettings, draft: Draft) -> None:
        self._check_reporter(record, command.address)
        size = bounds.check_settings(self._limits, record, command.address, command.readable, self._settings_bytes)
        value = SettingValue(command.readable, record.id, True, self.revision + 1, self._now())
        self._settings_bytes += size - record.reported.get(command.address, 0)
        record.settings_bytes += size - record.reported.get(command.address, 0)
        record.reported[command.address] = size
        self._settings.report(command.address, value)
        draft.settings.append(SettingChanged(command.address, value))

    def _check_reporter(self, record: Record, address: str) -> None:
        """A component's settings are reported by the session that declared it, or by the one it delegated this to."""
        holder = self._addresses.get(address)
        if holder is None:
            raise UnknownComponent(address)
        if record.id not in (holder, self._records[holder].delegates.get(address)):
            raise AddressTaken(((address, self._records[holder].name),))

    def _delegate(self, record: Record, command: ask.Delegate, draft: Draft) -> None:
        if self._addresses.get(command.address) != record.id:
            raise UnknownComponent(command.address)
        record.delegates[command.address] = command.session

    def _forget_addresses(self, record: Record, addresses: frozenset[str]) -> None:
        for address in addresses:
            del self._addresses[address]
            record.delegates.pop(address, None)

    def _forget_settings(self, record: Record, addresses: frozenset[str] | set[str], draft: Draft) -> None:
        for address in self._settings.forget(record.id, addresses):
            draft.settings.append(SettingChanged(address, self._settings.get(address)))
        for address in record.reported.keys() & addresses:
            size = record.reported.pop(address)
            self._settings_bytes -= size
            record.settings_bytes -= size

    def _open_endpoint(self, record: Record, command: ask.OpenEndpoint, draft: Draft) -> Endpoint:
        bounds.check("endpoints_per_session", self._limits, len(record.endpoints) + 1)
        bounds.check("topic_length", self._limits, max(len(command.topic), len(command.message_type)))
        endpoint = Endpoint(
            record.next_endpoint,
            check_topic(command.topic),
            command.direction,
            command.message_type,
            command.leaky,
            command.max_queue,
        )
        record.next_endpoint += 1
        record.endpoints[endpoint.id] = endpoint
        draft.endpoints.append(EndpointChanged(record.id, endpoint, True))
        return endpoint

    def _close_endpoint(self, record: Record, command: ask.CloseEndpoint, draft: Draft) -> None:
        endpoint = record.endpoints.pop(command.endpoint, None)
        if endpoint is not None:
            draft.endpoints.append(EndpointChanged(record.id, endpoint, False))


@attrs.frozen
class _Outcomes:
    """Edges and their outcomes, on the way to results that carry the revision."""

    both: tuple[list[Edge], tuple[Outcome, ...]]


_TABLE: Final[dict[type, Callable[[Ledger, Any, Any, Draft], Any]]] = {
    ask.Open: Ledger._open,
    ask.End: Ledger._end,
    ask.Connect: Ledger._connect,
    ask.Disconnect: Ledger._disconnect,
    ask.Clear: Ledger._clear,
    ask.OpenScope: Ledger._open_scope,
    ask.CloseScope: Ledger._close_scope,
    ask.Register: Ledger._register,
    ask.OpenEndpoint: Ledger._open_endpoint,
    ask.CloseEndpoint: Ledger._close_endpoint,
    ask.ReportSettings: Ledger._report,
    ask.Delegate: Ledger._delegate,
}
