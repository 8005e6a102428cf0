"""A snapshot as bytes, made of parts that are encoded once and kept.

The outside is a pickle of one record, `SealedSnapshot`: a header and one blob per session. The blobs are msgpack,
decoded against the records' own annotations, so that every validator runs on the way in; and whatever a pipeline
pickled (initial settings) stays opaque bytes inside them. After one session changed, a dump costs that session's blob.
Loading derives the rest. This file knows nothing of who asks or where the bytes go.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import attrs
import cloudpickle
import msgspec

from ._errors import InvalidSnapshot
from ._metadata import GraphMetadata
from ._names import Edge
from ._pickles import load_restricted
from ._snapshot import GraphSnapshot, SettingValue, SnapshotSession

SNAPSHOT_VERSION: Final = 1
"""The version of this encoding; a loader takes its own version only."""

MAX_SNAPSHOT_BYTES: Final = 64 * 1024 * 1024
"""The largest encoded snapshot that `load_snapshot` takes unless told otherwise."""

_encode: Final = msgspec.msgpack.Encoder().encode


@attrs.frozen
class SealedSnapshot:
    """An encoded snapshot: what the pickle holds. `open` makes it a `GraphSnapshot`."""

    __module__ = "graphmeta"

    version: int
    epoch: bytes
    revision: int
    shared: bytes
    """msgpack: the persistent edges and the live settings."""
    sessions: tuple[bytes, ...]
    """msgpack, one per session: its id and its record."""

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return SealedSnapshot, (self.version, self.epoch, self.revision, self.shared, self.sessions)

    def open(self) -> GraphSnapshot:
        """Decode everything; raises `InvalidSnapshot`."""
        if self.version != SNAPSHOT_VERSION:
            raise InvalidSnapshot(f"version {self.version!r} where {SNAPSHOT_VERSION} is understood")
        try:
            shared = _shared_decoder.decode(self.shared)
            sessions = dict(_session_decoder.decode(blob) for blob in self.sessions)
            return GraphSnapshot(
                UUID(bytes=self.epoch), self.revision, shared.persistent, sessions, shared.settings
            )
        except Exception as error:
            raise InvalidSnapshot(str(error)) from error


@attrs.frozen
class _Shared:
    """What no session holds."""

    persistent: tuple[Edge, ...]
    settings: dict[str, SettingValue]


_shared_decoder: Final = msgspec.msgpack.Decoder(_Shared)
_session_decoder: Final = msgspec.msgpack.Decoder(tuple[UUID, SnapshotSession])
_CLASSES: Final = {("graphmeta", "SealedSnapshot"): SealedSnapshot}


def encode_metadata(metadata: GraphMetadata | None) -> bytes:
    """Encode a session's metadata, to be kept and handed to `encode_session` until it is replaced."""
    return _encode(metadata)


def encode_session(id: UUID, session: SnapshotSession, metadata: bytes | None = None) -> bytes:  # noqa: A002 - the field's name
    """Encode one session; *metadata* is its metadata as `encode_metadata` gave it, when the caller kept that."""
    blob = encode_metadata(session.metadata) if metadata is None else metadata
    fields = attrs.asdict(session, recurse=False)
    return _encode((id, {**fields, "metadata": msgspec.Raw(blob)}))


def encode_setting(value: SettingValue) -> msgspec.Raw:
    """Encode one live setting, to be kept and handed to `assemble_snapshot` in its place."""
    return msgspec.Raw(_encode(value))


def assemble_snapshot(
    epoch: UUID,
    revision: int,
    persistent: tuple[Edge, ...],
    settings: Mapping[str, SettingValue | msgspec.Raw],
    blobs: Iterable[bytes],
) -> bytes:
    """Put a snapshot's bytes together from the sessions' blobs, in the order given."""
    shared = _encode({"persistent": persistent, "settings": settings})
    sealed = SealedSnapshot(SNAPSHOT_VERSION, epoch.bytes, revision, shared, tuple(blobs))
    return cloudpickle.dumps(sealed, protocol=5)


def dump_snapshot(snapshot: GraphSnapshot) -> bytes:
    """Encode a whole snapshot; `load_snapshot` is its inverse, in any process that has this package."""
    blobs = [encode_session(id, session) for id, session in snapshot.sessions.items()]
    return assemble_snapshot(snapshot.epoch, snapshot.revision, snapshot.persistent, snapshot.settings, blobs)


def load_snapshot(data: bytes, *, max_bytes: int = MAX_SNAPSHOT_BYTES) -> GraphSnapshot:
    """Decode a snapshot of unknown origin; `InvalidSnapshot` when it is anything else, and no code of it is run."""
    sealed = load_restricted(data, _CLASSES, max_bytes=max_bytes)
    if not isinstance(sealed, SealedSnapshot):
        raise InvalidSnapshot("it is a pickle of something else")
    return sealed.open()
