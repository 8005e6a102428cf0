"""A stream that keeps the promises which libraries above it and sockets below it do not.

A send that takes nothing for the deadline, or is cancelled half-way, ends the stream instead of tearing a
frame. What arrives is metered before anybody parses it. An end has a reason, and force works at once, without
waiting.
"""

import os
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio

from transport._errors import LimitExceeded, ProtocolError

Meter = Callable[[bytes, float], None]
_CHUNK = 64 * 1024
_SENDS_PER_CHECKPOINT = 16
_MOST_CHUNKS = 16
"""Kept of what came from somebody who has gone."""
_DEAD = (trio.BrokenResourceError, trio.ClosedResourceError, OSError, ssl.SSLError)


class GuardedStream(trio.abc.Stream):
    """One connection's bytes, under guard. The first end counts, and ``fault`` says what it was."""

    def __init__(self, stream: trio.abc.Stream, send_seconds: float) -> None:
        self._now = trio.lowlevel.current_clock().current_time  # `trio.current_time`, found once.
        self.last_heard = self._now()
        self.fault: str | None = None
        self.meter: Meter | None = None
        self._stream = stream
        self._socket = stream.socket if isinstance(stream, trio.SocketStream) else None
        """What may be read and written at once: trio keeps its sockets non-blocking."""
        self._send_seconds = send_seconds
        self._again = b""
        self._catch: Callable[[int], None] | None = None
        self._read: Callable[[trio.socket.SocketType, int], bytes | None] = _read_nowait
        self._sends = 0

    def unread(self, data: bytes) -> None:
        """Let ``data`` be received once more, before anything else."""
        self._again = data + self._again

    def abort(self, reason: str) -> None:
        """End both directions now, without a word to the peer."""
        if self.fault is None:
            self.fault = reason
            force_close(self._stream)

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Receive like any stream; a peer over its budget is cut off."""
        if self._again:
            await trio.lowlevel.checkpoint()
            return self._once_more()
        if self.fault is not None:
            raise self._broken(self.fault)
        data: bytes | None = None
        try:
            while data is None:
                if self._socket is None:
                    data = bytes(await self._stream.receive_some(max_bytes or _CHUNK))
                else:
                    # Trio reads first, and pays for finding nothing: here a peer is mostly waited for.
                    await trio.lowlevel.wait_readable(self._socket)
                    data = self._read(self._socket, max_bytes or _CHUNK)
        except _DEAD as error:
            if again := self._once_more():
                return again
            raise self._broken(_describe(error)) from None
        self.last_heard = self._now()
        if self.meter is not None:
            self._measure(self.meter, data)
        return data

    def _once_more(self) -> bytes:
        again, self._again = self._again, b""
        return again

    def expect(self, catch: Callable[[int], None] | None) -> None:
        """Give the next descriptor that comes with bytes to *catch*, which owns it; others the kernel lets go."""
        self._catch = catch
        self._read = _read_nowait if catch is None else self._read_descriptor

    def _read_descriptor(self, sock: trio.socket.SocketType, max_bytes: int) -> bytes | None:
        assert self._catch is not None
        try:
            with plain_socket(sock) as plain:
                data, descriptors, _, _ = socket.recv_fds(plain, max_bytes, 1, getattr(socket, "MSG_CMSG_CLOEXEC", 0))
        except BlockingIOError:
            return None
        if descriptors:
            self._catch(descriptors[0])
            self.expect(None)
        return data

    def give(self, data: bytes, descriptor: int) -> bool:
        """Send a few bytes and a descriptor with them, if they can leave at once."""
        if self._socket is None:
            return False
        try:
            with plain_socket(self._socket) as plain:
                return socket.send_fds(plain, [data], [descriptor]) == len(data)
        except (OSError, trio.ClosedResourceError):
            return False

    def _measure(self, meter: Meter, data: bytes) -> None:
        try:
            meter(data, self.last_heard)
        except (LimitExceeded, ProtocolError) as error:
            raise self._broken(str(error)) from None

    def send_nowait(self, data: bytes | memoryview) -> int:
        """Send what goes without waiting and tell how many bytes that were. A broken stream is ended."""
        if self.fault is not None:
            raise self._broken(self.fault)
        if self._socket is None:
            return 0
        try:
            # As send() of the socket, without trio's checkpoint.
            return os.write(self._socket.fileno(), data)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._keep_last_words(self._socket)
            raise self._broken(_describe(error)) from None

    def _keep_last_words(self, sock: trio.socket.SocketType) -> None:
        """Whoever has gone may have said why: keep what came before that, to be received before the end."""
        try:
            for _ in range(_MOST_CHUNKS):
                data = self._read(sock, _CHUNK)
                if not data:
                    return
                if self.meter is not None:
                    self._measure(self.meter, data)
                self._again += data
        except (OSError, trio.BrokenResourceError):
            return

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send in chunks, each within the deadline. Cancelled at any point, it ends the stream."""
        whole = False
        try:
            with memoryview(data) as view:
                sent = self.send_nowait(view)
                await self._pause()
                for start in range(sent, len(view), _CHUNK):
                    await self._send_chunk(view[start : start + _CHUNK])
            whole = True
        except _DEAD as error:
            raise self._broken(_describe(error)) from None
        finally:
            if not whole:
                self.abort("a send was interrupted")

    async def _pause(self) -> None:
        """Let others run every so many sends; those that do not wait would not."""
        self._sends += 1
        if self._sends % _SENDS_PER_CHECKPOINT == 0:
            await trio.lowlevel.checkpoint()

    async def _send_chunk(self, chunk: memoryview) -> None:
        with trio.move_on_after(self._send_seconds) as deadline:
            await self._stream.send_all(chunk)
        if deadline.cancelled_caught:
            raise self._broken(f"it took nothing for {self._send_seconds:g} s")

    async def wait_send_all_might_not_block(self) -> None:
        """Part of trio's interface; nobody here needs it before a send."""
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """End the stream at once; polite words are for the layer above."""
        self.abort("closed")
        await trio.lowlevel.checkpoint()

    def _broken(self, reason: str) -> trio.BrokenResourceError:
        self.abort(reason)
        return trio.BrokenResourceError(self.fault)


def _read_nowait(socket: trio.socket.SocketType, max_bytes: int) -> bytes | None:
    try:
        return os.read(socket.fileno(), max_bytes)
    except BlockingIOError:
        return None


def _describe(error: BaseException) -> str:
    cause = error.__cause__ or error
    if isinstance(cause, trio.ClosedResourceError):
        return "closed"
    return getattr(cause, "strerror", None) or str(cause) or "the connection broke off"


@contextmanager
def plain_socket(sock: trio.socket.SocketType) -> Iterator[socket.socket]:
    """The socket beneath one of trio's, for what trio has no word for; it does not wait either."""
    if sock.fileno() < 0:
        raise trio.ClosedResourceError
    plain = socket.socket(fileno=sock.fileno())
    plain.setblocking(False)  # Or it would wait as long as `socket.setdefaulttimeout` says.
    try:
        yield plain
    finally:
        plain.detach()


def force_close(stream: trio.abc.Stream) -> None:
    """Close what is beneath a stream, now: whoever waits on it is woken with an error."""
    if isinstance(stream, trio.SSLStream):
        force_close(stream.transport_stream)
    elif isinstance(stream, trio.SocketStream):
        stream.socket.close()
    elif isinstance(stream, trio.StapledStream):
        for half in (stream.send_stream, stream.receive_stream):
            half.close()
    else:
        raise TypeError(f"cannot force {type(stream).__name__} to close")
