"""The whole state of a graph as of one revision, as frozen records.

A snapshot holds ledger state only, so that a replica can equal it: rates, ages and queue depths are not here.
"""

from typing import Any
from uuid import UUID

import attrs

from ._metadata import GraphMetadata
from ._names import Edge


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


@attrs.frozen
class GraphSnapshot:
    """The graph as of ``revision`` of ``epoch``."""

    epoch: UUID
    revision: int
    persistent: tuple[Edge, ...] = ()
    """Edges that the owner None holds, sorted."""
    sessions: dict[UUID, SnapshotSession] = attrs.field(factory=dict)
    settings: dict[str, SettingValue] = attrs.field(factory=dict)
    """Live settings by component address."""
