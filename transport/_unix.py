"""Links over Unix sockets: frames behind their length, without HTTP and without masks.

A frame is four bytes of length, most significant first, and as many bytes of msgpack. Two frames are the
link's own: nil asks for a sign of life, true gives it. Which sockets and peers to trust is decided elsewhere.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from ._errors import LimitExceeded, LinkClosed
from ._groups import single_as_itself
from ._guard import GuardedStream
from ._limits import Limits
from ._link import Frame, Link, Role

_LENGTH = 4
_HUNG_UP = "the peer hung up"
_PING = b"\xc0"
_PONG = b"\xc3"
_RECEIVE_BYTES = 64 * 1024
_FRAMES_PER_CHECKPOINT = 32


def pack(frame: bytes) -> bytes:
    """Put the length before a frame."""
    return len(frame).to_bytes(_LENGTH, "big") + frame


class FrameSplitter:
    """Frames out of a stream of bytes. Pure."""

    def __init__(self, limit_name: str, limit: int) -> None:
        self._limit_name = limit_name
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next_frame(self) -> bytes | None:
        """Take a whole frame, if there is one. Raises `LimitExceeded` as soon as a length says so."""
        if len(self._buffer) < _LENGTH:
            return None
        end = _LENGTH + int.from_bytes(self._buffer[:_LENGTH], "big")
        if end - _LENGTH > self._limit:
            raise LimitExceeded(self._limit_name, self._limit)
        if len(self._buffer) < end:
            return None
        frame = bytes(self._buffer[_LENGTH:end])
        del self._buffer[:end]
        return frame


class _UnixLink(Link):
    """One end of a Unix socket.

    Whoever sends holds ``_sending`` until its last byte has left, so nothing lands inside a frame. What could
    not leave at once, and signs of life, are sent by `send_rest`, a task of the link.
    """

    def __init__(self, guard: GuardedStream, role: Role, peer: str, limits: Limits) -> None:
        self._guard = guard
        self._role = role
        self._peer = peer
        self._max_frame = role.largest_frame(limits)
        self._splitter = FrameSplitter(role.other.frame_limit, role.other.largest_frame(limits))
        self._taken = 0
        self._sending = False
        self._free = trio.lowlevel.ParkingLot()
        self._rest = b""
        """What remains of a frame that has begun to leave."""
        self._signs = b""
        """Signs of life, asked for or given, that have not begun to leave."""
        self._work = trio.lowlevel.ParkingLot()

    def __repr__(self) -> str:
        return f"<unix link with {self._peer}: {self._guard.fault or 'open'}>"

    @property
    def peer(self) -> str:
        return self._peer

    @property
    def role(self) -> Role:
        return self._role

    @property
    def last_heard(self) -> float:
        return self._guard.last_heard

    @property
    def ready(self) -> bool:
        return not self._sending and self._guard.fault is None

    def send_nowait(self, frame: Frame) -> None:
        if not self.ready:
            raise trio.WouldBlock
        data = self._packed(frame)
        try:
            sent = self._guard.send_nowait(data)
        except trio.BrokenResourceError:
            raise self._lost() from None
        if sent < len(data):
            self._sending = True
            self._rest = data[sent:]
            self._work.unpark_all()

    async def send(self, frame: Frame) -> None:
        await self._send_alone(self._packed(frame))

    def _packed(self, frame: Frame) -> bytes:
        if isinstance(frame, str):
            raise TypeError("a Unix link carries msgpack only")
        if len(frame) > self._max_frame:
            raise LimitExceeded(self._role.frame_limit, self._max_frame)
        return pack(frame)

    async def _send_alone(self, data: bytes) -> None:
        while self._sending:
            await self._free.park()
        self._sending = True
        await self._finish(data)

    async def _finish(self, data: bytes) -> None:
        try:
            await self._guard.send_all(data)
        except trio.BrokenResourceError:
            raise self._lost() from None
        finally:
            self._sending = False
            self._free.unpark()

    async def send_rest(self) -> None:
        """Send what is left over, and signs of life as they are owed, for as long as the link lives."""
        try:
            while True:
                if self._rest:
                    rest, self._rest = self._rest, b""
                    await self._finish(rest)
                elif self._signs:
                    signs, self._signs = self._signs, b""
                    await self._send_alone(signs)
                else:
                    await self._work.park()
        except LinkClosed:
            return

    def ping(self) -> None:
        self._owe(_PING)

    def _owe(self, sign: bytes) -> None:
        """Have a sign of life sent; one of each kind is enough, however often it was asked for."""
        if pack(sign) not in self._signs:
            self._signs += pack(sign)
            self._work.unpark_all()

    async def receive(self) -> Frame:
        while True:
            frame = self._next_frame()
            if frame is None:
                await self._fill()
                continue
            await self._pause()
            if frame == _PING:
                self._owe(_PONG)
            elif frame != _PONG:
                return frame

    def _next_frame(self) -> bytes | None:
        try:
            return self._splitter.next_frame()
        except LimitExceeded as error:
            self._guard.abort(str(error))
            raise self._lost() from None

    async def _fill(self) -> None:
        try:
            data = await self._guard.receive_some(_RECEIVE_BYTES)
        except trio.BrokenResourceError:
            raise self._lost() from None
        if not data:
            self._guard.abort(_HUNG_UP)
            raise self._lost()
        self._splitter.feed(data)
        self._taken = 0

    async def _pause(self) -> None:
        """Let others run every so many frames: one chunk may hold thousands."""
        self._taken += 1
        if self._taken % _FRAMES_PER_CHECKPOINT == 0:
            await trio.lowlevel.checkpoint()

    async def aclose(self, reason: str = "closed") -> None:
        """End the link: what was sent has left already, and a Unix socket has no words for a goodbye."""
        self._guard.abort(f"closed here: {reason}")
        await trio.lowlevel.cancel_shielded_checkpoint()

    def abort(self, reason: str) -> None:
        self._guard.abort(reason)

    def _lost(self) -> LinkClosed:
        """Say what ended the link, whoever comes to feel it."""
        return LinkClosed(self._guard.fault or _HUNG_UP)


@asynccontextmanager
async def unix_link(guard: GuardedStream, role: Role, peer: str, limits: Limits) -> AsyncIterator[Link]:
    """Make a link of a connected stream; it is closed when the block is left."""
    link = _UnixLink(guard, role, peer, limits)
    with single_as_itself():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.send_rest)
            try:
                yield link
            finally:
                guard.abort("closed")
                nursery.cancel_scope.cancel()
