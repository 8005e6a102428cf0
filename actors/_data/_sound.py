"""Whether the bytes of a message from a door may be put into a document for others, as they are. Pure.

A message is passed on unopened. So it must be one, and nested so little that a reader gets through it however deep his
stack is already: whoever sends anything else would end the connections of those who listen.
"""

import sys
from typing import Any, Final

import msgspec

from ._errors import Unfit
from ._forms import Form

_SHALLOW: Final = 256
"""Bytes that cannot be nested so deep that anybody's stack is too small."""
_LEVELS: Final = sys.getrecursionlimit() // 2
"""A message is looked at so many levels deep in something else; others read it where the stack is not as empty."""
_STANDS_FOR_ANOTHER: Final = b"\xd7\x03"
"""The beginning of the extension that a connection has for what came beside it."""

_NESTS: Final = frozenset(bytes((head,)) for head in (*range(0x80, 0xA0), *range(0xDC, 0xE0), *b"[{ \t\r\n"))
"""How lists and maps begin: large bytes, texts and arrays need no look."""

_DEEP_INSIDE: Final[dict[Form, tuple[Any, bytes, bytes]]] = {
    Form.MSGPACK: (msgspec.msgpack.Decoder(msgspec.Raw), b"\x91" * _LEVELS, b""),
    Form.JSON: (msgspec.json.Decoder(msgspec.Raw), b"[" * _LEVELS, b"]" * _LEVELS),
}


def check_found(raw: bytes | bytearray, form: Form) -> None:
    """Raise `Unfit` for a message that was found in a document, if it is nested too deeply."""
    if len(raw) > _SHALLOW and raw[:1] in _NESTS:
        _check(raw, form)


def check_unseen(raw: bytearray) -> None:
    """Raise `Unfit` for bytes that nobody has looked at, unless they are one message in msgpack."""
    if raw[:2] == _STANDS_FOR_ANOTHER:
        raise Unfit("it stands for another message")
    _check(raw, Form.MSGPACK)


def _check(raw: bytes | bytearray, form: Form) -> None:
    decoder, before, after = _DEEP_INSIDE[form]
    try:
        decoder.decode(b"".join((before, raw, after)))
    except RecursionError:
        raise Unfit("it is nested too deeply") from None
    except msgspec.MsgspecError as error:
        raise Unfit(f"no message: {error}") from None
