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
from contextlib import suppress
from typing import Final

import attrs

LARGE: Final = 64 * 1024
"""Bytes from which on a memory file is cheaper than frames."""

KEPT: Final = 32 * 1024 * 1024
"""Bytes of the files that an end keeps, to fill them again; what needs more gets a file for this once."""

_GRAIN: Final = 512 * 1024
"""A file's size is a multiple of so many bytes, so that it does for many messages."""
_ONCE: Final = 0
"""The name of every file that is not kept."""

_POSTED: Final = struct.Struct("<QQQ")
"""A number, the name of its file, and its size. The file itself comes along when it is new."""
_READ: Final = struct.Struct("<Q")
"""A number: it was read, and all before it are done with."""
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


@attrs.frozen
class _Posted:
    """Bytes that came in a file of theirs."""

    number: int
    size: int
    memory: mmap.mmap | None
    """None when it got lost: too many open files."""


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
        self._unread: Final[deque[tuple[int, _File]]] = deque()
        self._theirs: Final[dict[int, mmap.mmap]] = {}
        self._arrived: Final[deque[_Posted]] = deque()
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
        self._unread.append((number, file))
        return number

    # -- receiving -------------------------------------------------------------------------------------------

    def fetch(self, number: int) -> bytearray:
        """Take the bytes of that number; those before them are dropped. LookupError when they are not there."""
        self._hear()
        while self._arrived and self._arrived[0].number <= number:
            posted = self._arrived.popleft()
            if posted.number == number and posted.memory is not None:
                return self._read(posted, posted.memory)
        raise LookupError(f"memory file {number} did not arrive")

    def _read(self, posted: _Posted, memory: mmap.mmap) -> bytearray:
        with memoryview(memory) as whole, whole[: posted.size] as part:
            data = bytearray(part)
        # When it cannot be said now, it is said with the next one.
        with suppress(OSError):
            self._socket.send(_READ.pack(posted.number))
        return data

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
            self._arrived.append(_Posted(number, size, self._memory(name, *files)))
        elif len(said) == _READ.size:
            (number,) = _READ.unpack(said)
            while self._unread and self._unread[0][0] <= number:
                _, file = self._unread.popleft()
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
