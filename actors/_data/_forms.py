"""The forms in which a message crosses a wire, and the way from a value to bytes and back, by message type.

Pure. At a door a message is msgpack or JSON and is read by its reader's own type. The third form, pickle, is for links
to our own children only; nothing that came in another form is ever read as one.
"""

import enum
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import attrs
import msgspec

from graphmeta import dump_trusted, load_trusted, type_text
from transport import decoded_fits

from ._arrays import from_extension, is_array_type, is_scalar_type, to_extension
from ._errors import MessageTypeNotPortable, Unfit
from ._plain import check_plain, from_json_plain, to_json_plain
from ._portable import check_of

MOST_DECODED: Final = 256 * 1024 * 1024
"""Bytes that one message may take once decoded, estimated from above."""

_EXTENSION_HEADS: Final = frozenset((0xC7, 0xC8, 0xC9, *range(0xD4, 0xD9)))


class Form(enum.Enum):
    """What the bytes of a message are."""

    MSGPACK = "msgpack"
    JSON = "json"
    PICKLE = "pickle"


@attrs.frozen
class Sealed:
    """A message of a peer at a door on its way to a child of ours: to be read by the child, and never as a pickle."""

    form: Form
    raw: bytes = attrs.field(repr=False)


class Packing:
    """Values of one message type, to bytes and back."""

    def __init__(self, message_type: Any) -> None:
        self.message_type: Final = message_type
        self.check: Final = check_of(message_type)
        self._decoder: Final = msgspec.msgpack.Decoder(message_type, ext_hook=from_extension, dec_hook=_made)
        self._loose: Final = message_type in (object, Any)

    def pack(self, value: Any, form: Form) -> bytes:
        """Return the bytes of *value*; raises `Unfit` when it would not arrive as it is."""
        if form is Form.PICKLE:
            return seal_trusted(value)
        try:
            self.check(value)
            return _PACK[form](value)
        except Unfit:
            raise
        except Exception as error:  # what a record's own attributes raise is theirs to choose
            raise Unfit(_words(error)) from None

    def unpack(self, raw: bytes, form: Form) -> Any:
        """Return the value of bytes that came from anybody; raises `Unfit` when they are no such value."""
        try:
            _check_size(raw, form)
            if form is Form.JSON:
                plain = from_json_plain(msgspec.json.decode(raw))
                return msgspec.convert(plain, self.message_type, builtin_types=_KEPT, str_keys=True, dec_hook=_made)
            value = self._decoder.decode(raw)
            if self._loose:
                check_plain(value)
            return value
        except Unfit:
            raise
        except Exception as error:  # a record's own validator raises what it likes
            raise Unfit(_words(error)) from None


def packing_of(topic: str, message_type: Any) -> Packing:
    """Return the packing of a type, made once; raises `MessageTypeNotPortable` when it would lose something."""
    try:
        return _packing(object if message_type is None else message_type)
    except (Unfit, TypeError) as error:  # TypeError: it cannot even be hashed, or decoded into
        raise MessageTypeNotPortable(topic, type_text(message_type), str(error)) from None


@lru_cache(maxsize=1024)
def _packing(message_type: Any) -> Packing:
    return Packing(message_type)


def transcode(raw: bytes, source: Form, target: Form) -> bytes:
    """Say the same in another form, without a type; raises `Unfit` for what is no plain data."""
    if target is Form.PICKLE:
        return dump_trusted(Sealed(source, raw))
    if source is Form.PICKLE:
        value = load_trusted(raw)
        return packing_of("", type(value)).pack(value, target)
    return _PACK[target](_packing(Any).unpack(raw, source))


def seal_trusted(value: Any) -> bytes:
    """Pickle a value for a child of ours."""
    try:
        return dump_trusted(value)
    except Exception as error:  # pickling runs the value's own code
        raise Unfit(_words(error)) from None


def open_trusted(raw: bytes, topic: str, message_type: Any) -> Any:
    """Read what came over a link to our own parent or child; raises `Unfit`."""
    try:
        value = load_trusted(raw)
    except Exception as error:  # unpickling runs the value's own code
        raise Unfit(_words(error)) from None
    if isinstance(value, Sealed):
        return packing_of(topic, message_type).unpack(value.raw, value.form)
    return value


def _check_size(raw: bytes, form: Form) -> None:
    # A single array has no parts, whatever its cells look like.
    if form is Form.MSGPACK and raw[:1] and raw[0] in _EXTENSION_HEADS:
        return
    if not decoded_fits(raw, MOST_DECODED, text=form is Form.JSON):
        raise Unfit(f"it may take more than {MOST_DECODED} bytes once decoded")


def _made(cls: Any, value: Any) -> Any:
    """Take what the extension made, if it is of the class that the type names; msgspec looks."""
    return value


def _array_hook(value: Any) -> Any:
    if is_array_type(type(value)) or is_scalar_type(type(value)):
        return to_extension(value)
    raise Unfit(f"{type(value).__qualname__} is no part of a message")


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:500]


def _to_json(value: Any) -> bytes:
    return msgspec.json.encode(to_json_plain(_plain_decoder.decode(_encoder.encode(value))))


_KEPT: Final = (bytes, bytearray, memoryview)
"""What plain data has, and JSON has not."""

_plain_decoder: Final = msgspec.msgpack.Decoder(ext_hook=from_extension)
_encoder: Final = msgspec.msgpack.Encoder(enc_hook=_array_hook)

_PACK: Final[dict[Form, Callable[[Any], bytes]]] = {Form.MSGPACK: _encoder.encode, Form.JSON: _to_json}
