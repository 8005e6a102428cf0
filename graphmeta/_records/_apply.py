"""The next snapshot in the making: one method for each kind of consequence that a change can have.

Cost: what changes, plus one shallow copy of each mapping that is touched. What does not fit the snapshot before
it is refused, so that a replica never drifts without a word. This file knows snapshots, not changes.
"""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import attrs

from graphmeta._errors import InvalidChange
from graphmeta._names import Edge

from ._frozen import FrozenDict
from ._holding import Held, gain, holds, lose
from ._metadata import GraphMetadata
from ._snapshot import Endpoint, GraphSnapshot, SettingValue, SnapshotSession
from ._views import Owners, renew_graph, renew_owners, sort_owners

FEW: Final = 64
"""Up to so many edges that changed hands, the views are carried on; beyond, deriving them costs no more."""


@attrs.define
class Draft:
    """A snapshot being changed; `finish` freezes it. The one it started from stays as it is."""

    base: GraphSnapshot
    revision: int
    _persistent: Held
    _sessions: dict[UUID, SnapshotSession]
    _settings: dict[str, SettingValue]
    _touched: dict[Edge, set[UUID | None]] = attrs.field(factory=dict)
    """Edges that changed hands, with the owners for whom they did."""

    @classmethod
    def after(cls, base: GraphSnapshot, revision: int) -> "Draft":
        """Start from a copy of *base*."""
        return cls(base, revision, base.persistent, dict(base.sessions), dict(base.settings))

    def finish(self) -> GraphSnapshot:
        """Return the finished snapshot, with the views that the base had read."""
        done = GraphSnapshot(self.base.epoch, self.revision, self._persistent, self._sessions, self._settings)
        if len(self._touched) <= FEW:
            self._carry_views(done)
        return done

    # -- sessions and scopes ---------------------------------------------------------------------------------

    def start(self, session: UUID, name: str, peer: str, since: float) -> None:
        """Begin a session."""
        self._require(session not in self._sessions, f"session {session} starts twice")
        self._sessions[session] = SnapshotSession(name, peer, since)

    def end(self, session: UUID) -> None:
        """End a session, and all that it still holds."""
        self._touch(session, self._session(session).owned)
        del self._sessions[session]

    def open_scope(self, session: UUID, scope: str) -> None:
        """Open a scope, empty."""
        record = self._session(session)
        self._require(scope not in record.scopes, f"scope {scope!r} opens twice")
        scopes = dict(sorted({**record.scopes, scope: ()}.items()))
        self._sessions[session] = attrs.evolve(record, scopes=scopes)

    def close_scope(self, session: UUID, scope: str) -> None:
        """Close a scope, and let go of all that it still holds."""
        record = self._session(session)
        self._touch(session, self._scope(record, scope))
        scopes = {path: held for path, held in record.scopes.items() if path != scope}
        self._sessions[session] = attrs.evolve(record, scopes=scopes)

    # -- what they hold --------------------------------------------------------------------------------------

    def own(self, session: UUID | None, scope: str, gained: Iterable[Edge], lost: Iterable[Edge]) -> None:
        """Let a holder gain and lose edges."""
        self._touch(session, gained)
        self._touch(session, lost)
        if session is None:
            self._persistent = self._exchange(self._persistent, gained, lost)
            return
        record = self._session(session)
        if scope:
            held = self._exchange(self._scope(record, scope), gained, lost)
            self._sessions[session] = attrs.evolve(record, scopes={**record.scopes, scope: held})
        else:
            held = self._exchange(record.edges, gained, lost)
            self._sessions[session] = attrs.evolve(record, edges=held)

    def describe(self, session: UUID, metadata: GraphMetadata | None) -> None:
        """Replace a session's metadata as a whole."""
        self._sessions[session] = attrs.evolve(self._session(session), metadata=metadata)

    def open_endpoint(self, session: UUID, endpoint: Endpoint) -> None:
        """Open a publisher or subscriber."""
        record = self._session(session)
        others = self._endpoints_beside(record, endpoint)
        self._require(len(others) == len(record.endpoints), f"endpoint {endpoint.id} opens twice")
        endpoints = tuple(sorted((*others, endpoint), key=lambda each: each.id))
        self._sessions[session] = attrs.evolve(record, endpoints=endpoints)

    def close_endpoint(self, session: UUID, endpoint: Endpoint) -> None:
        """Close a publisher or subscriber."""
        record = self._session(session)
        others = self._endpoints_beside(record, endpoint)
        self._require(len(others) < len(record.endpoints), f"endpoint {endpoint.id} is not open")
        self._sessions[session] = attrs.evolve(record, endpoints=others)

    def set(self, address: str, value: SettingValue | None) -> None:
        """Replace the live settings of a component; None: they go, if there were any."""
        if value is None:
            self._settings.pop(address, None)
        else:
            self._settings[address] = value

    # -- within ----------------------------------------------------------------------------------------------

    def _session(self, session: UUID) -> SnapshotSession:
        if session not in self._sessions:
            raise InvalidChange(self.revision, f"there is no session {session}")
        return self._sessions[session]

    def _scope(self, record: SnapshotSession, scope: str) -> Held:
        self._require(scope in record.scopes, f"{record.name!r} has no scope {scope!r}")
        return record.scopes[scope]

    def _endpoints_beside(self, record: SnapshotSession, endpoint: Endpoint) -> tuple[Endpoint, ...]:
        return tuple(other for other in record.endpoints if other.id != endpoint.id)

    def _exchange(self, held: Held, gained: Iterable[Edge], lost: Iterable[Edge]) -> Held:
        try:
            return gain(lose(held, lost), gained)
        except KeyError as error:
            edge = tuple(error.args[0])
            raise InvalidChange(self.revision, f"{edge} is gained twice, or lost but not held") from None

    def _require(self, fits: bool, reason: str) -> None:
        if not fits:
            raise InvalidChange(self.revision, reason)

    # -- the views -------------------------------------------------------------------------------------------

    def _touch(self, owner: UUID | None, edges: Iterable[Edge]) -> None:
        for edge in edges:
            self._touched.setdefault(edge, set()).add(owner)

    def _carry_views(self, done: GraphSnapshot) -> None:
        views = vars(self.base)
        if "edge_owners" not in views:
            return
        before: dict[Edge, Owners] = views["edge_owners"]
        now = {edge: self._owners_now(edge, before.get(edge, ())) for edge in self._touched}
        vars(done)["edge_owners"] = FrozenDict(renew_owners(before, now))
        if "graph" in views:
            added = [edge for edge, owners in now.items() if owners and edge not in before]
            removed = [edge for edge, owners in now.items() if not owners and edge in before]
            vars(done)["graph"] = FrozenDict(renew_graph(views["graph"], added, removed))

    def _owners_now(self, edge: Edge, before: Owners) -> Owners:
        maybe = self._touched[edge]
        return sort_owners({*(set(before) - maybe), *(owner for owner in maybe if self._owns(owner, edge))})

    def _owns(self, owner: UUID | None, edge: Edge) -> bool:
        if owner is None:
            return holds(self._persistent, edge)
        return owner in self._sessions and self._sessions[owner].owns(edge)
