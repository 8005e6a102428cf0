"""Snapshots as bytes for Python clients: made in slices, of parts that are kept for the next one.

A part is a session, or all settings: after one session changed, a snapshot costs that session's part and a copy of the
rest. In slices, so that nobody waits for somebody else's snapshot. Knows nothing of who asks.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Final
from uuid import UUID

from actors._graph._slices import in_slices
from graphmeta import (
    Change,
    GraphMetadata,
    GraphSnapshot,
    SessionBlobs,
    SnapshotSession,
    assemble_snapshot,
    at_once,
    encode_session,
)
from transport import Pieces

from ._encoded_settings import EncodedSettings
from ._newest import Newest

EncodedMetadata = Callable[[Iterable[tuple[UUID, GraphMetadata | None]]], Mapping[UUID, bytes]]
"""Gives what was encoded when it was registered, as far as it is there."""

Says = Callable[[UUID, GraphMetadata | None], bool]
"""Tells whether a session is still there, and says just that of its components."""

Part = tuple[SnapshotSession, SessionBlobs]
"""A session, and the same encoded."""


class PackedSnapshots:
    """The snapshots of one graph as bytes, and what of them is kept for the next one."""

    def __init__(
        self, snapshot: Callable[[], GraphSnapshot], encoded: EncodedMetadata, says: Says, settings: EncodedSettings
    ) -> None:
        self._snapshot: Final = snapshot
        self._encoded: Final = encoded
        self._says: Final = says
        self._newest: Final = Newest[Pieces]()
        self._sessions: Final[dict[UUID, Part]] = {}
        self._settings: Final = settings

    async def since(self, revision: int) -> Pieces:
        """A snapshot of *revision* or later, made once for everybody who waits for it."""
        return await self._newest.since(revision, self._make_newest)

    async def _make_newest(self) -> Pieces:
        return await in_slices(self._slices(self._snapshot()))

    def of(self, snapshot: GraphSnapshot) -> Pieces:
        """A certain snapshot, in one step: for those who must have it before anything else happens."""
        return self._newest.of(snapshot.revision) or at_once(self._slices(snapshot))

    def forget(self, change: Change) -> None:
        """Drop what *change* made old, in the same step as everybody else does: then it is let go in slices."""
        self._newest.forget()
        for described in change.metadata:
            self._sessions.pop(described.session, None)
        for ended in change.ended:
            self._sessions.pop(ended.session, None)

    def _slices(self, snapshot: GraphSnapshot) -> Generator[object, None, Pieces]:
        metadata = self._encoded((session_id, session.metadata) for session_id, session in snapshot.sessions.items())
        settings = yield from self._settings.slices(snapshot.settings)
        blobs: list[SessionBlobs] = []
        for session_id, session in snapshot.sessions.items():
            blobs.append(self._blobs(session_id, session, metadata.get(session_id)))
            yield session_id
        pieces = assemble_snapshot(snapshot.epoch, snapshot.revision, snapshot.persistent, settings, blobs)
        return self._newest.keep(snapshot.revision, Pieces(pieces))

    def _blobs(self, session_id: UUID, session: SnapshotSession, metadata: bytes | None) -> SessionBlobs:
        kept = self._sessions.get(session_id)
        if kept is not None and kept[0] is session:
            return kept[1]
        blobs = encode_session(session_id, session, metadata)
        if self._says(session_id, session.metadata):  # If not, `forget` has been called for it, and will not be again.
            self._sessions[session_id] = (session, blobs)
        return blobs
