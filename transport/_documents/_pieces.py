"""Bytes that lie in several places and count as one value: what is large is kept once and crosses without a copy.

Knows nothing of documents and frames.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import TypeAlias


class Pieces:
    """Bytes in several pieces that are never put together here; a slice of them is bytes.

    As a value inside parameters or results it is what ``bytes`` would be; as the encoding of a `Shared` value it is
    that encoding.
    """

    __slots__ = ("_ends", "_pieces")

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = tuple(pieces)
        self._ends = tuple(accumulate(map(len, self._pieces)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)

    def __bytes__(self) -> bytes:
        return b"".join(self._pieces)

    def __getitem__(self, cut: slice) -> bytes:
        start, end, _ = cut.indices(len(self))
        at, found = bisect_right(self._ends, start), []
        while start < end:
            begins = self._ends[at] - len(self._pieces[at])
            found.append(self._pieces[at][start - begins : end - begins])
            start, at = self._ends[at], at + 1
        return b"".join(found)

    def __repr__(self) -> str:
        return f"<{len(self)} bytes in {len(self._pieces)} pieces>"


Encoded: TypeAlias = bytes | Pieces
"""What something looks like on the wire."""
