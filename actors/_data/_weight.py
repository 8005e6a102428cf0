"""What a message may take once it is decoded: an estimate from above, before anything is decoded. Pure.

A byte of an empty list becomes a hundred, so a small message can be a large graph of objects. Counting bytes that
could begin a container is quick; but the cells of an array look like anything, so a message that fails that count and
has few parts is walked.
"""

from typing import Final

from transport import decoded_fits, surely_fits

from ._errors import Unfit

_MOST_PARTS: Final = 10_000
"""Parts of a message that are walked, one by one."""
_PART: Final = 256
"""Bytes that one part may take besides its own."""

_HEAD: Final = 6
"""The most bytes that a part has in front."""

_FIXED: Final = {
    0xC0: 0,
    0xC2: 0,
    0xC3: 0,
    0xCA: 4,
    0xCB: 8,
    **{0xCC + n: 2 ** (n % 4) for n in range(8)},
    **{0xD4 + n: 1 + 2**n for n in range(5)},
}
"""Bytes after the head of a part of fixed size."""
_SIZED: Final = {0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0), 0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1)} | {
    0xD9: (1, 0),
    0xDA: (2, 0),
    0xDB: (4, 0),
}
"""Bytes of the size that follows the head, and what comes between it and the part."""
_COUNTED: Final = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}
"""Bytes of the count that follows the head, and parts for each of it."""

_OPEN: Final = frozenset(bytes((head,)) for head in range(0xC4, 0xCA))
"""Heads of what may have anything inside: bytes, and extensions of any size."""


def is_known(beginning: bytes, size: int, most: int) -> bool:
    """Whether so many bytes that begin so are one message in msgpack that takes no more than *most*, whatever follows.

    So it is with a large array, and with bytes: the rest of a single part is taken as it stands.
    """
    return beginning[:1] in _OPEN and _step(beginning, 0) == (size, 0) and size + _PART <= most


def check_weight(raw: bytes | bytearray, most: int, *, text: bool) -> None:
    """Raise `Unfit` for a message, in JSON or in msgpack, that may take more than *most* bytes."""
    if surely_fits(len(raw), most) or (not text and is_known(bytes(raw[:_HEAD]), len(raw), most)):
        return
    if decoded_fits(raw, most, text=text):
        return
    if text or len(raw) + _PART * _count_parts(raw) > most:
        raise Unfit(f"it may take more than {most} bytes once decoded")


def _count_parts(raw: bytes | bytearray) -> int:
    """Count the parts of well-formed msgpack, strings and arrays as one; raises `Unfit` when there are too many."""
    position, parts, due = 0, 0, 1
    while due and position < len(raw):
        step, inside = _step(raw, position)
        position, parts, due = position + step, parts + 1, due - 1 + inside
        if parts + due > _MOST_PARTS:
            raise Unfit(f"it is large, and has more than {_MOST_PARTS} parts")
    return parts


def _step(raw: bytes | bytearray, position: int) -> tuple[int, int]:
    """Tell how long the part is that begins here, and how many parts it contains, which follow."""
    head = raw[position]
    if head in _FIXED:
        return 1 + _FIXED[head], 0
    if head in _SIZED:
        width, between = _SIZED[head]
        return 1 + width + between + int.from_bytes(raw[position + 1 : position + 1 + width], "big"), 0
    if head in _COUNTED:
        width, each = _COUNTED[head]
        return 1 + width, each * int.from_bytes(raw[position + 1 : position + 1 + width], "big")
    if 0xA0 <= head <= 0xBF:
        return 1 + (head & 0x1F), 0
    if 0x80 <= head <= 0x9F:
        return 1, (head & 0x0F) * (2 if head < 0x90 else 1)
    return 1, 0
