"""The forms in which a message crosses a wire, and the way from a value to bytes and back, by message type.

Pure. At a door a message is msgpack or JSON and is read by its reader's own type. The third form, pickle, is for links
to our own children only; nothing that came in another form is ever read as one.
"""

import enum
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

import attrs
import msgspec

from graphmeta import dump_trusted_pieces, error_words, load_trusted, type_text
from transport import Buffer, Posted

from ._arrays import (
    LARGE,
    LARGE_EXTENSION,
    bin_head,
    crosses_in_place,
    from_extension,
    is_array_type,
    is_scalar_type,
    large_extension,
    to_extension,
)
from ._errors import MessageTypeNotPortable, Unfit
from ._plain import check_depth, from_json_plain, to_json_plain
from ._portable import check_of


class Form(enum.StrEnum):
    """What the bytes of a message are. A text, whose hash is quick: every message asks for it."""

    MSGPACK = "msgpack"
    JSON = "json"
    PICKLE = "pickle"


Pieces = Sequence[Buffer]
"""The bytes of a message, one piece after the other. They may look into its value: whoever keeps them copies them, in
the step that made them."""


@attrs.frozen
class Sealed:
    """A message of a peer at a door on its way to a child of ours: to be read by the child, and never as a pickle."""

    form: Form
    raw: Buffer = attrs.field(repr=False)


class Packing:
    """Values of one message type, to bytes and back."""

    def __init__(self, message_type: Any) -> None:
        self.message_type: Final = message_type
        self._check: Final = check_of(message_type)
        self._decoder: Final = msgspec.msgpack.Decoder(message_type, ext_hook=from_extension, dec_hook=_as_it_is)
        self._in_place: Final = msgspec.msgpack.Decoder(message_type, ext_hook=_array_in_place, dec_hook=_as_it_is)

    def pack(self, value: Any, form: Form) -> bytes:
        """Return the bytes of *value*; raises `Unfit` when it would not arrive as it is."""
        try:
            self._check(value)
            return _ENCODE[form](value)
        except Exception as error:
            raise as_unfit(error) from None

    def pieces(self, value: Any) -> Pieces:
        """Return the same in msgpack, piece by piece: large bytes, and the cells of a large array, where they are."""
        try:
            self._check(value)
            if type(value) is bytes:
                return (bin_head(len(value)), value) if len(value) >= LARGE else (_encoder.encode(value),)
            if is_array_type(type(value)) and value.nbytes >= LARGE:
                return large_extension(value)
            return (_encoder.encode(value),)
        except Exception as error:
            raise as_unfit(error) from None

    def unpack(self, raw: Buffer, form: Form) -> Any:
        """Return the value of bytes that came from anybody; raises `Unfit` when they are no such value.

        What it takes was weighed where it came in.
        """
        try:
            value = self._decoder.decode(raw) if form is Form.MSGPACK else self._from_json(raw)
            check_depth(value)
            return value
        except Exception as error:
            raise as_unfit(error) from None

    def open(self, raw: bytes | Posted) -> Any:
        """Return the value of msgpack that came from our server; raises `Unfit`.

        The arrays of a large message lie where it came, for as long as somebody has them.
        """
        try:
            value = self._in_place.decode(raw.lease()) if isinstance(raw, Posted) else self._decoder.decode(raw)
            check_depth(value)
            return value
        except Exception as error:
            raise as_unfit(error) from None

    def _from_json(self, raw: Buffer) -> Any:
        plain = from_json_plain(msgspec.json.decode(raw))
        kept = (bytes, bytearray, memoryview)
        return msgspec.convert(plain, self.message_type, builtin_types=kept, str_keys=True, dec_hook=_as_it_is)


def as_unfit(error: Exception) -> Unfit:
    """Return why a value does not fit, from what went wrong: values, validators and pickles raise what they like."""
    if isinstance(error, Unfit):
        return error
    if isinstance(error, MessageTypeNotPortable):
        return Unfit(f"{error.type}: {error.reason}")
    # Not by `str`: that is code of the same values, and what it says may be no text that a wire can carry.
    return Unfit(error_words(error))


def packing_of(topic: str, message_type: Any) -> Packing:
    """Return the packing of a type, made once; raises `MessageTypeNotPortable` when it would lose something."""
    try:
        return _packing(object if message_type is None else message_type)
    except (Unfit, TypeError) as error:  # TypeError: it cannot even be hashed, or decoded into
        raise MessageTypeNotPortable(topic, type_text(message_type), str(error)) from None


@lru_cache(maxsize=1024)
def _packing(message_type: Any) -> Packing:
    return Packing(message_type)


def transcode(raw: Buffer, source: Form, target: Form) -> bytes:
    """Say a message of a peer at a door in another form, without its type; raises `Unfit`."""
    if target is Form.PICKLE:
        return b"".join(seal_trusted(Sealed(source, raw)))
    try:
        return _ENCODE[target](_ANYTHING.unpack(raw, source))
    except Exception as error:
        raise as_unfit(error) from None


def seal_trusted(value: Any) -> Pieces:
    """Pickle a value for a child or a parent of ours; a large array is quicker said in msgpack. Raises `Unfit`."""
    try:
        if is_array_type(type(value)) and crosses_in_place(value):
            return large_extension(value)
        return dump_trusted_pieces(value)
    except Exception as error:
        raise as_unfit(error) from None


def open_trusted(raw: Buffer | Posted, message_type: Any) -> Any:
    """Read what came over a link to a child or a parent of ours, and give *raw* away; raises `Unfit`.

    The arrays of a large message lie where it came, for as long as somebody has them.
    """
    try:
        data = raw.lease() if isinstance(raw, Posted) else raw
        if data[0] == LARGE_EXTENSION:
            return _array.decode(data)
        value = load_trusted(data)
        if isinstance(value, Sealed):
            return packing_of("", message_type).unpack(value.raw, value.form)
        return value
    except Exception as error:
        raise as_unfit(error) from None


def _as_it_is(cls: Any, value: Any) -> Any:
    """Take what an extension made; msgspec looks whether it is of the class that the type names."""
    return value


def _array_in_place(code: int, body: memoryview) -> Any:
    return from_extension(code, body, in_place=True)


def _extension(value: Any) -> Any:
    if is_array_type(type(value)) or is_scalar_type(type(value)):
        return to_extension(value)
    raise Unfit(f"{type(value).__qualname__} is no part of a message")


def _to_json(value: Any) -> bytes:
    # By way of msgpack, which knows everything that a type can say.
    return msgspec.json.encode(to_json_plain(_plain_decoder.decode(_encoder.encode(value))))


_array: Final = msgspec.msgpack.Decoder(ext_hook=_array_in_place)
_plain_decoder: Final = msgspec.msgpack.Decoder(ext_hook=from_extension)
_encoder: Final = msgspec.msgpack.Encoder(enc_hook=_extension)

_ENCODE: Final[dict[Form, Callable[[Any], bytes]]] = {Form.MSGPACK: _encoder.encode, Form.JSON: _to_json}

_ANYTHING: Final = Packing(Any)
