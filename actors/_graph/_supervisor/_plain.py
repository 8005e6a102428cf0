"""Snapshots as plain data, for clients in any language: what is large in them is encoded once for each change of it.

In slices, so that nobody waits for somebody else's snapshot. Knows nothing of who asks.
"""

from collections.abc import Callable, Generator, Mapping
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
from ._packed import Says


class PlainSnapshots:
    """The snapshots of one graph in JSON, and what of them is kept for the next one."""

    def __init__(self, snapshot: Callable[[], GraphSnapshot], says: Says, settings: EncodedSettings) -> None:
        self._snapshot: Final = snapshot
        self._says: Final = says
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
        if made is None:
            twin = _twin(snapshot, self._kept_of(snapshot), self._settings.of(snapshot.settings))
            made = self._newest.keep(snapshot.revision, Shared(twin))
        return made

    def forget(self, change: Change) -> None:
        """Drop what *change* made old, in the same step as everybody else does: then it is let go in slices."""
        self._newest.forget()
        for described in change.metadata:
            self._metadata.pop(described.session, None)
        for ended in change.ended:
            self._metadata.pop(ended.session, None)

    def _slices(self, snapshot: GraphSnapshot) -> Generator[object, None, Shared]:
        # Gathered here: of what is kept something may be forgotten before the last of it is made.
        settings = yield from self._settings.slices(snapshot.settings)
        metadata: dict[UUID, Shared] = {}
        for session_id, session in snapshot.sessions.items():
            if session.metadata is not None:
                metadata[session_id] = yield from self._metadata_slices(session_id, session.metadata)
            yield session_id
        yield snapshot.edge_owners  # Derived now, and kept.
        return self._newest.keep(snapshot.revision, Shared(_twin(snapshot, metadata, settings)))

    def _metadata_slices(self, session_id: UUID, metadata: GraphMetadata) -> Generator[object, None, Shared]:
        kept = self._metadata.get(session_id)
        if kept is not None and kept[0] is metadata:
            return kept[1]
        encoded = _encoded(metadata, (yield from encode_metadata_slices(metadata, "json")))
        if self._says(session_id, metadata):  # If not, `forget` has been called for it, and will not be again.
            self._metadata[session_id] = (metadata, encoded)
        return encoded

    def _kept_of(self, snapshot: GraphSnapshot) -> dict[UUID, Shared]:
        return {
            session_id: encoded
            for session_id, (metadata, encoded) in self._metadata.items()
            if session_id in snapshot.sessions and snapshot.sessions[session_id].metadata is metadata
        }


def _twin(snapshot: GraphSnapshot, metadata: Mapping[UUID, Shared], settings: bytes | None) -> Any:
    """A snapshot as plain data, with what of it is encoded already."""
    twin = snapshot_twin(snapshot)
    encoded = {
        session_id: msgspec.structs.replace(twin.sessions[session_id], metadata=shared)
        for session_id, shared in metadata.items()
    }
    whole = msgspec.structs.replace(twin, sessions={**twin.sessions, **encoded})
    if settings is not None:
        whole = msgspec.structs.replace(whole, settings=_encoded(snapshot.settings, settings))
    return whole


def _encoded(value: object, json: bytes) -> Shared:
    """A value whose JSON is there already."""
    shared = Shared(value)
    shared.encoded("json", lambda _: json)
    return shared
