"""The whole state of a graph as of one revision, as frozen records.

A snapshot holds ledger state only, so that a replica can equal it: rates, ages and queue depths are not here.
It knows that something can follow it (`Step`), not what.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Final, Protocol
from uuid import UUID

import attrs

from graphmeta._errors import InvalidEndpoint, InvalidSettings
from graphmeta._names import Edge, check_topic

from ._frozen import FrozenDict
from ._holding import holds
from ._metadata import GraphMetadata
from ._plain import is_plain
from ._views import Graph, Owners, derive_graph, derive_owners

DIRECTIONS: Final = ("publisher", "subscriber")


@attrs.frozen
class Endpoint:
    """A publisher or a subscriber that a session has open on a topic. `InvalidEndpoint` when it cannot be."""

    id: int
    """Unique within its session."""
    topic: str
    direction: str
    """``publisher`` or ``subscriber``."""
    message_type: str
    leaky: bool = False
    max_queue: int = 32

    def __attrs_post_init__(self) -> None:
        check_topic(self.topic)
        if self.direction not in DIRECTIONS:
            raise InvalidEndpoint(self.topic, f"its direction is none of {', '.join(DIRECTIONS)}")
        if self.max_queue < 1:
            raise InvalidEndpoint(self.topic, "its queue holds no message")


@attrs.frozen
class SettingValue:
    """The live settings of one component, and where they come from. `InvalidSettings` unless plain data."""

    readable: Any
    """JSON-safe plain data, secrets redacted."""
    session: UUID
    """Who said so: the registering session, or the one whose unit reported."""
    reported: bool
    """False: seeded by registration. True: reported by the running unit."""
    revision: int
    at: float
    """Unix time, seconds."""

    def __attrs_post_init__(self) -> None:
        if not is_plain(self.readable):
            raise InvalidSettings("", "the readable form is not plain data")


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
    def owned(self) -> frozenset[Edge]:
        """Every edge that the session or one of its scopes holds."""
        return frozenset(self.edges).union(*self.scopes.values())

    def owns(self, edge: Edge) -> bool:
        """Tell whether the session or one of its scopes holds *edge*."""
        return any(holds(held, edge) for held in (self.edges, *self.scopes.values()))


class Step(Protocol):
    """Whatever can follow a snapshot: a change or a resync."""

    def after(self, snapshot: "GraphSnapshot", /) -> "GraphSnapshot":
        """Return the snapshot that follows *snapshot*."""


@attrs.frozen(slots=False)  # The two views are kept in the instance's dict.
class GraphSnapshot:
    """The graph as of ``revision`` of ``epoch``.

    ``graph`` and ``edge_owners`` are derived when first read, and kept. In one process all who ask a graph for a
    revision get the same snapshot: nothing in it can be changed, down to the settings of a component. Its copies can.
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
        return FrozenDict(derive_owners(self._holdings()))

    @cached_property
    def graph(self) -> Graph:
        """Every topic with the topics that it leads to, sorted."""
        return FrozenDict(derive_graph(self.edge_owners))

    def apply(self, *steps: Step) -> "GraphSnapshot":
        """Return the snapshot after *steps*, each a change or a resync; this one stays as it is.

        Raises `RevisionGap` for a change that does not follow, `InvalidChange` for one that contradicts what
        it follows. Costs what the steps change, and a shallow copy of what they touch.
        """
        snapshot = self
        for step in steps:
            snapshot = step.after(snapshot)
        return snapshot

    def _holdings(self) -> Iterator[tuple[UUID | None, Iterable[Edge]]]:
        yield None, self.persistent
        for owner, session in self.sessions.items():
            # In order where that costs nothing: sorting what is in order is quick.
            yield owner, session.owned if session.scopes else session.edges
