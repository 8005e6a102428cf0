"""The ledger: the graph, and who owns what. Plain synchronous code: a command goes in, a decision comes out.

Nothing here awaits, so no change can be cancelled half-way, and nothing here knows of tasks, links or clocks but the
two plain functions it is given. Refusals are raised before anything is touched. Here are the fence, the revisions and
the snapshots; what a command does is decided in the ledger's books: `_edges` and `_components`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import msgspec

from actors._graph._errors import SessionEnded
from graphmeta import (
    DAG,
    Change,
    Endpoint,
    EndpointChanged,
    FrozenDict,
    GraphMetadata,
    GraphSnapshot,
    InvalidEndpoint,
    Seeds,
    SettingValue,
    SnapshotSession,
    check_topic,
)
from graphmeta import SessionEnded as Ended
from graphmeta import SessionStarted as Started
from transport import Limits

from . import _bounds as bounds
from . import _commands as ask
from ._components import ComponentBook
from ._draft import Draft
from ._edges import EdgeBook
from ._pieces import LetGo, let_go_at_once
from ._record import Record

R = TypeVar("R")

BIGGEST_NUMBER: Final = 2**53 - 1
"""The largest integer that every JSON implementation keeps exactly."""


class Decision(msgspec.Struct, Generic[R], eq=False):  # The quickest kind of record: every command makes one.
    """The answer to a command, and the change it made, if any."""

    result: R
    change: Change | None
    measured: int
    """Bytes of metadata and settings in the change, about."""
    seeds: Seeds | None = None
    """Where the settings in the change are those of a registration: they are encoded already."""


class Ledger:
    """The state of one graph. Every entry goes through `decide`."""

    def __init__(self, epoch: UUID, now: Callable[[], float], limits: Limits, let_go: LetGo = let_go_at_once) -> None:
        self.epoch: Final = epoch
        self.revision = 0
        self._now = now
        self._limits: Final = limits
        self._records: dict[UUID, Record] = {}
        self._edges: Final = EdgeBook(limits)
        self._components: Final = ComponentBook(self._records, limits, let_go)
        self._table: Final = self._deciders()
        self._snapshot: GraphSnapshot | None = None

    # -- asking ----------------------------------------------------------------------------------------------

    @property
    def dag(self) -> DAG:
        """The topology, to read."""
        return self._edges.dag

    def records(self) -> Iterator[Record]:
        """Every session, in the order of their start."""
        return iter(self._records.values())

    def record(self, session: UUID) -> Record | None:
        """What is known of a session, or None when it has ended."""
        return self._records.get(session)

    def holder_of(self, address: str) -> UUID | None:
        """The session that declared the component at *address*."""
        return self._components.holders.get(address)

    def addresses(self) -> list[str]:
        """The addresses of all declared components, sorted."""
        return sorted(self._components.holders)

    def settings_hold(self, settings: Mapping[str, SettingValue]) -> bool:
        """Whether *settings*, those of a snapshot, are the live ones of now."""
        return self._components.settings.holds(settings)

    def settings_history(self, address: str) -> tuple[SettingValue, ...]:
        """The last values of a component's settings, oldest first."""
        return self._components.settings.history(address)

    def snapshot(self) -> GraphSnapshot:
        """The whole state as of now; made once per revision."""
        if self._snapshot is None:
            sessions = FrozenDict({record.id: self._freeze(record) for record in self._records.values()})
            persistent = self.dag.owned_by(None)
            self._snapshot = GraphSnapshot(
                self.epoch, self.revision, persistent, sessions, self._components.settings.effective()
            )
        return self._snapshot

    def says(self, session: UUID, metadata: GraphMetadata | None) -> bool:
        """Whether a session has not ended, and what it says of its components is still *metadata*."""
        record = self._records.get(session)
        return record is not None and record.metadata is metadata

    def encoded_metadata(self, said: Iterable[tuple[UUID, GraphMetadata | None]]) -> dict[UUID, bytes]:
        """What is said of sessions' metadata, as it was encoded for their registration; what still holds of it."""
        records = ((self._records.get(session), metadata) for session, metadata in said)
        return {
            record.id: record.sealed_metadata
            for record, metadata in records
            if record is not None and record.metadata is metadata is not None
        }

    def _freeze(self, record: Record) -> SnapshotSession:
        if record.frozen is None:
            owned = self.dag.owned_by
            record.frozen = SnapshotSession(
                record.name,
                record.peer,
                record.since,
                owned((record.id, "")),
                FrozenDict({scope: owned((record.id, scope)) for scope in sorted(record.scopes)}),
                tuple(sorted(record.endpoints.values(), key=lambda endpoint: endpoint.id)),
                record.metadata,
            )
        return record.frozen

    # -- deciding --------------------------------------------------------------------------------------------

    def decide(self, session: UUID | None, command: ask.Command[R]) -> Decision[R]:
        """Do what *command* says for *session* (None: the graph's own process), or raise and change nothing."""
        record = self._sender(session, command)
        draft = Draft(self.revision + 1, self._now(), record)
        answer = self._table[type(command)](record, command, draft)
        change = draft.seal(self.epoch)
        if change is not None:
            self.revision += 1
            self._snapshot = None
            if record is not None:
                record.frozen = None
        return Decision(answer, change, draft.measured, draft.seeds)

    def _deciders(self) -> dict[type, Callable[[Any, Any, Draft], Any]]:
        edges, components = self._edges, self._components
        return {
            ask.Open: self._open,
            ask.End: self._end,
            ask.Connect: edges.connect,
            ask.Disconnect: edges.disconnect,
            ask.Revert: edges.revert,
            ask.Clear: edges.clear,
            ask.OpenScope: edges.open_scope,
            ask.CloseScope: edges.close_scope,
            ask.Register: components.register,
            ask.ReportSettings: components.report,
            ask.Delegate: components.delegate,
            ask.OpenEndpoint: self._open_endpoint,
            ask.CloseEndpoint: self._close_endpoint,
        }

    def _sender(self, session: UUID | None, command: ask.Command[Any]) -> Record | None:
        if session is None:
            return None
        if isinstance(command, ask.Open):
            return Record(session, command.name, command.peer, self._now())
        record = self._records.get(session)
        if record is None:
            # The fence: what an ended session still had queued changes nothing.
            raise SessionEnded(str(session))
        return record

    # -- sessions --------------------------------------------------------------------------------------------

    def _open(self, record: Record, command: ask.Open, draft: Draft) -> None:
        bounds.check_name(record.name)
        bounds.check("sessions", self._limits, len(self._records) + 1)
        self._records[record.id] = record
        draft.started.append(Started(record.id, record.name, record.peer, record.since))

    def _end(self, record: Record, command: ask.End, draft: Draft) -> None:
        draft.by = self._records.get(command.by, record) if command.by else record
        self._edges.release(record, draft)
        self._components.withdraw(record, draft)
        del self._records[record.id]
        draft.ended.append(Ended(record.id, record.name, command.reason))

    # -- endpoints -------------------------------------------------------------------------------------------

    def _open_endpoint(self, record: Record, command: ask.OpenEndpoint, draft: Draft) -> Endpoint:
        topic = check_topic(command.topic)
        bounds.check("endpoints_per_session", self._limits, len(record.endpoints) + 1)
        bounds.check("topic_length", self._limits, max(len(topic), len(command.message_type)))
        endpoint = Endpoint(
            self._endpoint_number(record, command),
            topic,
            command.direction,
            command.message_type,
            command.leaky,
            command.max_queue,
        )
        record.next_endpoint = max(record.next_endpoint, endpoint.id + 1)
        record.endpoints[endpoint.id] = endpoint
        draft.endpoints.append(EndpointChanged(record.id, endpoint, True))
        return endpoint

    @staticmethod
    def _endpoint_number(record: Record, command: ask.OpenEndpoint) -> int:
        if command.number is None:
            return record.next_endpoint
        if not 0 <= command.number <= BIGGEST_NUMBER or command.number in record.endpoints:
            raise InvalidEndpoint(command.topic, f"its number {command.number} is in use, or cannot be")
        return command.number

    def _close_endpoint(self, record: Record, command: ask.CloseEndpoint, draft: Draft) -> None:
        endpoint = record.endpoints.pop(command.endpoint, None)
        if endpoint is not None:
            draft.endpoints.append(EndpointChanged(record.id, endpoint, False))
