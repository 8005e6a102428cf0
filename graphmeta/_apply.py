"""The next snapshot in the making: one method for each kind of consequence that a change can have.

Cost: what changes, plus one shallow copy of each mapping that is touched. What does not fit the snapshot it is
applied to is refused, so that a replica never drifts without a word. This file knows snapshots, not changes.
"""

from bisect import bisect_left
from collections.abc import Iterable
from uuid import UUID

import attrs

from ._errors import InvalidChange
from ._metadata import GraphMetadata
from ._names import Edge
from ._snapshot import Endpoint, GraphSnapshot, SettingValue, SnapshotSession


@attrs.define
class Draft:
    """A snapshot being changed; `finish` freezes it. The one it started from stays as it is."""

    base: GraphSnapshot
    revision: int
    _persistent: tuple[Edge, ...]
    _sessions: dict[UUID, SnapshotSession]
    _settings: dict[str, SettingValue]

    @classmethod
    def after(cls, base: GraphSnapshot, revision: int) -> "Draft":
        """A draft that starts as a copy of *base*."""
        return cls(base, revision, base.persistent, dict(base.sessions), base.settings)

    def finish(self) -> GraphSnapshot:
        """The finished snapshot."""
        return GraphSnapshot(self.base.epoch, self.revision, self._persistent, self._sessions, self._settings)

    def start(self, id: UUID, name: str, peer: str, since: float) -> None:
        """A session begins."""
        self._require(id not in self._sessions, f"session {id} starts twice")
        self._sessions[id] = SnapshotSession(name, peer, since)

    def end(self, id: UUID) -> None:
        """A session ends, with all that it still holds."""
        self._session(id)
        del self._sessions[id]

    def open_scope(self, id: UUID, scope: str) -> None:
        """A scope opens, empty."""
        scopes = self._session(id).scopes
        self._require(scope not in scopes, f"scope {scope!r} opens twice")
        self._renew(id, scopes=dict(sorted({**scopes, scope: ()}.items())))

    def close_scope(self, id: UUID, scope: str) -> None:
        """A scope closes, with all that it still holds."""
        scopes = dict(self._session(id).scopes)
        self._require(scope in scopes, f"scope {scope!r} is not open")
        del scopes[scope]
        self._renew(id, scopes=scopes)

    def own(self, id: UUID | None, scope: str, gained: Iterable[Edge], lost: Iterable[Edge]) -> None:
        """A holder gains and loses edges."""
        if id is None:
            self._persistent = self._exchange(self._persistent, gained, lost)
        elif not scope:
            self._renew(id, edges=self._exchange(self._session(id).edges, gained, lost))
        else:
            scopes = self._session(id).scopes
            self._require(scope in scopes, f"scope {scope!r} is not open")
            self._renew(id, scopes={**scopes, scope: self._exchange(scopes[scope], gained, lost)})

    def describe(self, id: UUID, metadata: GraphMetadata | None) -> None:
        """A session's metadata is replaced as a whole."""
        self._renew(id, metadata=metadata)

    def open_endpoint(self, id: UUID, endpoint: Endpoint) -> None:
        """A publisher or subscriber opens."""
        endpoints = self._session(id).endpoints
        self._require(all(e.id != endpoint.id for e in endpoints), f"endpoint {endpoint.id} opens twice")
        self._renew(id, endpoints=tuple(sorted((*endpoints, endpoint), key=lambda e: e.id)))

    def close_endpoint(self, id: UUID, endpoint: Endpoint) -> None:
        """A publisher or subscriber closes."""
        endpoints = self._session(id).endpoints
        left = tuple(e for e in endpoints if e.id != endpoint.id)
        self._require(len(left) < len(endpoints), f"endpoint {endpoint.id} is not open")
        self._renew(id, endpoints=left)

    def set(self, address: str, value: SettingValue | None) -> None:
        """The live settings of a component change, or go."""
        if self._settings is self.base.settings:
            self._settings = dict(self._settings)
        if value is None:
            self._settings.pop(address, None)
        else:
            self._settings[address] = value

    def _session(self, id: UUID) -> SnapshotSession:
        self._require(id in self._sessions, f"there is no session {id}")
        return self._sessions[id]

    def _renew(self, id: UUID, **fields: object) -> None:
        self._sessions[id] = attrs.evolve(self._session(id), **fields)

    def _exchange(
        self, edges: tuple[Edge, ...], gained: Iterable[Edge], lost: Iterable[Edge]
    ) -> tuple[Edge, ...]:
        held = list(edges)
        for edge in lost:
            at = bisect_left(held, edge)
            self._require(held[at : at + 1] == [edge], f"{edge} is lost but was not held")
            del held[at]
        for edge in gained:
            at = bisect_left(held, edge)
            self._require(held[at : at + 1] != [edge], f"{edge} is gained twice")
            held.insert(at, edge)
        return tuple(held)

    def _require(self, fits: bool, reason: str) -> None:
        if not fits:
            raise InvalidChange(self.revision, reason)
