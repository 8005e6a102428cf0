"""An encoded snapshot, and how it is opened: typed, checked, and in slices.

`SealedSnapshot` is what the pickle of a snapshot holds: a header, and msgpack for the rest, decoded against the
records' own annotations so that every check runs on the way in. What a pipeline pickled (initial settings) stays
opaque bytes inside. This file knows neither pickles nor where the bytes come from.
"""

from collections.abc import Generator
from typing import Any, Final
from uuid import UUID

import attrs
import msgspec

from graphmeta._errors import InvalidSnapshot
from graphmeta._names import Edge
from graphmeta._records._snapshot import Endpoint, GraphSnapshot, SettingValue, SnapshotSession

from ._at_once import at_once
from ._check import checked
from ._metadata_codec import decode_metadata_slices

SNAPSHOT_VERSION: Final = 2
"""The version of this encoding; a reader takes its own version only."""

MAX_REASON: Final = 300
"""No more characters of a decoder's complaint are handed on."""

Slices = Generator[object, None, GraphSnapshot]
"""Decodes a little each time it is asked; its return value is the whole."""


@attrs.frozen(init=False)
class SealedSnapshot:
    """An encoded snapshot, as the pickle holds it; `open` decodes it."""

    __module__ = "graphmeta"

    version: int
    epoch: bytes
    revision: int
    shared: bytes
    """msgpack: the persistent edges and the live settings."""
    sessions: tuple[bytes, ...]
    """msgpack, one per session: its id and its record without its metadata."""
    metadata: tuple[bytes, ...]
    """msgpack, one per session in the same order: its metadata. Apart, because it is large and seldom changes."""

    def __init__(self, version: int, *fields: Any) -> None:
        # First of all: in another version there may be other fields, and as many as these.
        if type(version) is int and version != SNAPSHOT_VERSION:
            raise InvalidSnapshot(f"its version is {version}, this is a reader of {SNAPSHOT_VERSION}")
        self.__attrs_init__(version, *fields)

    def __attrs_post_init__(self) -> None:
        # No value may get into a message: the repr of a few nested tuples can be larger than the memory.
        types = [type(getattr(self, field.name)) for field in attrs.fields(SealedSnapshot)]
        if types != [int, bytes, int, bytes, tuple, tuple] or len(self.sessions) != len(self.metadata):
            raise InvalidSnapshot("its header is malformed")
        if any(type(blob) is not bytes for blob in self.sessions + self.metadata):
            raise InvalidSnapshot("its header is malformed")

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        # Through the constructor: attrs' own way of unpickling skips every check.
        return SealedSnapshot, (self.version, self.epoch, self.revision, self.shared, self.sessions, self.metadata)

    def open(self) -> GraphSnapshot:
        """Decode and check everything; raises `InvalidSnapshot`."""
        return at_once(self.open_slices())

    def open_slices(self) -> Slices:
        """Decode like `open`, a component or a setting at a time."""
        try:
            snapshot = yield from self._decode()
            yield None
            return checked(snapshot)
        except InvalidSnapshot:
            raise
        except Exception as error:  # msgspec's, the records' own, or a RecursionError: the bytes are to blame.
            raise InvalidSnapshot(f"{type(error).__name__}: {error}"[:MAX_REASON]) from error

    def _decode(self) -> Slices:
        shared = _shared_decoder.decode(self.shared)
        settings: dict[str, SettingValue] = {}
        for address, value in shared.settings.items():
            settings[address] = _setting_decoder.decode(value)
            yield address
        sessions: dict[UUID, SnapshotSession] = {}
        for blob, metadata in zip(self.sessions, self.metadata, strict=True):
            session_id, session = _session_decoder.decode(blob)
            sessions[session_id] = yield from session.open(metadata)
        if len(sessions) < len(self.sessions):
            raise InvalidSnapshot("two sessions have the same id")
        return GraphSnapshot(UUID(bytes=self.epoch), self.revision, shared.persistent, sessions, settings)


class _Shared(msgspec.Struct):
    """What no session holds."""

    persistent: tuple[Edge, ...]
    settings: dict[str, msgspec.Raw]


class _Session(msgspec.Struct):
    """`SnapshotSession` without its metadata."""

    name: str
    peer: str
    since: float
    edges: tuple[Edge, ...]
    scopes: dict[str, tuple[Edge, ...]]
    endpoints: tuple[Endpoint, ...]

    def open(self, encoded: bytes) -> Generator[object, None, SnapshotSession]:
        """Decode the metadata, a component at a time."""
        metadata = None if encoded == _NONE else (yield from decode_metadata_slices(encoded))
        return SnapshotSession(self.name, self.peer, self.since, self.edges, self.scopes, self.endpoints, metadata)


_NONE: Final = msgspec.msgpack.encode(None)
_shared_decoder: Final = msgspec.msgpack.Decoder(_Shared)
_session_decoder: Final = msgspec.msgpack.Decoder(tuple[UUID, _Session])
_setting_decoder: Final = msgspec.msgpack.Decoder(SettingValue)
