"""One accepted change of the graph, and the fresh start of a watcher that lost its place."""

from typing import Final
from uuid import UUID

import attrs

from graphmeta._errors import RevisionGap
from graphmeta._names import Edge

from ._apply import Draft
from ._counted import counted
from ._metadata import GraphMetadata
from ._snapshot import Endpoint, GraphSnapshot, SettingValue
from ._visible import visible

MOST_SAID: Final = 8
"""Parts of a change that its text names one by one."""

_COUNTED: Final = ("scopes", "metadata", "endpoints", "settings")


@attrs.frozen
class Ownership:
    """What one holder of edges gained and lost: a session, one of its scopes, or None (persistent)."""

    session: UUID | None
    scope: str = ""
    """The scope's path; empty: the session itself."""
    gained: tuple[Edge, ...] = ()
    lost: tuple[Edge, ...] = ()


@attrs.frozen
class SessionStarted:
    """A session began."""

    session: UUID
    name: str
    peer: str
    since: float


@attrs.frozen
class SessionEnded:
    """A session ended; everything it owned went in the same change."""

    session: UUID
    name: str
    reason: str


@attrs.frozen
class ScopeChanged:
    """A scope of a session was opened, or closed together with what it held."""

    session: UUID
    scope: str
    opened: bool


@attrs.frozen
class MetadataChanged:
    """A session's metadata was replaced as a whole; None: withdrawn."""

    session: UUID
    metadata: GraphMetadata | None


@attrs.frozen
class EndpointChanged:
    """A publisher or subscriber of a session was opened or closed."""

    session: UUID
    endpoint: Endpoint
    opened: bool


@attrs.frozen
class SettingChanged:
    """The live settings of a component changed; None: they went with the last session that spoke of them."""

    address: str
    value: SettingValue | None


@attrs.frozen
class Change:
    """One step from ``revision - 1`` to ``revision``: everything that one accepted command did.

    A difference between two snapshots takes ``steps`` revisions at once.
    """

    epoch: UUID
    revision: int
    at: float
    """Unix time, seconds."""
    by: UUID | None = None
    """The session that did it; None: the graph's own process."""
    by_name: str = ""
    edges_added: tuple[Edge, ...] = ()
    """Edges that the topology did not have before, sorted."""
    edges_removed: tuple[Edge, ...] = ()
    """Edges that the topology no longer has, sorted."""
    ownership: tuple[Ownership, ...] = ()
    started: tuple[SessionStarted, ...] = ()
    ended: tuple[SessionEnded, ...] = ()
    scopes: tuple[ScopeChanged, ...] = ()
    metadata: tuple[MetadataChanged, ...] = ()
    endpoints: tuple[EndpointChanged, ...] = ()
    settings: tuple[SettingChanged, ...] = ()
    steps: int = 1
    """How many revisions this change takes in; it can be applied when there is at least one."""

    def after(self, snapshot: GraphSnapshot) -> GraphSnapshot:
        """Return the snapshot that follows *snapshot*; `RevisionGap` unless this is the very next change."""
        same_epoch = self.epoch == snapshot.epoch
        if not same_epoch or self.steps < 1 or self.revision != snapshot.revision + self.steps:
            raise RevisionGap(snapshot.revision, self.revision, same_epoch)
        draft = Draft.after(snapshot, self.revision)
        self._open(draft)
        self._alter(draft)
        self._close(draft)
        return draft.finish()

    def __str__(self) -> str:
        """Return a line for people, however much there was."""
        parts = [
            *(f"{start.name} started" for start in self.started),
            *(f"+ {edge}" for edge in self.edges_added),
            *(f"- {edge}" for edge in self.edges_removed),
            *(f"{len(part)} of {name}" for name in _COUNTED if (part := getattr(self, name))),
            *(f"{end.name} ended ({end.reason})" for end in self.ended),
        ]
        more = f", and {len(parts) - MOST_SAID} more" if len(parts) > MOST_SAID else ""
        said = ", ".join(parts[:MOST_SAID]) or "owners"
        return visible(f"revision {self.revision} by {self.by_name or 'the graph'}: {said}{more}")

    # What opens comes first and what closes last: then every holder exists while its edges come and go.

    def _open(self, draft: Draft) -> None:
        for start in self.started:
            draft.start(start.session, start.name, start.peer, start.since)
        for scope in self.scopes:
            if scope.opened:
                draft.open_scope(scope.session, scope.scope)

    def _alter(self, draft: Draft) -> None:
        for holding in self.ownership:
            draft.own(holding.session, holding.scope, holding.gained, holding.lost)
        for described in self.metadata:
            draft.describe(described.session, described.metadata)
        for endpoint in self.endpoints:
            act = draft.open_endpoint if endpoint.opened else draft.close_endpoint
            act(endpoint.session, endpoint.endpoint)
        for setting in self.settings:
            draft.set(setting.address, setting.value)

    def _close(self, draft: Draft) -> None:
        for scope in self.scopes:
            if not scope.opened:
                draft.close_scope(scope.session, scope.scope)
        for end in self.ended:
            draft.end(end.session)


@attrs.frozen
class Resync:
    """The watcher's history is gone: start again from this snapshot."""

    snapshot: GraphSnapshot
    reason: str
    """``history``, ``epoch`` or ``slow``."""

    def after(self, snapshot: GraphSnapshot) -> GraphSnapshot:
        """Return the fresh snapshot, whatever came before."""
        return self.snapshot

    def __str__(self) -> str:
        """Return a line for people."""
        fresh = self.snapshot
        return f"resync ({self.reason}) at revision {fresh.revision}: {counted(len(fresh.sessions), 'session')}"
