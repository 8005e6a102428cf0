"""What is said beside a link, on a socket of its own: three words, told apart by their length.

*Posted*: a message lies in a file, whose descriptor comes along the first time. *Read*: that file may be filled again.
*Gone*: that file will not be. Nothing here waits, and whoever is at the other end may say anything. Knows no memory.
"""

import os
import socket
import struct
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from transport._errors import ProtocolError

from ._memory_files import there_are_memory_files
from ._room import Room

POSTED: Final = struct.Struct("<QQQ")
"""A number, the name of its file, and its size. The file itself comes along when it is new."""
READ: Final = struct.Struct("<Q")
"""A number: its file can be filled again."""
GONE: Final = struct.Struct("<I")
"""The name of a file that will not be filled again."""
MOST_HEARD: Final = 4096
"""Words that are heard in one step: no honest end says more."""

_LENGTHS: Final = frozenset({POSTED.size, READ.size, GONE.size})
_DO_NOT_WAIT: Final = int(socket.MSG_DONTWAIT)
"""In each call: whether a socket waits is a property that it shares with everyone who has its descriptor. Python's own
waiting, which `socket.setdefaulttimeout` begins, is another matter, and ended when an end is made."""
_RECEIVE: Final = _DO_NOT_WAIT | int(getattr(socket, "MSG_CMSG_CLOEXEC", 0))
_CUT: Final = int(socket.MSG_TRUNC | socket.MSG_CTRUNC)
"""As a number: to put flags together takes longer than to hear a word."""

Take = Callable[[bytes, Sequence[int]], None]
"""Takes a word, and the descriptors that came with it, which stay the caller's."""


def bypass_pair() -> tuple[socket.socket, socket.socket] | None:
    """Make the sockets for the two ends; None where the system has no memory files, or no more descriptors."""
    if not there_are_memory_files():
        return None
    try:
        return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    except OSError:
        return None


class Words:
    """One end. The socket is its owner's."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._socket: Final = sock
        self._room: Final = Room(partial(os.dup, sock.fileno()))
        """For a file that comes."""

    def close(self) -> None:
        """Keep nothing any more."""
        self._room.close()

    def say(self, said: bytes, *files: int) -> None:
        """Say a word. OSError when there are too many on their way, or there is nobody at the other end."""
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", file)) for file in files]
        self._socket.sendmsg([said], rights, _DO_NOT_WAIT)

    def hear(self, take: Take) -> None:
        """Have each word *taken* that has come. Raises `ProtocolError` for what is none, and what *take* raises."""
        with self._room:
            for _ in range(MOST_HEARD):
                try:
                    said, rights, flags, _ = self._socket.recvmsg(POSTED.size + 1, socket.CMSG_LEN(4), _RECEIVE)
                except OSError:
                    return
                files = [each for _, _, data in rights for each in struct.unpack(f"{len(data) // 4}i", data)]
                try:
                    if not said:
                        return
                    if len(said) not in _LENGTHS or flags & _CUT or (files and len(said) != POSTED.size):
                        raise ProtocolError("a word that there is not")
                    take(said, files)
                finally:
                    for file in files:
                        os.close(file)
