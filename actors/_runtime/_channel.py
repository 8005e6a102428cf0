"""The talk between a runner and one worker process: pickled records behind their length, over an inherited socket.

What is said is in `_words`; this file knows bytes only.
"""

import socket
from typing import Any, Final

import trio

from graphmeta import dump_trusted, load_trusted

_LENGTH: Final = 8
_CHUNK: Final = 1 << 18


def frame(record: object) -> bytes:
    """A record as it travels."""
    data = dump_trusted(record)
    return len(data).to_bytes(_LENGTH, "big") + data


class Channel:
    """One end. Any task may send, one receives. The end of the other process is the end of what is received."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket: Final = sock
        self._stream: Final = trio.SocketStream(trio.socket.from_stdlib_socket(sock))
        self._sending: Final = trio.StrictFIFOLock()
        self._buffer: Final = bytearray()

    async def send(self, record: object) -> None:
        """Send a record; if nobody is there any more, nothing happens. Raises what pickling it raises."""
        data = frame(record)
        async with self._sending:
            try:
                await self._stream.send_all(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return
            except trio.Cancelled:
                # Half a record may have left; the other end must not take the next one for its rest.
                self.close()
                raise

    async def receive(self) -> Any:
        """The next record; None when the other end is gone. Cancelled means that none was taken."""
        while (record := self._next()) is None:
            try:
                data = await self._stream.receive_some(_CHUNK)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return None
            if not data:
                return None
            self._buffer.extend(data)
        return record

    def _next(self) -> Any:
        end = _LENGTH + int.from_bytes(self._buffer[:_LENGTH], "big")
        if len(self._buffer) < max(_LENGTH, end):
            return None
        data = bytes(self._buffer[_LENGTH:end])
        del self._buffer[:end]
        return load_trusted(data)

    def hang_up(self) -> None:
        """Let what has arrived be received, and then the end."""
        self._socket.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        """Close this end."""
        self._stream.socket.close()


def receive_first(sock: socket.socket) -> Any:
    """The first record, before Trio runs; None when the other end is gone."""
    length = int.from_bytes(_receive_exactly(sock, _LENGTH), "big")
    data = _receive_exactly(sock, length)
    return load_trusted(data) if length and len(data) == length else None


def _receive_exactly(sock: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count and (more := sock.recv(min(_CHUNK, count - len(data)))):
        data.extend(more)
    return bytes(data)
