"""One message of several parts as one run of bytes: a pickle, and the large buffers that it left out. Pure.

A pickle begins with 0x80, and what has parts with 0: so both can be told apart. Whoever reads the parts looks into the
very bytes that came; they are copied once, by whoever puts them together.
"""

import struct
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

Buffer = bytes | bytearray | memoryview

_MARK: Final = b"\0"
_HEAD: Final = struct.Struct("<cxxxI")
"""The mark, and how many parts there are; their sizes follow, eight bytes each."""
_GRAIN: Final = 64
"""Each part begins at a multiple of so many bytes, so that no cell of an array lies across two lines of the cache."""


def has_parts(data: Buffer) -> bool:
    """Tell whether *data* is several parts put together."""
    return data[:1] == _MARK


def lay_out(parts: Sequence[Buffer]) -> list[Buffer]:
    """Return what parts are once they are put together, piece by piece; parts are flat buffers of bytes."""
    sizes = [len(part) for part in parts]
    head = _HEAD.pack(_MARK, len(parts)) + struct.pack(f"<{len(parts)}Q", *sizes)
    pieces: list[Buffer] = [head]
    for before, part in zip([head, *parts], parts, strict=False):
        pieces += (bytes(-len(before) % _GRAIN), part)
    return pieces


def split_parts(data: Buffer) -> list[memoryview]:
    """Take apart what `lay_out` put together, without a copy. Raises `ValueError` when it did not."""
    view = memoryview(data)
    sizes = _sizes(view)
    begins = accumulate((_whole(size) for size in sizes), initial=_whole(_HEAD.size + 8 * len(sizes)))
    parts = [view[begin : begin + size] for begin, size in zip(begins, sizes, strict=False)]
    if [len(part) for part in parts] != sizes:
        raise ValueError("parts are missing")
    return parts


def _sizes(view: memoryview) -> list[int]:
    try:
        _, count = _HEAD.unpack_from(view)
        return list(struct.unpack_from(f"<{count}Q", view, _HEAD.size))
    except struct.error:
        raise ValueError("parts are missing") from None


def _whole(size: int) -> int:
    return size + -size % _GRAIN
