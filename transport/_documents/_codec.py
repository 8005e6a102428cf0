"""Documents to bytes and back, in JSON and in msgpack.

Both codecs carry the same objects. Nothing is decoded further than its reader asks for: parameters and
results stay encoded in a `Payload` until somebody names their type. Knows nothing of JSON-RPC, and nothing of
tasks.
"""

import os
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

import attrs
import msgspec

from transport._errors import LimitExceeded, ProtocolError, Undecodable
from transport._link._link import Frame

from ._footprint import decoded_fits, list_fits, map_fits
from ._nesting import PlainBounds, check_numbers, check_plain, has_long_number
from ._pieces import Encoded, Pieces
from ._shapes import is_loose, is_open_ended
from ._shared import Shared

T = TypeVar("T")

LARGE_BYTES: Final = 64 * 1024
"""From here on, to copy what is encoded costs more than to send it in pieces."""
_BIN_32: Final = b"\xc6"
"""msgpack's mark of bytes whose count takes 32 bits."""

_LONGEST_REASON = 500
_NOTHING_SENT = "nothing was sent where a value is needed"
_UNDECODABLE = (msgspec.MsgspecError, ValueError, TypeError, OverflowError, MemoryError)
"""What bytes can make a decoder raise. A record's validator may raise errors of its own besides."""


@attrs.frozen(eq=False)
class Codec:
    """One of the two encodings of a document."""

    name: str
    text: bool
    """Whether its frames are text."""
    _encoder: msgspec.json.Encoder | msgspec.msgpack.Encoder
    _decoder: Callable[[Any], Any] = attrs.field(repr=False)

    def encode(self, document: Any) -> Encoded:
        """Encode a document of plain data, records, `Shared` values and `Pieces`. A TypeError is our caller's bug.

        What is large and encoded already is not copied: then the document is `Pieces`, too.
        """
        # A `Shared` value is encoded inside the encoding of its document.
        outer, _large.found = _large.found, []
        try:
            encoded = self._encoder.encode(document)
            return _with_the_large(encoded, _large.found) if _large.found else encoded
        finally:
            _large.found = outer

    def decode(self, data: Frame | msgspec.Raw, shape: Any) -> Any:
        """Decode into ``shape``; raises `Undecodable`, or what a record's own validator raises."""
        decoder = self._decoder(shape)
        try:
            return decoder.decode(data)
        except RecursionError:
            raise Undecodable("nested too deeply") from None
        except _UNDECODABLE as error:
            raise Undecodable(str(error)[:_LONGEST_REASON]) from None

    def frame(self, encoded: Encoded) -> Frame:
        """Make the frame of an encoded document."""
        return bytes(encoded).decode() if self.text else bytes(encoded)


def _refuse_extension(code: int, _: memoryview) -> Any:
    raise ValueError(f"msgpack extension {code} is not part of the wire")


@lru_cache(maxsize=1024)
def _json_decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


@lru_cache(maxsize=1024)
def _msgpack_decoder(shape: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(shape, ext_hook=_refuse_extension)


class _Large(threading.local):
    """What the document that is being encoded holds in the places that are marked."""

    def __init__(self) -> None:
        self.found: list[Encoded] = []


_large: Final = _Large()
_MARK: Final = os.urandom(16)
"""Stands for something large until the rest of its document is encoded; nobody else can know it."""


def _with_the_large(encoded: bytes, found: list[Encoded]) -> Pieces:
    first, *others = encoded.split(_MARK)
    pieces = [first]
    for large, rest in zip(found, others, strict=True):
        pieces += [large] if isinstance(large, bytes) else large
        pieces.append(rest)
    return Pieces(pieces)


def _placed(encoded: Encoded) -> msgspec.Raw:
    """What is encoded already, for its place in a document."""
    if len(encoded) < LARGE_BYTES:
        return msgspec.Raw(bytes(encoded))
    _large.found.append(encoded)
    return msgspec.Raw(_MARK)


def _json_hook(value: Any) -> Any:
    return bytes(value) if isinstance(value, Pieces) else _placed(_shared(value).encoded("json", JSON.encode))


def _msgpack_hook(value: Any) -> Any:
    if isinstance(value, Pieces):
        return _placed(Pieces([_BIN_32 + len(value).to_bytes(4), *value]))
    return _placed(_shared(value).encoded("msgpack", MSGPACK.encode))


def _shared(value: Any) -> Shared:
    if isinstance(value, Shared):
        return value
    raise TypeError(f"{type(value).__name__} cannot cross the wire")


JSON = Codec("json", True, msgspec.json.Encoder(enc_hook=_json_hook), _json_decoder)
MSGPACK = Codec("msgpack", False, msgspec.msgpack.Encoder(enc_hook=_msgpack_hook), _msgpack_decoder)


def codec_of(frame: Frame) -> Codec:
    """Tell the codec by the kind of frame."""
    return JSON if isinstance(frame, str) else MSGPACK


class Payload(msgspec.Struct, Generic[T], eq=False):  # Every document makes one: nothing is made faster.
    """Parameters, a result or a part of them, still encoded as they came.

    A wire method may ask for one by its annotation, and `Peer.request` by its ``result_type``; whoever gets it
    decodes it when and how it likes.
    """

    _codec: Codec
    _raw: msgspec.Raw | None
    _bounds: PlainBounds

    def __repr__(self) -> str:
        return f"<Payload of {self.size} bytes>"

    def decode(self, shape: type[T]) -> T:
        """Decode into ``shape``, a type. Raises `ProtocolError` if the peer sent something else.

        Raises `LimitExceeded` (``decoded_bytes``) for what would take too much memory.
        """
        try:
            value: T = self.read(shape)
        except Undecodable as error:
            raise ProtocolError(str(error)) from None
        return value

    @property
    def present(self) -> bool:
        """Whether the peer sent anything at all."""
        return self._raw is not None

    @property
    def raw(self) -> msgspec.Raw:
        """What the peer sent, as it came and where it lies. Raises `ProtocolError` if that is nothing."""
        try:
            return self._encoded()
        except Undecodable as error:
            raise ProtocolError(str(error)) from None

    @property
    def encoded(self) -> bytes:
        """A copy of what the peer sent. Raises `ProtocolError` if that is nothing."""
        return bytes(self.raw)

    @property
    def size(self) -> int:
        """How many bytes it takes, encoded."""
        return 0 if self._raw is None else memoryview(self._raw).nbytes

    def fields(self) -> "dict[str, Payload[Any]]":
        """Take a map apart and leave its values encoded. Raises `ProtocolError` if it is none."""
        try:
            self._check(map_fits)
            parts = self._codec.decode(self._encoded(), dict[str, msgspec.Raw])
        except Undecodable as error:
            raise ProtocolError(str(error)) from None
        return {name: self.part(raw) for name, raw in parts.items()}

    def items(self, shape: Any = msgspec.Raw) -> list[Any]:
        """Take a list apart; its items stay encoded, or are of a flat type. Raises `ProtocolError` if it is none."""
        try:
            self._check(list_fits)
            items: list[Any] = self._codec.decode(self._encoded(), list[shape])
        except Undecodable as error:
            raise ProtocolError(str(error)) from None
        return items

    def part(self, raw: msgspec.Raw) -> "Payload[Any]":
        """Wrap what was left encoded inside this."""
        return Payload(self._codec, raw, self._bounds)

    def read(self, shape: Any) -> Any:
        if shape is Payload:
            return self
        open_ended = is_open_ended(shape)
        if open_ended:
            self._check(decoded_fits)
        if self._raw is None:
            raise Undecodable(_NOTHING_SENT)
        value = self._codec.decode(self._raw, shape)
        if open_ended and is_loose(shape):
            check_plain(value, self._bounds.nesting)
        if self._codec.text and has_long_number(bytes(self._encoded())):
            check_numbers(value)
        return value

    def _encoded(self) -> msgspec.Raw:
        if self._raw is None:
            raise Undecodable(_NOTHING_SENT)
        return self._raw

    def _check(self, fits_into: Callable[..., bool]) -> None:
        most = self._bounds.decoded_bytes
        if not fits_into(memoryview(self._encoded()), most, text=self._codec.text):
            raise LimitExceeded("decoded_bytes", most)
