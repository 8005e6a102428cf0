"""Changes to bytes and back: typed against the records' own annotations, checked, and in slices where one is large.

A registration of thousands of components is one change. What is large in it is left encoded at first, and decoded
component by component. This file does not know who waits in between.
"""

from collections.abc import Generator, Iterable, Mapping
from typing import Final, TypeVar
from uuid import UUID

import attrs
import msgspec

from graphmeta._errors import GraphError, InvalidChange
from graphmeta._names import Edge
from graphmeta._records._changes import (
    Change,
    EndpointChanged,
    MetadataChanged,
    Ownership,
    ScopeChanged,
    SessionEnded,
    SessionStarted,
    SettingChanged,
)
from graphmeta._records._metadata import GraphMetadata

from ._metadata_codec import decode_metadata_slices, encode_metadata

MAX_REASON: Final = 300
"""No more characters of a decoder's complaint are handed on."""

UNKNOWN: Final = -1
"""The revision of a change that cannot be read."""

T = TypeVar("T")
Slices = Generator[object, None, T]
"""Decodes a little each time it is asked; its return value is the whole."""


def encode_change(change: Change, metadata: Mapping[UUID, bytes], settings: bytes | None = None) -> list[bytes]:
    """Encode one change; *metadata* is what it says of sessions and *settings* its settings, where that was encoded.

    Its bytes are these pieces, joined: what was encoded is a piece as it is, and not copied.
    """
    fields = attrs.asdict(change, recurse=False)
    del fields["metadata"], fields["settings"]
    # Two more fields follow: all that msgpack says of a map is how many there are, in its first byte up to fifteen.
    head = bytearray(_encode(fields))
    head[0] += 2
    pieces = [bytes(head), _SETTINGS, _encode(change.settings) if settings is None else settings]
    pieces += [_METADATA, _encode((None,) * len(change.metadata))[: -len(change.metadata) or None]]
    for each in change.metadata:
        session = _encode({"session": each.session})
        pieces += [_TWO_FIELDS + session[1:], _METADATA, metadata.get(each.session) or encode_metadata(each.metadata)]
    return pieces


def encode_changes(changes: Iterable[Change]) -> bytes:
    """Encode changes that follow each other."""
    return _encode(tuple(changes))


def decode_changes_slices(data: bytes) -> Slices[tuple[Change, ...]]:
    """Decode what `encode_changes` made, a component or a setting at a time. `InvalidChange` for anything else."""
    changes = []
    for raw in _decoded(_many_decoder, data):
        changes.append((yield from decode_change_slices(raw)))
    return tuple(changes)


def decode_change_slices(data: bytes | msgspec.Raw) -> Slices[Change]:
    """Decode one change, a component or a setting at a time. `InvalidChange` when it is none."""
    sealed = _decoded(_change_decoder, data)
    metadata = []
    for described in sealed.metadata:
        metadata.append(MetadataChanged(described.session, (yield from _metadata(described.metadata))))
        yield described.session
    settings = []
    for raw in sealed.settings:
        settings.append(_decoded(_setting_decoder, raw))
        yield raw
    fields = {name: getattr(sealed, name) for name in sealed.__struct_fields__}
    return Change(**{**fields, "metadata": tuple(metadata), "settings": tuple(settings)})


def _metadata(raw: msgspec.Raw) -> Slices[GraphMetadata | None]:
    return None if raw == _NONE else (yield from decode_metadata_slices(raw))


class _Described(msgspec.Struct):
    """`MetadataChanged` with its metadata still encoded."""

    session: UUID
    metadata: msgspec.Raw


class _Sealed(msgspec.Struct):
    """`Change` with what is large in it still encoded."""

    epoch: UUID
    revision: int
    at: float
    by: UUID | None
    by_name: str
    edges_added: tuple[Edge, ...]
    edges_removed: tuple[Edge, ...]
    ownership: tuple[Ownership, ...]
    started: tuple[SessionStarted, ...]
    ended: tuple[SessionEnded, ...]
    scopes: tuple[ScopeChanged, ...]
    metadata: tuple[_Described, ...]
    endpoints: tuple[EndpointChanged, ...]
    settings: tuple[msgspec.Raw, ...]
    steps: int


_NONE: Final = msgspec.Raw(msgspec.msgpack.encode(None))
_encode: Final = msgspec.msgpack.Encoder().encode
_SETTINGS: Final = _encode("settings")
_METADATA: Final = _encode("metadata")
_TWO_FIELDS: Final = b"\x82"
_many_decoder: Final = msgspec.msgpack.Decoder(tuple[msgspec.Raw, ...])
_change_decoder: Final = msgspec.msgpack.Decoder(_Sealed)
_setting_decoder: Final = msgspec.msgpack.Decoder(SettingChanged)


def _decoded(decoder: msgspec.msgpack.Decoder[T], data: bytes | msgspec.Raw) -> T:
    try:
        return decoder.decode(data)
    except GraphError:  # A record's own complaint says more.
        raise
    except Exception as error:  # msgspec's, or a RecursionError: the bytes are to blame.
        raise InvalidChange(UNKNOWN, f"{error}"[:MAX_REASON] or type(error).__name__) from None
