"""The memory files that the other end fills, and what came in them.

Whoever fills them may be hostile. It can make itself read nonsense, since what it wrote may change until it is copied;
it can have no more memory held here than a bound. Knows nothing of sockets.
"""

import ctypes
import os
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import attrs

from transport._errors import ProtocolError

from ._bypass_words import MOST_HEARD
from ._memory_files import map_theirs
from ._own_files import FILES

LEASES: Final = FILES // 4
"""Files that may be looked at where they came; what is more is copied, so that there is one to be filled again."""
_BEGINNING: Final = 64
"""Bytes of what was posted that say what it is: more than any head of msgpack has."""


@attrs.define(eq=False)
class TheirFile:
    """A memory file of the other end's."""

    memory: memoryview
    lent: bool = False
    """Whether something in it was not read yet."""


class Posted:
    """Bytes that came beside the link, and are still where they came.

    Their file is filled again when they were taken, or nobody has this any more.
    """

    def __init__(self, number: int, size: int, file: TheirFile, files: "TheirFiles") -> None:
        self.number: Final = number
        self._size: Final = size
        self._file: TheirFile | None = file
        self._files: Final = files

    def __len__(self) -> int:
        return self._size

    def take(self) -> bytearray:
        """Return them, once: a copy, which stays as it is."""
        assert self._file is not None
        data = bytearray(self._file.memory[: self._size])
        self._finish()
        return data

    def peek(self) -> tuple[bytes, memoryview]:
        """Return them where they are: the beginning, which stays as it is, and the rest, which may change until copied.

        Of no use once this is gone, or was taken.
        """
        assert self._file is not None
        whole = self._file.memory[: self._size].toreadonly()
        return bytes(whole[:_BEGINNING]), whole[_BEGINNING:]

    def lease(self) -> bytearray | memoryview:
        """Return them, once, where they are; they may be written to, and are given back when nobody looks at them.

        Only for an end that is trusted not to change them. A copy when many others are out.
        """
        assert self._file is not None
        if not self._files.lend(self.number):
            return self.take()
        # Of what exports memory only this can be told of when the last look at it is gone.
        owner = (ctypes.c_char * len(self._file.memory)).from_buffer(self._file.memory)
        weakref.finalize(owner, self._files.finish, self.number, self._file).atexit = False
        self._file = None
        return memoryview(owner).cast("B")[: self._size]

    def _finish(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            self._files.finish(self.number, file)

    def __del__(self) -> None:
        self._finish()


class TheirFiles:
    """Those of one end.

    *most* bytes of them are held, of which *largest* come at once. What came may be used *in_place* if the other end is
    trusted not to change it. *tell_read* has the other end fill one again, and may raise OSError.
    """

    def __init__(self, most: int, largest: int, *, in_place: bool, tell_read: Callable[[int], None]) -> None:
        self.files: Final[dict[int, TheirFile]] = {}
        self.leased: Final[set[int]] = set()
        """Numbers of what is looked at where it came."""
        self.done: Final[list[int]] = []
        """What was read here and could not be told."""
        self._arrived: Final[deque[Posted]] = deque()
        self._most: Final = most
        self._largest: Final = largest
        self._in_place: Final = in_place
        self._tell_read: Final = tell_read
        self._process: Final = os.getpid()

    def close(self) -> None:
        """Let go of them all."""
        self.files.clear()
        self._arrived.clear()

    def arrived(self, number: int) -> bool:
        """Whether something of that number, or a later one, has come."""
        return bool(self._arrived) and self._arrived[-1].number >= number

    def fetch(self, number: int) -> Posted | None:
        """Take what came under that number; what came before it is dropped."""
        while self._arrived and self._arrived[0].number <= number:
            posted = self._arrived.popleft()
            if posted.number == number:
                return posted
        return None

    def post(self, number: int, name: int, size: int, descriptors: Sequence[int]) -> None:
        """Something came in the file of that name. Raises `ProtocolError` and `NoMemoryFile`."""
        file = self._new_file(name, descriptors[0]) if descriptors else self.files.get(name)
        if file is None or file.lent or size > len(file.memory):
            raise ProtocolError("a file that there is not, or that is in use, or too small")
        if size > self._largest:
            raise ProtocolError(f"{size} bytes at once, where {self._largest} may come")
        if len(self._arrived) >= MOST_HEARD:
            raise ProtocolError("more was posted than was named")
        file.lent = True
        self._arrived.append(Posted(number, size, file, self))

    def forget(self, name: int) -> None:
        """The other end will not fill that file again. Raises `ProtocolError`."""
        file = self.files.pop(name, None)
        if file is None or file.lent:
            raise ProtocolError("a file went that there was not, or that is in use")

    def lend(self, number: int) -> bool:
        """Note that something is looked at where it came; False when it should not be."""
        if not self._in_place or len(self.leased) >= LEASES:
            return False
        self.leased.add(number)
        return True

    def finish(self, number: int, file: TheirFile) -> None:
        """Nobody looks at it any more. From any thread, at any time: the collector may call this."""
        if os.getpid() != self._process:
            # A fork of ours has no use for it; the process that it was given to may still look at it.
            return
        self.leased.discard(number)
        file.lent = False
        self.done.append(number)
        while self.done:
            # Out of the list before it is told: this may be called again at any point.
            number = self.done.pop()
            try:
                self._tell_read(number)
            except OSError:  # full, and then it is told with the next one; or nobody is there
                self.done.append(number)
                return

    def _new_file(self, name: int, descriptor: int) -> TheirFile:
        room = self._most - sum(len(file.memory) for file in self.files.values())
        if name in self.files or len(self.files) >= FILES:
            raise ProtocolError("a file whose name is taken, or one too many")
        self.files[name] = file = TheirFile(map_theirs(descriptor, most=room, writable=self._in_place))
        return file
