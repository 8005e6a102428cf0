"""Snapshots as plain data, for clients in any language: metadata, the largest part, is encoded once per registration.

In slices, so that nobody waits for somebody else's snapshot. Knows nothing of who asks.
"""

from typing import Any, Final
from uuid import UUID

import msgspec

from graphmeta import GraphMetadata, GraphSnapshot, encode_metadata_slices, snapshot_twin
from transport import Shared

from ._slices import in_slices


class PlainSnapshots:
    """The snapshots of one graph in JSON, and what of them is kept for the next one."""

    def __init__(self) -> None:
        self._metadata: Final[dict[UUID, tuple[GraphMetadata, Shared]]] = {}
        self._newest: tuple[GraphSnapshot, Shared] | None = None

    async def made_in_slices(self, snapshot: GraphSnapshot) -> Shared:
        """The same as `made`, but what has to be encoded first is encoded in slices."""
        for session_id, session in snapshot.sessions.items():
            if session.metadata is not None and not self._keeps(session_id, session.metadata):
                encoded = await in_slices(encode_metadata_slices(session.metadata, "json"))
                self._metadata[session_id] = (session.metadata, _encoded(session.metadata, encoded))
        return self.made(snapshot)

    def made(self, snapshot: GraphSnapshot) -> Shared:
        """A snapshot as plain data, made once and encoded once per codec for as long as it is the newest."""
        if self._newest is None or self._newest[0] is not snapshot:
            self._newest = (snapshot, Shared(self._twin(snapshot)))
        return self._newest[1]

    def _twin(self, snapshot: GraphSnapshot) -> Any:
        for gone in self._metadata.keys() - snapshot.sessions.keys():
            del self._metadata[gone]
        twin = snapshot_twin(snapshot)
        kept = {
            session_id: msgspec.structs.replace(session, metadata=self._metadata[session_id][1])
            for session_id, session in twin.sessions.items()
            if session.metadata is not None and self._keeps(session_id, session.metadata)
        }
        return msgspec.structs.replace(twin, sessions={**twin.sessions, **kept})

    def _keeps(self, session_id: UUID, metadata: GraphMetadata) -> bool:
        kept = self._metadata.get(session_id)
        return kept is not None and kept[0] is metadata


def _encoded(metadata: GraphMetadata, json: bytes) -> Shared:
    """Metadata whose JSON is there already."""
    shared = Shared(metadata)
    shared.encoded("json", lambda _: json)
    return shared
