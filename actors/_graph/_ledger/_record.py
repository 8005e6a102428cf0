"""What the ledger knows of one session: its own state, and what is kept so that it need not be made again."""

from uuid import UUID

import attrs

from graphmeta import Endpoint, GraphMetadata, SnapshotSession


@attrs.define
class Record:
    """What the ledger knows of one session."""

    id: UUID
    name: str
    peer: str
    since: float
    scopes: set[str] = attrs.field(factory=set)
    endpoints: dict[int, Endpoint] = attrs.field(factory=dict)
    next_endpoint: int = 0
    metadata: GraphMetadata | None = None
    addresses: frozenset[str] = frozenset()
    """Those of the components in it."""
    reported: dict[str, int] = attrs.field(factory=dict)
    """The size in bytes of the settings that it reported, by address."""
    settings_bytes: int = 0
    """The sum of it."""
    delegates: dict[str, UUID] = attrs.field(factory=dict)
    """Which other session reports the settings of a component of this one."""
    held: int = 0
    """Edges that its holders hold, each once for every holder."""
    frozen: SnapshotSession | None = None
    """The record in the next snapshot, until something in it changes."""
    sealed_metadata: bytes = b""
    """The metadata, encoded once per registration; empty before the first."""

    def holders(self, scope: str = "") -> list[tuple[UUID, str]]:
        """The scope and the scopes inside it, innermost first."""
        inside = [path for path in self.scopes if path == scope or path.startswith(scope and scope + "/")]
        paths = sorted({*inside, scope}, key=lambda path: (-path.count("/"), path == "", path))
        return [(self.id, path) for path in paths]
