"""A way beside an inherited link for bytes that are large: in memory files, handed over as descriptors.

The kernel keeps such a file for as long as somebody holds it, and it has no name: whatever becomes of either process,
nothing stays. On the link itself goes only the number of the file.
"""

import os
import socket
from typing import Final

LARGE: Final = 64 * 1024
"""Bytes from which on a memory file is cheaper than frames."""

_NUMBER: Final = 8
_FLAGS: Final = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


def bypass_pair() -> tuple[socket.socket, socket.socket] | None:
    """Make the sockets for the two ends; None where the system has no memory files."""
    if not hasattr(os, "memfd_create"):
        return None
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


class Bypass:
    """One end. What is posted is fetched in the same order, if at all; it never waits."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket: Final = sock
        self._newest = 0
        # Not by a flag of each call: `socket.send_fds` forgets it.
        sock.setblocking(False)

    def post(self, data: bytes) -> int | None:
        """Hand bytes over, and return their number; None when they have to go another way."""
        try:
            file = os.memfd_create("trellis", os.MFD_CLOEXEC)
        except OSError:  # no memory, or too many open files
            return None
        try:
            _write(file, data)
            self._newest += 1
            socket.send_fds(self._socket, [self._newest.to_bytes(_NUMBER, "big")], [file])
        except OSError:  # no memory, or too many of them on their way, or nobody at the other end
            return None
        finally:
            os.close(file)
        return self._newest

    def fetch(self, number: int) -> bytes:
        """Take the bytes of that number; those before them are dropped. LookupError when they are not there."""
        while True:
            try:
                said, files, _, _ = socket.recv_fds(self._socket, _NUMBER, 1, _FLAGS)
            except OSError as error:
                raise LookupError(f"memory file {number} did not arrive: {error}") from None
            try:
                if int.from_bytes(said, "big") == number and files:
                    return _read(files[0])
            finally:
                for file in files:
                    os.close(file)
            if not files or int.from_bytes(said, "big") > number:
                raise LookupError(f"memory file {number} did not arrive")


def _write(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _read(file: int) -> bytes:
    size, chunks = os.fstat(file).st_size, list[bytes]()
    while (done := sum(map(len, chunks))) < size:
        chunks.append(os.pread(file, size - done, done))
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
