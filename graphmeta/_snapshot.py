"""The whole state of a graph as of one revision, as frozen records.

A snapshot holds ledger state only, so that a replica can equal it: rates, ages and queue depths are not here.
It knows that something can follow it (`Step`), not what.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

import attrs

from ._metadata import GraphMetadata
from ._names import Edge
from ._views import Owners, derive_graph, derive_owners


@attrs.frozen
class Endpoint:
    """A publisher or a subscriber that a session has open on a topic."""

    id: int
    """Unique within its session."""
    topic: str
    direction: str
    """``publisher`` or ``subscriber``."""
    message_type: str
    leaky: bool = False
    max_queue: int = 32


@attrs.frozen
class SettingValue:
    """The live settings of one component, and where they come from."""

    readable: Any
    """JSON-safe plain data, secrets redacted."""
    session: UUID
    """Who said so: the registering session, or the one whose unit reported."""
    reported: bool
    """False: seeded by registration. True: reported by the running unit."""
    revision: int
    at: float
    """Unix time, seconds."""


@attrs.frozen
class SnapshotSession:
    """One session: who it is and what it owns. Edges and endpoints are sorted."""

    name: str
    peer: str
    """Where it comes from: ``local``, or a description of the remote end."""
    since: float
    """Unix time, seconds."""
    edges: tuple[Edge, ...] = ()
    """What the session itself holds; its scopes are apart."""
    scopes: dict[str, tuple[Edge, ...]] = attrs.field(factory=dict)
    """Open scopes by path (``calibration``, ``calibration/inner``), empty ones too."""
    endpoints: tuple[Endpoint, ...] = ()
    metadata: GraphMetadata | None = None

    @property
    def owned(self) -> Iterator[Edge]:
        """Every edge that the session or one of its scopes holds; one that several hold comes as often."""
        yield from self.edges
        for edges in self.scopes.values():
            yield from edges


class Step(Protocol):
    """Whatever can follow a snapshot: a change or a resync."""

    def after(self, snapshot: "GraphSnapshot", /) -> "GraphSnapshot":
        """The snapshot that follows *snapshot*."""


@attrs.frozen
class GraphSnapshot:
    """The graph as of ``revision`` of ``epoch``.

    ``graph`` and ``edge_owners`` are derived when first read, and kept.
    """

    epoch: UUID
    revision: int
    persistent: tuple[Edge, ...] = ()
    """Edges that the owner None holds, sorted."""
    sessions: dict[UUID, SnapshotSession] = attrs.field(factory=dict)
    settings: dict[str, SettingValue] = attrs.field(factory=dict)
    """Live settings by component address."""

    @cached_property
    def edge_owners(self) -> dict[Edge, Owners]:
        """Every edge with the sessions that own it, each once and sorted; None: persistent."""
        return derive_owners(self._holdings())

    @cached_property
    def graph(self) -> dict[str, tuple[str, ...]]:
        """Every topic with the topics that it leads to, sorted."""
        return derive_graph(self.edge_owners)

    def apply(self, *steps: Step) -> "GraphSnapshot":
        """The snapshot after *steps*, each a change or a resync; this one stays as it is.

        Raises `RevisionGap` when a change does not follow, `InvalidChange` when it contradicts what it follows.
        """
        snapshot = self
        for step in steps:
            snapshot = step.after(snapshot)
        return snapshot

    def _holdings(self) -> Iterator[tuple[UUID | None, Iterator[Edge]]]:
        yield None, iter(self.persistent)
        for id, session in self.sessions.items():
            yield id, session.owned
