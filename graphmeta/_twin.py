"""The shapes that snapshots and changes have in JSON: edges are objects there, named ``from`` and ``to``.

One class for each record that holds edges, of the same name and with the same fields; every other record is
its own twin. From these classes the JSON Schemas are made. This file knows shapes, no text.
"""

from collections.abc import Iterable
from typing import Final, Literal
from uuid import UUID

import attrs
import msgspec

from . import _changes as changes
from . import _snapshot as records
from ._errors import InvalidSnapshot
from ._metadata import GraphMetadata
from ._names import Edge as EdgeRecord
from ._views import Owners

VERSION: Final = 1
"""Of the shapes; a reader takes its own version only."""


class Edge(msgspec.Struct, frozen=True):
    """A directed connection between two topics."""

    from_: str = msgspec.field(name="from")
    to: str


class OwnedEdge(Edge, frozen=True):
    """An edge and the ids of the sessions that own it; null: it is persistent."""

    owners: Owners


class Session(msgspec.Struct, frozen=True):
    """A session and what it holds; ``scopes`` by path."""

    name: str
    peer: str
    since: float
    edges: tuple[Edge, ...]
    scopes: dict[str, tuple[Edge, ...]]
    endpoints: tuple[records.Endpoint, ...]
    metadata: GraphMetadata | None


class Snapshot(msgspec.Struct, frozen=True):
    """The whole graph as of one revision of one epoch. Times are Unix times, in seconds."""

    version: Literal[1]
    epoch: UUID
    revision: int
    edges: tuple[OwnedEdge, ...]
    sessions: dict[UUID, Session]
    settings: dict[str, records.SettingValue]


class Ownership(msgspec.Struct, frozen=True):
    """What one holder gained and lost; no session: persistent edges."""

    session: UUID | None
    scope: str
    gained: tuple[Edge, ...]
    lost: tuple[Edge, ...]


class Change(msgspec.Struct, frozen=True, tag_field="type", tag="change"):
    """One step to ``revision``: everything that one accepted command did."""

    epoch: UUID
    revision: int
    at: float
    by: UUID | None
    by_name: str
    edges_added: tuple[Edge, ...]
    edges_removed: tuple[Edge, ...]
    ownership: tuple[Ownership, ...]
    started: tuple[changes.SessionStarted, ...]
    ended: tuple[changes.SessionEnded, ...]
    scopes: tuple[changes.ScopeChanged, ...]
    metadata: tuple[changes.MetadataChanged, ...]
    endpoints: tuple[changes.EndpointChanged, ...]
    settings: tuple[changes.SettingChanged, ...]
    steps: int


class Resync(msgspec.Struct, frozen=True, tag_field="type", tag="resync"):
    """The watcher's history is gone: start again from this snapshot."""

    snapshot: Snapshot
    reason: str


# -- to the twins --------------------------------------------------------------------------------------------


def edges_twin(held: Iterable[EdgeRecord]) -> tuple[Edge, ...]:
    """Return the twins of some edges."""
    return tuple(Edge(*edge) for edge in held)


def session_twin(session: records.SnapshotSession, metadata: GraphMetadata | msgspec.Raw | None) -> Session:
    """Return the twin of a session; *metadata* may be JSON that was kept."""
    return Session(
        session.name,
        session.peer,
        session.since,
        edges_twin(session.edges),
        {scope: edges_twin(held) for scope, held in session.scopes.items()},
        session.endpoints,
        metadata,  # type: ignore[arg-type]  # Raw is encoded as the JSON that it holds.
    )


def change_twin(change: changes.Change) -> Change:
    """Return the twin of a change."""
    fields = attrs.asdict(change, recurse=False)
    for name in ("edges_added", "edges_removed"):
        fields[name] = edges_twin(fields[name])
    fields["ownership"] = tuple(
        Ownership(each.session, each.scope, edges_twin(each.gained), edges_twin(each.lost)) for each in change.ownership
    )
    return Change(**fields)


# -- and back ------------------------------------------------------------------------------------------------


def edges_record(twins: Iterable[Edge]) -> tuple[EdgeRecord, ...]:
    """Return edges from their twins."""
    return tuple(EdgeRecord(twin.from_, twin.to) for twin in twins)


def snapshot_record(twin: Snapshot) -> records.GraphSnapshot:
    """Return a snapshot from its twin; `InvalidSnapshot` when the edges are not those of the sessions."""
    owners = {EdgeRecord(edge.from_, edge.to): edge.owners for edge in twin.edges}
    persistent = tuple(edge for edge in owners if None in owners[edge])
    sessions = {session_id: _session_record(session) for session_id, session in twin.sessions.items()}
    snapshot = records.GraphSnapshot(twin.epoch, twin.revision, persistent, sessions, twin.settings)
    if len(owners) < len(twin.edges) or list(snapshot.edge_owners.items()) != list(owners.items()):
        raise InvalidSnapshot("its edges are not those of its sessions, or not in order")
    return snapshot


def _session_record(twin: Session) -> records.SnapshotSession:
    scopes = {scope: edges_record(held) for scope, held in twin.scopes.items()}
    return records.SnapshotSession(
        twin.name, twin.peer, twin.since, edges_record(twin.edges), scopes, twin.endpoints, twin.metadata
    )


def change_record(twin: Change) -> changes.Change:
    """Return a change from its twin."""
    fields = msgspec.structs.asdict(twin)
    for name in ("edges_added", "edges_removed"):
        fields[name] = edges_record(fields[name])
    fields["ownership"] = tuple(
        changes.Ownership(each.session, each.scope, edges_record(each.gained), edges_record(each.lost))
        for each in twin.ownership
    )
    return changes.Change(**fields)
