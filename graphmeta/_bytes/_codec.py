"""A snapshot as bytes, made of parts that are encoded once and kept.

The outside is a pickle of one record, `SealedSnapshot`, the inside two msgpack blobs per session. After one session
changed, a dump costs that session's blobs; loading derives the rest. This file does not know who asks, or where bytes
go.
"""

from collections.abc import Generator, Iterable, Mapping
from typing import Final
from uuid import UUID

import attrs
import cloudpickle
import msgspec

from graphmeta._errors import InvalidSnapshot
from graphmeta._names import Edge
from graphmeta._pickles._pickles import load_restricted
from graphmeta._records._snapshot import GraphSnapshot, SettingValue, SnapshotSession

from ._at_once import at_once
from ._encoding import Encoding, encode_map_slices
from ._metadata_codec import encode_metadata
from ._sealed import SNAPSHOT_VERSION, SealedSnapshot, Slices

MAX_SNAPSHOT_BYTES: Final = 32 * 1024 * 1024
"""The largest encoded snapshot that is loaded unless the caller says otherwise; 5,000 components take 2 to 10 MB.

What is decoded can take up to some eighty times the room of its encoding, when someone means harm."""

_CLASSES: Final = {("graphmeta", "SealedSnapshot"): SealedSnapshot}
_encode: Final = msgspec.msgpack.Encoder().encode


SessionBlobs = tuple[bytes, bytes]
"""A session without its metadata, and its metadata."""


def encode_session(session_id: UUID, session: SnapshotSession, metadata: bytes | None = None) -> SessionBlobs:
    """Encode one session; *metadata* is what `encode_metadata` made of its metadata, where that was kept."""
    fields = attrs.asdict(session, recurse=False)
    del fields["metadata"]
    return _encode((session_id, fields)), encode_metadata(session.metadata) if metadata is None else metadata


def encode_settings_slices(
    settings: Mapping[str, SettingValue], encoding: Encoding = "msgpack"
) -> Generator[object, None, bytes]:
    """Encode a snapshot's settings, yielding whenever a few values are encoded."""
    return (yield from encode_map_slices(settings, encoding))


def assemble_snapshot(
    epoch: UUID,
    revision: int,
    persistent: tuple[Edge, ...],
    settings: bytes,
    sessions: Iterable[SessionBlobs],
) -> list[bytes]:
    """Make a snapshot of its encoded settings and sessions, in the order given; its bytes are these pieces, joined.

    What is large is a piece of its own, and not copied.
    """
    shared = _encode({"persistent": persistent, "settings": msgspec.Raw(settings)})
    heads, metadata = tuple(zip(*sessions, strict=True)) or ((), ())
    pickled = _Pieces()
    cloudpickle.Pickler(pickled, protocol=5).dump(
        SealedSnapshot(SNAPSHOT_VERSION, epoch.bytes, revision, shared, heads, metadata)
    )
    return pickled.pieces


class _Pieces:
    """The file that a pickler writes to. It writes bytes from 64 KiB on by themselves, as they are."""

    def __init__(self) -> None:
        self.pieces: Final = list[bytes]()

    def write(self, data: bytes) -> None:
        self.pieces.append(data)


def dump_snapshot(snapshot: GraphSnapshot) -> bytes:
    """Encode a whole snapshot; `load_snapshot` is its inverse, in any process that has this package."""
    sessions = [encode_session(session_id, session) for session_id, session in snapshot.sessions.items()]
    settings = at_once(encode_settings_slices(snapshot.settings))
    return b"".join(assemble_snapshot(snapshot.epoch, snapshot.revision, snapshot.persistent, settings, sessions))


def load_snapshot(data: bytes, *, max_bytes: int = MAX_SNAPSHOT_BYTES) -> GraphSnapshot:
    """Decode a snapshot of unknown origin; `InvalidSnapshot` when it is anything else. None of it is run."""
    return _unpickle(data, max_bytes).open()


def load_snapshot_slices(data: bytes, *, max_bytes: int = MAX_SNAPSHOT_BYTES) -> Slices:
    """Decode like `load_snapshot`, a component or a setting at a time: whoever drives it lets others run between.

    Its return value is the snapshot.
    """
    return _unpickle(data, max_bytes).open_slices()


def _unpickle(data: bytes, max_bytes: int) -> SealedSnapshot:
    sealed = load_restricted(data, _CLASSES, max_bytes=max_bytes)
    if not isinstance(sealed, SealedSnapshot):
        raise InvalidSnapshot("it is a pickle of something else")
    return sealed
