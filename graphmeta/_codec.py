"""A snapshot as bytes, made of parts that are encoded once and kept.

The outside is a pickle of one record, `SealedSnapshot`: a header and one blob per session. The blobs are
msgpack, decoded against the records' own annotations, so that every validator runs on the way in; whatever
a pipeline pickled (initial settings) stays opaque bytes inside them. After one session changed, a dump
costs that session's blob; loading derives the rest. This file does not know who asks or where bytes go.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import attrs
import cloudpickle
import msgspec

from ._check import checked
from ._errors import InvalidSnapshot
from ._metadata import GraphMetadata
from ._names import Edge
from ._pickles import load_restricted
from ._snapshot import GraphSnapshot, SettingValue, SnapshotSession

SNAPSHOT_VERSION: Final = 1
"""The version of this encoding; a loader takes its own version only."""

MAX_SNAPSHOT_BYTES: Final = 32 * 1024 * 1024
"""The largest encoded snapshot that is loaded unless the caller says otherwise; 5,000 components take 2 to
10 MB.

What is decoded can take up to some eighty times the room of its encoding, when someone means harm."""

_encode: Final = msgspec.msgpack.Encoder().encode


@attrs.frozen
class SealedSnapshot:
    """An encoded snapshot, as the pickle holds it; `open` decodes it."""

    __module__ = "graphmeta"

    version: int
    epoch: bytes
    revision: int
    shared: bytes
    """msgpack: the persistent edges and the live settings."""
    sessions: tuple[bytes, ...]
    """msgpack, one per session: its id and its record."""

    def __attrs_post_init__(self) -> None:
        # No value may get into a message: the repr of a few nested tuples can be larger than the memory.
        types = [type(getattr(self, field.name)) for field in attrs.fields(SealedSnapshot)]
        if types != [int, bytes, int, bytes, tuple] or any(type(blob) is not bytes for blob in self.sessions):
            raise InvalidSnapshot("its header is malformed")

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        # Through the constructor: attrs' own way of unpickling skips every check.
        return SealedSnapshot, (self.version, self.epoch, self.revision, self.shared, self.sessions)

    def open(self) -> GraphSnapshot:
        """Decode and check everything; raises `InvalidSnapshot`."""
        if self.version != SNAPSHOT_VERSION:
            raise InvalidSnapshot(f"its version is {self.version}, this is a reader of {SNAPSHOT_VERSION}")
        try:
            return checked(self._decode())
        except InvalidSnapshot:
            raise
        except Exception as error:  # msgspec's, the records' own, or a RecursionError: the bytes are to blame.
            raise InvalidSnapshot(f"{type(error).__name__}: {error}"[:300]) from error

    def _decode(self) -> GraphSnapshot:
        shared = _shared_decoder.decode(self.shared)
        sessions = dict(_session_decoder.decode(blob) for blob in self.sessions)
        if len(sessions) < len(self.sessions):
            raise InvalidSnapshot("two sessions have the same id")
        return GraphSnapshot(UUID(bytes=self.epoch), self.revision, shared.persistent, sessions, shared.settings)


@attrs.frozen
class _Shared:
    """What no session holds."""

    persistent: tuple[Edge, ...]
    settings: dict[str, SettingValue]


_shared_decoder: Final = msgspec.msgpack.Decoder(_Shared)
_session_decoder: Final = msgspec.msgpack.Decoder(tuple[UUID, SnapshotSession])
_CLASSES: Final = {("graphmeta", "SealedSnapshot"): SealedSnapshot}


def encode_metadata(metadata: GraphMetadata | None) -> bytes:
    """Encode a session's metadata, to be kept and given to `encode_session` until it is replaced."""
    return _encode(metadata)


def encode_session(session_id: UUID, session: SnapshotSession, metadata: bytes | None = None) -> bytes:
    """Encode one session; *metadata* is what `encode_metadata` made of its metadata, where that was kept."""
    blob = encode_metadata(session.metadata) if metadata is None else metadata
    fields = attrs.asdict(session, recurse=False)
    return _encode((session_id, {**fields, "metadata": msgspec.Raw(blob)}))


def assemble_snapshot(
    epoch: UUID,
    revision: int,
    persistent: tuple[Edge, ...],
    settings: Mapping[str, SettingValue],
    blobs: Iterable[bytes],
) -> bytes:
    """Put a snapshot's bytes together from its sessions' blobs, in the order given."""
    shared = _encode({"persistent": persistent, "settings": settings})
    sealed = SealedSnapshot(SNAPSHOT_VERSION, epoch.bytes, revision, shared, tuple(blobs))
    data: bytes = cloudpickle.dumps(sealed, protocol=5)
    return data


def dump_snapshot(snapshot: GraphSnapshot) -> bytes:
    """Encode a whole snapshot; `load_snapshot` is its inverse, in any process that has this package."""
    blobs = [encode_session(session_id, session) for session_id, session in snapshot.sessions.items()]
    return assemble_snapshot(snapshot.epoch, snapshot.revision, snapshot.persistent, snapshot.settings, blobs)


def load_snapshot(data: bytes, *, max_bytes: int = MAX_SNAPSHOT_BYTES) -> GraphSnapshot:
    """Decode a snapshot of unknown origin; `InvalidSnapshot` when it is anything else. None of it is run."""
    sealed = load_restricted(data, _CLASSES, max_bytes=max_bytes)
    if not isinstance(sealed, SealedSnapshot):
        raise InvalidSnapshot("it is a pickle of something else")
    return sealed.open()
