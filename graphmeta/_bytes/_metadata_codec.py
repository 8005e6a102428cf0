"""Metadata to bytes and back, in slices: typed and validated against the records' own annotations.

The outer map is taken apart first and its components are left encoded, so that a large registration need not
be decoded in one go; encoding goes the other way. This file does not know who waits in between.
"""

import gc
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final

import attrs
import msgspec

from graphmeta._errors import InvalidMetadata
from graphmeta._records._metadata import SCHEMA_VERSION, CollectionMetadata, GraphMetadata, UnitMetadata, check_version

from ._at_once import at_once
from ._encoding import FORMS, Encoding, write_map_slices

MAX_REASON: Final = 300
"""No more characters of a decoder's complaint are handed on."""


def encode_metadata(metadata: GraphMetadata | None) -> bytes:
    """Encode a session's metadata, to be kept and given to `encode_session` until it is replaced."""
    return at_once(encode_metadata_slices(metadata))


def encode_metadata_slices(
    metadata: GraphMetadata | None, encoding: Encoding = "msgpack"
) -> Generator[object, None, bytes]:
    """Encode like `encode_metadata`, yielding whenever a few components are encoded."""
    form = FORMS[encoding]
    if metadata is None:
        return form.encode(None)
    out, fields = BytesIO(), attrs.asdict(metadata, recurse=False)
    before = form.head(len(fields))
    for name, value in fields.items():
        out.write(before + form.encode(name) + form.colon)
        if isinstance(value, dict):
            yield from write_map_slices(out, value, form)
        else:
            out.write(form.encode(value))
        before = form.comma
    out.write(form.end)
    return out.getvalue()


def decode_metadata(data: bytes, encoding: Encoding = "msgpack") -> GraphMetadata:
    """Decode what `encode_metadata` made, or what a peer of unknown intent sent instead.

    Raises `InvalidMetadata`, the sender is to blame. Takes some 15 µs a unit; `decode_metadata_slices` takes them
    in turns.
    """
    with _no_collections():
        return at_once(decode_metadata_slices(data, encoding))


def decode_metadata_slices(
    data: bytes | msgspec.Raw, encoding: Encoding = "msgpack"
) -> Generator[str, None, GraphMetadata]:
    """Decode like `decode_metadata`, yielding the address of each component once it is decoded.

    Whoever drives it can let others run there, and stop for good by closing it. Its return value is the whole.
    """
    outside_decoder, unit_decoder, collection_decoder = _DECODERS[encoding]
    outside: _Outside = _decoded(outside_decoder, data, "metadata")
    check_version(outside.schema_version)
    units: dict[str, UnitMetadata] = {}
    collections: dict[str, CollectionMetadata] = {}
    for address, raw in outside.collections.items():
        collections[address] = _decoded(collection_decoder, raw, address)
        yield address
    for address, raw in outside.units.items():
        units[address] = _decoded(unit_decoder, raw, address)
        yield address
    return GraphMetadata(outside.root_name, units, collections, outside.schema_version)


@attrs.frozen
class _Outside:
    """`GraphMetadata` with its components still encoded."""

    root_name: str = ""
    units: dict[str, msgspec.Raw] = attrs.field(factory=dict)
    collections: dict[str, msgspec.Raw] = attrs.field(factory=dict)
    schema_version: int = SCHEMA_VERSION


def _decoders(decoder: Any) -> tuple[Any, Any, Any]:
    return decoder(_Outside), decoder(UnitMetadata), decoder(CollectionMetadata)


_DECODERS: Final[dict[Encoding, tuple[Any, Any, Any]]] = {
    "msgpack": _decoders(msgspec.msgpack.Decoder),
    "json": _decoders(msgspec.json.Decoder),
}
_UNDECODABLE: Final = (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError, MemoryError)
"""What bytes can make a decoder raise."""


def _decoded(decoder: Any, data: bytes | msgspec.Raw, where: str) -> Any:
    try:
        return decoder.decode(data)
    except InvalidMetadata as error:
        raise InvalidMetadata(where[:80], str(error)[:MAX_REASON]) from None
    except _UNDECODABLE as error:
        raise InvalidMetadata(where[:80], f"{error}"[:MAX_REASON] or type(error).__name__) from None


@contextmanager
def _no_collections() -> Iterator[None]:
    """Keep the garbage collector from looking through what is being made, which would take as long as making it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
