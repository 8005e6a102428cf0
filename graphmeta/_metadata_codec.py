"""Metadata to bytes and back, in slices: typed and validated against the records' own annotations.

The outer map is taken apart first and its components are left encoded, so that a large registration need not
be decoded in one go; encoding goes the other way. This file does not know who waits in between.
"""

import gc
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal

import attrs
import msgspec

from ._errors import InvalidMetadata
from ._metadata import SCHEMA_VERSION, CollectionMetadata, GraphMetadata, UnitMetadata, check_version

Encoding = Literal["msgpack", "json"]

MAX_REASON: Final = 300
"""No more characters of a decoder's complaint are handed on."""


def encode_metadata(metadata: GraphMetadata | None) -> bytes:
    """Encode a session's metadata, to be kept and given to `encode_session` until it is replaced."""
    return _encode(metadata)


def encode_metadata_slices(
    metadata: GraphMetadata | None, encoding: Encoding = "msgpack"
) -> Generator[str, None, bytes]:
    """Encode like `encode_metadata`, yielding the address of each component once it is encoded."""
    encode = ENCODERS[encoding]
    if metadata is None:
        return encode(None)
    outside = _Outside(metadata.root_name, schema_version=metadata.schema_version)
    for encoded, components in ((outside.units, metadata.units), (outside.collections, metadata.collections)):
        for address, component in components.items():
            encoded[address] = msgspec.Raw(encode(component))
            yield address
    return encode(outside)


def decode_metadata(data: bytes, encoding: Encoding = "msgpack") -> GraphMetadata:
    """Decode what `encode_metadata` made, or what a peer of unknown intent sent instead.

    Raises `InvalidMetadata`, the sender is to blame. Takes some 15 µs a unit; `decode_metadata_slices` takes them
    in turns.
    """
    slices = decode_metadata_slices(data, encoding)
    with _no_collections():
        while True:
            try:
                next(slices)
            except StopIteration as end:
                metadata: GraphMetadata = end.value
                return metadata


def decode_metadata_slices(data: bytes, encoding: Encoding = "msgpack") -> Generator[str, None, GraphMetadata]:
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
_encode: Final = msgspec.msgpack.Encoder().encode
ENCODERS: Final[dict[Encoding, Callable[[object], bytes]]] = {
    "msgpack": _encode,
    "json": msgspec.json.Encoder().encode,
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
