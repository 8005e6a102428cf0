"""Whether the bytes of a message from a door may be put into a document for others, as they are. Pure.

A message is passed on unopened. So it must be one, and nested so little that a reader gets through it however deep his
stack is already: whoever sends anything else would end the connections of those who listen.
"""

import sys
from functools import cache
from typing import Any, Final

import msgspec

from ._errors import Unfit
from ._forms import Form

_SHALLOW: Final = 256
"""Bytes that cannot be nested so deep that anybody's stack is too small."""
_MOST_LEVELS: Final = 500
"""How deep a message may be nested: half of the usual stack, since others read it where the stack is not empty."""
_STANDS_FOR_ANOTHER: Final = b"\xd7\x03"
"""The beginning of the extension that a connection has for what came beside it."""

_NESTS: Final = frozenset(bytes((head,)) for head in (*range(0x80, 0xA0), *range(0xDC, 0xE0), *b"[{ \t\r\n"))
"""How lists and maps begin: large bytes, texts and arrays need no look."""

_DECODERS: Final[dict[Form, Any]] = {
    Form.MSGPACK: msgspec.msgpack.Decoder(msgspec.Raw),
    Form.JSON: msgspec.json.Decoder(msgspec.Raw),
}


def is_shallow(raw: bytes | bytearray) -> bool:
    """Whether a message that was found in a document is surely not nested too deeply."""
    return len(raw) <= _SHALLOW or raw[:1] not in _NESTS


def check_found(raw: bytes | bytearray, form: Form) -> None:
    """Raise `Unfit` for a message that was found in a document, if it is nested too deeply."""
    if not is_shallow(raw):
        _check(raw, form)


def check_unseen(raw: bytearray) -> None:
    """Raise `Unfit` for bytes that nobody has looked at, unless they are one message in msgpack."""
    if raw[:2] == _STANDS_FOR_ANOTHER:
        raise Unfit("it stands for another message")
    _check(raw, Form.MSGPACK)


def _check(raw: bytes | bytearray, form: Form) -> None:
    before, after = _around(form, sys.getrecursionlimit())
    try:
        _DECODERS[form].decode(b"".join((before, raw, after)))
    except RecursionError:
        raise Unfit("it is nested too deeply") from None
    except msgspec.MsgspecError as error:
        raise Unfit(f"no message: {error}") from None


@cache
def _around(form: Form, limit: int) -> tuple[bytes, bytes]:
    """Return what a message is looked at inside of, so that no more levels are left to it with this *limit* of stacks.

    Its readers have the usual one, even where this process was told to allow more.
    """
    levels = max(limit - _MOST_LEVELS, limit // 2)
    return (b"\x91" * levels, b"") if form is Form.MSGPACK else (b"[" * levels, b"]" * levels)
