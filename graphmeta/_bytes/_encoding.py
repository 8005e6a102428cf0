"""Records to bytes, in msgpack and in JSON; and a large map a few values at a time, so that others can run between.

What a large map becomes is written as it comes: to put thousands of encoded values together at the end would be a long
step of its own. This file knows maps, not what is in them.
"""

from collections.abc import Callable, Generator, Mapping
from io import BytesIO
from itertools import islice
from typing import Final, Literal

import attrs
import msgspec

Encoding = Literal["msgpack", "json"]

_TOGETHER: Final = 15
"""Entries that are encoded in one go, which halves the cost of each; the head of a map of so many is one byte."""


def _msgpack_head(count: int) -> bytes:
    if count < 1 << 4:
        return bytes([0x80 | count])
    return b"\xde" + count.to_bytes(2, "big") if count < 1 << 16 else b"\xdf" + count.to_bytes(4, "big")


def _json_head(_: int) -> bytes:
    return b"{"


@attrs.frozen
class Form:
    """How values and maps look in one encoding."""

    encode: Callable[[object], bytes]
    head: Callable[[int], bytes]
    """Begins a map of so many entries."""
    colon: bytes = b""
    comma: bytes = b""
    end: bytes = b""


FORMS: Final[dict[Encoding, Form]] = {
    "msgpack": Form(msgspec.msgpack.Encoder().encode, _msgpack_head),
    "json": Form(msgspec.json.Encoder().encode, _json_head, b":", b",", b"}"),
}


def write_map_slices(out: BytesIO, values: Mapping[str, object], form: Form) -> Generator[object, None, None]:
    """Write a map, yielding whenever a few of its entries are written."""
    out.write(form.head(len(values)))
    entries, comma = iter(values.items()), b""
    while some := dict(islice(entries, _TOGETHER)):
        out.write(comma + form.encode(some)[1 : -len(form.end) or None])
        comma = form.comma
        yield some
    out.write(form.end)


def encode_map_slices(values: Mapping[str, object], encoding: Encoding) -> Generator[object, None, bytes]:
    """Encode a map, yielding whenever a few of its entries are encoded."""
    out = BytesIO()
    yield from write_map_slices(out, values, FORMS[encoding])
    return out.getvalue()  # Not a copy: what was written is handed over.
