"""A way beside a link for bytes that are large: in memory files, handed over as descriptors.

A file is handed over once, and filled again when the other end has read it: new memory costs more than many copies.
On the link itself goes only the number of what was posted.

The other end may be hostile. It can make itself read nonsense, since what it wrote may change until it is copied; it
can have no more memory held here than ``most``; and whatever breaks the rules ends the connection.
"""

import ctypes
import itertools
import os
import socket
import struct
import sys
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import attrs

from ._errors import ProtocolError
from ._memory_files import NoMemoryFile, OwnFile, file_size, map_theirs, there_are_memory_files
from ._room import Room

Buffer = bytes | bytearray | memoryview

LARGE: Final = 64 * 1024
"""Bytes from which on a memory file is cheaper than frames."""
KEPT: Final = 48 * 1024 * 1024
"""Bytes of the files that an end keeps, to fill them again; what needs more gets a file for this once."""
FILES: Final = 64
"""Files that an end has at once: each is a map of memory at both, of which a process may have so many."""
LEASES: Final = FILES // 4
"""Of them so many may be looked at where they came; what is more is copied, so that there is one to be filled again."""

_BEGINNING: Final = 64
"""Bytes of what was posted that say what it is: more than any head of msgpack has."""

_POSTED: Final = struct.Struct("<QQQ")
"""A number, the name of its file, and its size. The file itself comes along when it is new."""
_READ: Final = struct.Struct("<Q")
"""A number: its file can be filled again."""
_GONE: Final = struct.Struct("<I")
"""The name of a file that will not be filled again."""
_MOST_HEARD: Final = 4096
"""Words that are heard in one step, and posts that may have come and not been named: no honest end has more."""
_DO_NOT_WAIT: Final = int(socket.MSG_DONTWAIT)
"""In each call: whether a socket waits is a property that it shares with everyone who has its descriptor. Python's own
waiting, which `socket.setdefaulttimeout` begins, is another matter, and ended when an end is made."""


def bypass_pair() -> tuple[socket.socket, socket.socket] | None:
    """Make the sockets for the two ends; None where the system has no memory files, or no more descriptors."""
    if not there_are_memory_files():
        return None
    try:
        return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    except OSError:
        return None


@attrs.define(eq=False)
class _TheirFile:
    """A memory file of the other end's."""

    memory: memoryview
    lent: bool = False
    """Whether something in it was not read yet."""


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


class Posted:
    """Bytes that came beside the link, and are still where they came.

    Their file is filled again when they were taken, or nobody has this any more.
    """

    def __init__(self, number: int, size: int, file: _TheirFile, way: "Bypass") -> None:
        self.number: Final = number
        self._size: Final = size
        self._file: _TheirFile | None = file
        self._way: Final = way

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
        if not self._way.lend(self.number):
            return self.take()
        # Of what exports memory only this can be told of when the last look at it is gone.
        owner = (ctypes.c_char * len(self._file.memory)).from_buffer(self._file.memory)
        weakref.finalize(owner, self._way.finish, self.number, self._file).atexit = False
        self._file = None
        return memoryview(owner).cast("B")[: self._size]

    def _finish(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            self._way.finish(self.number, file)

    def __del__(self) -> None:
        self._finish()


class Bypass:
    """One end. What is posted is fetched in the same order, if at all; it never waits.

    *most* bytes of memory files may be made here, and held here of the other end's; *largest* is what may be posted at
    once, by this end and by the other. What came may be used *in_place* if
    the other end is trusted not to change it. *abort* is told when the other end breaks the rules.
    """

    def __init__(
        self,
        sock: socket.socket,
        *,
        most: int = KEPT,
        largest: tuple[int, int] = (sys.maxsize, sys.maxsize),
        in_place: bool = True,
        abort: Callable[[str], None] = lambda reason: None,
    ) -> None:
        sock.setblocking(False)
        self._socket: Final = sock
        self._room: Final = Room(partial(os.dup, sock.fileno()))
        """For a file that comes."""
        self._process: Final = os.getpid()
        self._most: Final = most
        self._largest, self._largest_of_theirs = largest
        self._in_place: Final = in_place
        self._abort: Final = abort
        self._broken = False
        self._newest = 0
        self._names: Final = itertools.count(1)
        self._made = 0
        """Bytes of our files."""
        self._count = 0
        """Our files."""
        self._free: Final[list[OwnFile]] = []
        """The last one read is the first to be filled: the processor still has it at hand."""
        self._unread: Final[dict[int, OwnFile]] = {}
        self._theirs: Final[dict[int, _TheirFile]] = {}
        self._arrived: Final[deque[Posted]] = deque()
        self._leased: Final[set[int]] = set()
        """Numbers of what is looked at where it came."""
        self._done: Final[list[int]] = []
        """What was read here and could not be told."""

    def close(self) -> None:
        """Let go of the memory. The socket is its owner's."""
        self._broken = True
        self._room.close()
        for held in (self._free, self._unread, self._theirs, self._arrived):
            held.clear()

    # -- sending ---------------------------------------------------------------------------------------------

    def store(self, parts: Sequence[Buffer]) -> Stored | None:
        """Copy bytes into a memory file of ours, one part after the other; None when they have to go another way."""
        size = sum(map(len, parts))
        # A single one must not take all the room there is.
        if size < LARGE or size * 4 > self._most or size > self._largest or self._broken:
            return None
        file = self._take_free(size)
        if file is None:
            # Not before: to hear that nothing was said costs as much as to say something.
            self._hear()
            file = self._take_free(size) or self._make(size)
        if file is None:
            return None
        position = 0
        for part in parts:
            file.memory[position : position + len(part)] = part
            position += len(part)
        return Stored(size, file, self._free)

    def post(self, stored: Stored) -> int | None:
        """Hand over what was stored here, and return its number; None when it has to go another way."""
        number, file = self._newest + 1, stored.file
        assert file is not None
        if self._broken:
            return None
        try:
            self._say(_POSTED.pack(number, file.name, len(stored)), *file.new)
        except OSError:  # too many on their way, or nobody at the other end
            return None
        stored.file = None
        file.handed_over()
        self._newest = number
        self._unread[number] = file
        return number

    def _take_free(self, size: int) -> OwnFile | None:
        for place in reversed(range(len(self._free))):
            if len(self._free[place]) >= size:
                return self._free.pop(place)
        return None

    def _make(self, size: int) -> OwnFile | None:
        try:
            self._make_room(file_size(size))
            if self._made + file_size(size) > self._most or self._count >= FILES:
                return None
            file = OwnFile(next(self._names), size)
        except OSError:
            return None
        self._made += len(file)
        self._count += 1
        return file

    def _make_room(self, size: int) -> None:
        """Let go of files that are too small, if a larger one cannot be kept beside them."""
        while self._free and self._crowded(size) and self._let_go(self._free[0]):
            self._free.pop(0)

    def _crowded(self, size: int) -> bool:
        return self._made + size > KEPT or self._count >= FILES

    def _let_go(self, file: OwnFile) -> bool:
        """Have the other end let go of it, too; False when that cannot be said now."""
        try:
            if not file.new:
                self._say(_GONE.pack(file.name))
        except OSError:
            return False
        self._made -= len(file)
        self._count -= 1
        return True

    def _say(self, said: bytes, *files: int) -> None:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", file)) for file in files]
        self._socket.sendmsg([said], rights, _DO_NOT_WAIT)

    # -- receiving -------------------------------------------------------------------------------------------

    def fetch(self, number: int) -> Posted:
        """Find the bytes of that number; those before them are dropped. Raises `ProtocolError` without any."""
        if not self._arrived or self._arrived[-1].number < number:
            self._hear()
        while self._arrived and self._arrived[0].number <= number:
            posted = self._arrived.popleft()
            if posted.number == number:
                return posted
        raise ProtocolError(f"memory file {number} did not arrive")

    def lend(self, number: int) -> bool:
        """Note that something is looked at where it came; False when it should not be."""
        if not self._in_place or len(self._leased) >= LEASES:
            return False
        self._leased.add(number)
        return True

    def finish(self, number: int, file: _TheirFile) -> None:
        """Nobody looks at it any more. From any thread, at any time: the collector may call this."""
        if os.getpid() != self._process:
            # A fork of ours has no use for it; the process that it was given to may still look at it.
            return
        self._leased.discard(number)
        file.lent = False
        self._done.append(number)
        while self._done:
            # Out of the list before it is told: this may be called again at any point.
            number = self._done.pop()
            try:
                self._say(_READ.pack(number))
            except OSError:  # full, and then it is told with the next one; or nobody is there
                self._done.append(number)
                return

    def _hear(self) -> None:
        """Take note of what the other end has said."""
        with self._room:
            self._hear_all()

    def _hear_all(self) -> None:
        for _ in range(_MOST_HEARD):
            try:
                said, rights, flags, _ = self._socket.recvmsg(_POSTED.size + 1, socket.CMSG_LEN(4), _RECEIVE)
            except OSError:
                return
            files = [each for _, _, data in rights for each in struct.unpack(f"{len(data) // 4}i", data)]
            try:
                if not said:
                    return
                self._note(said, files, cut=bool(flags & _CUT))
            except (NoMemoryFile, ProtocolError) as error:
                self.close()
                self._abort(f"the other end broke the rules of memory files: {error}")
                return
            finally:
                for file in files:
                    os.close(file)

    def _note(self, said: bytes, files: Sequence[int], *, cut: bool) -> None:
        take = _TAKERS.get(len(said))
        if take is None or cut or (files and len(said) != _POSTED.size):
            raise ProtocolError("a word that there is not")
        take(self, said, *files)

    def _note_posted(self, said: bytes, *files: int) -> None:
        number, name, size = _POSTED.unpack(said)
        file = self._new_file(name, size, files[0]) if files else self._theirs.get(name)
        if file is None or file.lent or size > len(file.memory):
            raise ProtocolError("a file that there is not, or that is in use, or too small")
        if size > self._largest_of_theirs:
            raise ProtocolError(f"{size} bytes at once, where {self._largest_of_theirs} may come")
        if len(self._arrived) >= _MOST_HEARD:
            raise ProtocolError("more was posted than was named")
        file.lent = True
        self._arrived.append(Posted(number, size, file, self))

    def _new_file(self, name: int, size: int, descriptor: int) -> _TheirFile:
        room = self._most - sum(len(file.memory) for file in self._theirs.values())
        if name in self._theirs or len(self._theirs) >= FILES:
            raise ProtocolError("a file whose name is taken, or one too many")
        memory = map_theirs(descriptor, most=room, writable=self._in_place)
        self._theirs[name] = _TheirFile(memory)
        return self._theirs[name]

    def _note_read(self, said: bytes) -> None:
        (number,) = _READ.unpack(said)
        file = self._unread.pop(number, None)
        if file is None:
            raise ProtocolError("it read what was not posted")
        if self._made <= KEPT or not self._let_go(file):
            self._free.append(file)

    def _note_gone(self, said: bytes) -> None:
        (name,) = _GONE.unpack(said)
        file = self._theirs.pop(name, None)
        if file is None or file.lent:
            raise ProtocolError("a file went that there was not, or that is in use")


_RECEIVE: Final = _DO_NOT_WAIT | int(getattr(socket, "MSG_CMSG_CLOEXEC", 0))
_CUT: Final = int(socket.MSG_TRUNC | socket.MSG_CTRUNC)
"""As a number: to put flags together takes longer than to hear a word."""
_TAKERS: Final[dict[int, Callable[..., None]]] = {
    _POSTED.size: Bypass._note_posted,
    _READ.size: Bypass._note_read,
    _GONE.size: Bypass._note_gone,
}
"""The three words, told apart by their length."""
