"""Snapshots as plain data, for clients in any language: what is large in them is encoded once for each change of it.

In slices, so that nobody waits for somebody else's snapshot. Knows nothing of who asks.
"""

from collections.abc import Callable, Generator
from typing import Any, Final
from uuid import UUID

import msgspec

from actors._graph._slices import in_slices
from graphmeta import (
    Change,
    GraphMetadata,
    GraphSnapshot,
    encode_metadata_slices,
    snapshot_twin,
)
from transport import Shared

from ._encoded_settings import EncodedSettings
from ._newest import Newest


class PlainSnapshots:
    """The snapshots of one graph in JSON, and what of them is kept for the next one."""

    def __init__(self, snapshot: Callable[[], GraphSnapshot], settings: EncodedSettings) -> None:
        self._snapshot: Final = snapshot
        self._newest: Final = Newest[Shared]()
        self._metadata: Final[dict[UUID, tuple[GraphMetadata, Shared]]] = {}
        self._settings: Final = settings

    async def since(self, revision: int) -> Shared:
        """A snapshot of *revision* or later, made once for everybody who waits for it."""
        return await self._newest.since(revision, self._make_newest)

    async def _make_newest(self) -> Shared:
        return await in_slices(self._slices(self._snapshot()))

    def of(self, snapshot: GraphSnapshot) -> Shared:
        """A certain snapshot, in one step; encoded when it is needed, as far as it is not."""
        made = self._newest.of(snapshot.revision)
        return made or self._newest.keep(snapshot.revision, Shared(self._twin(snapshot)))

    def forget(self, change: Change) -> None:
        """Drop what *change* made old, in the same step as everybody else does: then it is let go in slices."""
        self._newest.forget()
        for described in change.metadata:
            self._metadata.pop(described.session, None)
        for ended in change.ended:
            self._metadata.pop(ended.session, None)

    def _slices(self, snapshot: GraphSnapshot) -> Generator[object, None, Shared]:
        for ended in self._metadata.keys() - snapshot.sessions.keys():  # While this was encoded.
            del self._metadata[ended]
        yield from self._settings.slices(snapshot.settings)
        for session_id, session in snapshot.sessions.items():
            if session.metadata is not None and not self._keeps(session_id, session.metadata):
                json = yield from encode_metadata_slices(session.metadata, "json")
                self._metadata[session_id] = (session.metadata, _encoded(session.metadata, json))
            yield session_id
        yield snapshot.edge_owners  # Derived now, and kept.
        return self.of(snapshot)

    def _twin(self, snapshot: GraphSnapshot) -> Any:
        twin = snapshot_twin(snapshot)
        kept = {
            session_id: msgspec.structs.replace(session, metadata=self._metadata[session_id][1])
            for session_id, session in twin.sessions.items()
            if session.metadata is not None and self._keeps(session_id, session.metadata)
        }
        whole = msgspec.structs.replace(twin, sessions={**twin.sessions, **kept})
        settings = self._settings.of(snapshot.settings)
        if settings is not None:
            whole = msgspec.structs.replace(whole, settings=_encoded(snapshot.settings, settings))
        return whole

    def _keeps(self, session_id: UUID, metadata: GraphMetadata) -> bool:
        kept = self._metadata.get(session_id)
        return kept is not None and kept[0] is metadata


def _encoded(value: object, json: bytes) -> Shared:
    """A value whose JSON is there already."""
    shared = Shared(value)
    shared.encoded("json", lambda _: json)
    return shared
