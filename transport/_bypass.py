"""A way beside an inherited link for bytes that are large: in memory files, handed over as descriptors.

A file is handed over once, and filled again when the other end has read it: new memory costs more than many copies.
The kernel keeps it for as long as somebody holds it, and it has no name: whatever becomes of either process, nothing
stays. On the link itself goes only the number of what was posted.
"""

import itertools
import mmap
import os
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import attrs

LARGE: Final = 64 * 1024
"""Bytes from which on a memory file is cheaper than frames."""

KEPT: Final = 48 * 1024 * 1024
"""Bytes of the files that an end keeps, to fill them again; what needs more gets a file for this once."""

_GRAIN: Final = 256 * 1024
"""A file's size is a multiple of so many bytes, so that it does for many messages."""
_ONCE: Final = 0
"""The name of every file that is not kept."""

_POSTED: Final = struct.Struct("<QQQ")
"""A number, the name of its file, and its size. The file itself comes along when it is new."""
_READ: Final = struct.Struct("<Q")
"""A number: its file can be filled again."""
_GONE: Final = struct.Struct("<I")
"""The name of a file that will not be filled again."""
_FLAGS: Final = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


def bypass_pair() -> tuple[socket.socket, socket.socket] | None:
    """Make the sockets for the two ends; None where the system has no memory files."""
    if not hasattr(os, "memfd_create"):
        return None
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


@attrs.frozen(eq=False)
class _File:
    """A memory file of ours."""

    name: int
    memory: mmap.mmap


class Posted:
    """Bytes that came beside the link, and are still where they came.

    Their file is filled again when they were taken, or nobody has this any more.
    """

    def __init__(self, number: int, size: int, memory: mmap.mmap, done: Callable[[int], None]) -> None:
        self.number: Final = number
        self._size: Final = size
        self._memory: mmap.mmap | None = memory
        self._done: Final = done

    def __len__(self) -> int:
        return self._size

    def take(self) -> bytearray:
        """Return them, once."""
        assert self._memory is not None
        with memoryview(self._memory) as whole, whole[: self._size] as part:
            data = bytearray(part)
        self._finish()
        return data

    def _finish(self) -> None:
        if self._memory is not None:
            self._memory = None
            self._done(self.number)

    def __del__(self) -> None:
        self._finish()


class Bypass:
    """One end. What is posted is fetched in the same order, if at all; it never waits."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket: Final = sock
        self._newest = 0
        self._names: Final = itertools.count(_ONCE + 1)
        self._kept = 0
        """Bytes of the files that have a name of their own."""
        self._free: Final[list[_File]] = []
        """The last one read is the first to be filled: the processor still has it at hand."""
        self._unread: Final[dict[int, _File]] = {}
        self._theirs: Final[dict[int, mmap.mmap]] = {}
        self._arrived: Final[deque[Posted]] = deque()
        self._done: Final[list[int]] = []
        """What was read here and could not be told."""
        # Not by a flag of each call: `socket.send_fds` forgets it.
        sock.setblocking(False)

    def close(self) -> None:
        """Let go of the memory. The socket is its owner's."""
        for held in (self._free, self._unread, self._theirs, self._arrived):
            held.clear()

    # -- sending ---------------------------------------------------------------------------------------------

    def post(self, data: bytes) -> int | None:
        """Hand bytes over, and return their number; None when they have to go another way."""
        self._hear()
        for place in reversed(range(len(self._free))):
            if len(self._free[place].memory) >= len(data):
                return self._post_again(data, self._free.pop(place))
        try:
            return self._post_new(data)
        except OSError:  # no memory, too many open files, too many on their way, or nobody at the other end
            return None

    def _post_again(self, data: bytes, file: _File) -> int | None:
        try:
            return self._post(data, file)
        except OSError:
            self._free.append(file)
            return None

    def _post_new(self, data: bytes) -> int:
        size = max(len(data) + -len(data) % _GRAIN, _GRAIN)
        self._make_room(size)
        keep = self._kept + size <= KEPT
        descriptor = os.memfd_create("trellis", os.MFD_CLOEXEC)
        try:
            # Now, and not by and by: where there is no memory left this fails, and writing would end the process.
            os.posix_fallocate(descriptor, 0, size)
            file = _File(next(self._names) if keep else _ONCE, mmap.mmap(descriptor, size))
            number = self._post(data, file, descriptor)
        finally:
            os.close(descriptor)
        self._kept += size if keep else 0
        return number

    def _make_room(self, size: int) -> None:
        """Let go of files that are too small, if a larger one cannot be kept beside them."""
        while self._free and self._kept + size > KEPT:
            self._socket.send(_GONE.pack(self._free[0].name))
            self._kept -= len(self._free.pop(0).memory)

    def _post(self, data: bytes, file: _File, *new: int) -> int:
        with memoryview(file.memory) as memory:
            memory[: len(data)] = data
        number = self._newest + 1
        socket.send_fds(self._socket, [_POSTED.pack(number, file.name, len(data))], new)
        self._newest = number
        self._unread[number] = file
        return number

    # -- receiving -------------------------------------------------------------------------------------------

    def fetch(self, number: int) -> Posted:
        """Find the bytes of that number; those before them are dropped. LookupError when they are not there."""
        self._hear()
        while self._arrived and self._arrived[0].number <= number:
            posted = self._arrived.popleft()
            if posted.number == number:
                return posted
        raise LookupError(f"memory file {number} did not arrive")

    def _finish(self, number: int) -> None:
        self._done.append(number)
        while self._done:
            # Out of the list before it is told: the collector may call this again at any point.
            number = self._done.pop()
            try:
                self._socket.send(_READ.pack(number))
            except OSError:  # full, and then it is told with the next one; or nobody is there
                self._done.append(number)
                return

    def _hear(self) -> None:
        """Take note of all that the other end has said."""
        with suppress(OSError):
            while True:
                said, files, _, _ = socket.recv_fds(self._socket, _POSTED.size, 1, _FLAGS)
                try:
                    self._note(said, *files)
                finally:
                    for file in files:
                        os.close(file)
                if not said:
                    return

    def _note(self, said: bytes, *files: int) -> None:
        if len(said) == _POSTED.size:
            number, name, size = _POSTED.unpack(said)
            memory = self._memory(name, *files)
            if memory is not None:
                self._arrived.append(Posted(number, size, memory, self._finish))
        elif len(said) == _READ.size:
            file = self._unread.pop(*_READ.unpack(said))
            self._free.extend((file,) if file.name else ())
        elif said:
            (name,) = _GONE.unpack(said)
            self._theirs.pop(name, None)

    def _memory(self, name: int, *files: int) -> mmap.mmap | None:
        if not files:
            return self._theirs.get(name)
        memory = mmap.mmap(files[0], 0, prot=mmap.PROT_READ)
        if name:
            self._theirs[name] = memory
        return memory
