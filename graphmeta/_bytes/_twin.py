"""The shapes that snapshots and changes have in JSON: edges are objects there, named ``from`` and ``to``.

One class for each record that holds edges, of the same name and with the same fields; every other record is
its own twin. From these classes the JSON Schemas are made. This file knows shapes, no text.
"""

from collections.abc import Iterable
from typing import Final, Literal
from uuid import UUID

import attrs
import msgspec

import graphmeta._records._changes as changes
import graphmeta._records._snapshot as records
from graphmeta._errors import InvalidSnapshot
from graphmeta._names import Edge as EdgeRecord
from graphmeta._records._metadata import GraphMetadata
from graphmeta._records._views import Owners

from ._check import checked

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


def _edges_twin(held: Iterable[EdgeRecord]) -> tuple[Edge, ...]:
    return tuple(Edge(*edge) for edge in held)


def snapshot_twin(snapshot: records.GraphSnapshot) -> Snapshot:
    """Return the twin of a snapshot, which msgspec encodes as JSON or msgpack."""
    edges = tuple(OwnedEdge(*edge, owners) for edge, owners in snapshot.edge_owners.items())
    sessions = {session_id: _session_twin(session) for session_id, session in snapshot.sessions.items()}
    return Snapshot(VERSION, snapshot.epoch, snapshot.revision, edges, sessions, snapshot.settings)


def step_twin(step: changes.Change | changes.Resync) -> Change | Resync:
    """Return the twin of a change or a resync, which msgspec encodes as JSON or msgpack."""
    if isinstance(step, changes.Resync):
        return Resync(snapshot_twin(step.snapshot), step.reason)
    fields = attrs.asdict(step, recurse=False)
    for name in ("edges_added", "edges_removed"):
        fields[name] = _edges_twin(fields[name])
    fields["ownership"] = tuple(
        Ownership(each.session, each.scope, _edges_twin(each.gained), _edges_twin(each.lost)) for each in step.ownership
    )
    return Change(**fields)


def _session_twin(session: records.SnapshotSession) -> Session:
    fields = attrs.asdict(session, recurse=False)
    scopes = {scope: _edges_twin(held) for scope, held in session.scopes.items()}
    return Session(**{**fields, "edges": _edges_twin(session.edges), "scopes": scopes})


# -- and back ------------------------------------------------------------------------------------------------


def snapshot_record(twin: Snapshot) -> records.GraphSnapshot:
    """Return a snapshot from its twin, checked; `InvalidSnapshot` when it contradicts itself."""
    owners = {EdgeRecord(edge.from_, edge.to): edge.owners for edge in twin.edges}
    persistent = tuple(edge for edge in owners if None in owners[edge])
    sessions = {session_id: _session_record(session) for session_id, session in twin.sessions.items()}
    snapshot = records.GraphSnapshot(twin.epoch, twin.revision, persistent, sessions, twin.settings)
    if len(owners) < len(twin.edges) or list(snapshot.edge_owners.items()) != list(owners.items()):
        raise InvalidSnapshot("its edges are not those of its sessions, or not in order")
    return checked(snapshot)


def step_record(twin: Change | Resync) -> changes.Change | changes.Resync:
    """Return a change or a resync from its twin."""
    if isinstance(twin, Resync):
        return changes.Resync(snapshot_record(twin.snapshot), twin.reason)
    fields = msgspec.structs.asdict(twin)
    for name in ("edges_added", "edges_removed"):
        fields[name] = _edges_record(fields[name])
    fields["ownership"] = tuple(
        changes.Ownership(each.session, each.scope, _edges_record(each.gained), _edges_record(each.lost))
        for each in twin.ownership
    )
    return changes.Change(**fields)


def _session_record(twin: Session) -> records.SnapshotSession:
    fields = msgspec.structs.asdict(twin)
    scopes = {scope: _edges_record(held) for scope, held in twin.scopes.items()}
    return records.SnapshotSession(**{**fields, "edges": _edges_record(twin.edges), "scopes": scopes})


def _edges_record(twins: Iterable[Edge]) -> tuple[EdgeRecord, ...]:
    return tuple(EdgeRecord(twin.from_, twin.to) for twin in twins)
