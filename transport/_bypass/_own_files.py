"""The memory files that one end fills: made within bounds, handed over once, and filled again when they were read.

New memory costs more than many copies. The last file that was read is filled first: the processor still has it at hand.
Knows nothing of sockets.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Final

from transport._errors import ProtocolError

from ._memory_files import OwnFile, file_size

Buffer = bytes | bytearray | memoryview

KEPT: Final = 48 * 1024 * 1024
"""Bytes of the files that an end keeps, to fill them again; what needs more gets a file for this once."""
FILES: Final = 64
"""Files that an end has at once: each is a map of memory at both, of which a process may have so many."""


class Stored:
    """Bytes in a memory file of ours that were not handed over; the file is filled again when nobody has this."""

    def __init__(self, size: int, file: OwnFile, free: list[OwnFile]) -> None:
        self._size: Final = size
        self.file: OwnFile | None = file
        self._free: Final = free

    def __len__(self) -> int:
        return self._size

    def read(self) -> bytes:
        """Copy them, to go another way."""
        assert self.file is not None
        return bytes(self.file.memory[: self._size])

    def __del__(self) -> None:
        if self.file is not None:
            self._free.append(self.file)


class OwnFiles:
    """Those of one end: *most* bytes. *forget* has the other end let go of one, and may raise OSError."""

    def __init__(self, most: int, forget: Callable[[int], None]) -> None:
        self.most: Final = most
        self.made = 0
        """Bytes of all of them."""
        self.free: Final[list[OwnFile]] = []
        self.unread: Final[dict[int, OwnFile]] = {}
        """Those that were handed over, by the number of what is in them."""
        self._count = 0
        self._forget: Final = forget
        self._names: Final = itertools.count(1)

    def close(self) -> None:
        """Let go of them all."""
        self.free.clear()
        self.unread.clear()

    def fill(self, file: OwnFile, size: int, parts: Sequence[Buffer]) -> Stored:
        """Copy bytes into a file, one part after the other."""
        position = 0
        for part in parts:
            file.memory[position : position + len(part)] = part
            position += len(part)
        return Stored(size, file, self.free)

    def hand_over(self, number: int, stored: Stored) -> None:
        """What was stored has been posted under this number."""
        assert stored.file is not None
        file, stored.file = stored.file, None
        file.handed_over()
        self.unread[number] = file

    def take_back(self, number: int) -> None:
        """The other end has read it. Raises `ProtocolError` when it cannot have."""
        file = self.unread.pop(number, None)
        if file is None:
            raise ProtocolError("it read what was not posted")
        if self.made <= KEPT or not self._let_go(file):
            self.free.append(file)

    def find(self, size: int) -> OwnFile | None:
        """Take one that is free and large enough."""
        for place in reversed(range(len(self.free))):
            if len(self.free[place]) >= size:
                return self.free.pop(place)
        return None

    def make(self, size: int) -> OwnFile | None:
        """Make one, if there may be one more."""
        try:
            self._make_room(file_size(size))
            if self.made + file_size(size) > self.most or self._count >= FILES:
                return None
            file = OwnFile(next(self._names), size)
        except OSError:
            return None
        self.made += len(file)
        self._count += 1
        return file

    def _make_room(self, size: int) -> None:
        """Let go of files that are too small, if a larger one cannot be kept beside them."""
        while self.free and self._crowded(size) and self._let_go(self.free[0]):
            self.free.pop(0)

    def _crowded(self, size: int) -> bool:
        return self.made + size > KEPT or self._count >= FILES

    def _let_go(self, file: OwnFile) -> bool:
        """Have the other end let go of it, too; False when that cannot be said now."""
        try:
            if not file.new:
                self._forget(file.name)
        except OSError:
            return False
        self.made -= len(file)
        self._count -= 1
        return True
