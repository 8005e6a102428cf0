"""A link between two tasks of one process: a real second implementation, for tests and for embedding.

It keeps the bounds of the others. What was sent before a polite end still arrives; after an abort nothing does.
"""

from collections import deque

import attrs
import trio

from transport._errors import LimitExceeded, LinkClosed
from transport._limits import Limits

from ._link import Frame, Link, Role, frame_size

_QUEUE_FRAMES = 16


def memory_links(limits: Limits | None = None) -> tuple[Link, Link]:
    """Make the two ends of a link: the client's and the server's."""
    limits = limits or Limits()
    to_server, to_client = _Pipe(), _Pipe()
    client = _MemoryLink(Role.CLIENT, limits, outgoing=to_server, incoming=to_client)
    server = _MemoryLink(Role.SERVER, limits, outgoing=to_client, incoming=to_server)
    return client, server


@attrs.define(eq=False)
class _Pipe:
    """One direction: a bounded queue of frames with an end."""

    frames: deque[Frame] = attrs.field(factory=deque)
    ended: str | None = None
    heard: float = attrs.field(factory=trio.current_time)
    _changed: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)

    @property
    def full(self) -> bool:
        return len(self.frames) >= _QUEUE_FRAMES

    def end(self, reason: str, *, keep: bool) -> None:
        self.ended = self.ended or reason
        if not keep:
            self.frames.clear()
        self._changed.unpark_all()

    def put(self, frame: Frame) -> None:
        self.frames.append(frame)
        self.heard = trio.current_time()
        self._changed.unpark_all()

    async def wait_room(self) -> None:
        while self.full and self.ended is None:
            await self._changed.park()

    async def take(self) -> Frame:
        while not self.frames:
            if self.ended is not None:
                raise LinkClosed(self.ended)
            await self._changed.park()
        self._changed.unpark_all()
        return self.frames.popleft()


@attrs.define(eq=False, repr=False)
class _MemoryLink(Link):
    """One end: writes into one pipe, reads from the other."""

    _role: Role
    _limits: Limits
    _outgoing: _Pipe
    _incoming: _Pipe
    _fault: str | None = None
    """Why this end ended it."""

    def __repr__(self) -> str:
        return f"<memory link, {self._role.value}: {self._fault or self._incoming.ended or 'open'}>"

    @property
    def peer(self) -> str:
        return "memory"

    @property
    def role(self) -> Role:
        return self._role

    @property
    def last_heard(self) -> float:
        return self._incoming.heard

    @property
    def ready(self) -> bool:
        return not self._outgoing.full

    def send_nowait(self, *frames: Frame) -> None:
        self._check(frames)
        if self._outgoing.full:
            raise trio.WouldBlock
        for frame in frames:
            self._outgoing.put(frame)

    async def send(self, *frames: Frame) -> None:
        await trio.lowlevel.checkpoint()
        for frame in frames:
            self._check((frame,))
            with trio.move_on_after(self._limits.send_seconds) as deadline:
                await self._outgoing.wait_room()
            if deadline.cancelled_caught:
                self.abort(f"it took nothing for {self._limits.send_seconds:g} s")
            self._check((frame,))
            self._outgoing.put(frame)

    def _check(self, frames: tuple[Frame, ...]) -> None:
        most = self._role.largest_frame(self._limits)
        if any(frame_size(frame) > most for frame in frames):
            raise LimitExceeded(self._role.frame_limit, most)
        ended = self._fault or self._outgoing.ended
        if ended is not None:
            raise LinkClosed(ended)

    async def receive(self) -> Frame:
        await trio.lowlevel.checkpoint()
        return await self._incoming.take()

    def ping(self) -> None:
        """Take the answer for given: both ends live in this process."""
        if self._incoming.ended is None:
            self._incoming.heard = trio.current_time()

    async def aclose(self, reason: str = "closed") -> None:
        self.close_soon(reason)
        await trio.lowlevel.cancel_shielded_checkpoint()

    def close_soon(self, reason: str) -> None:
        self._end(f"closed here: {reason}", "the peer closed the connection", keep=True)

    def abort(self, reason: str) -> None:
        self._end(reason, "the connection broke off", keep=False)

    def _end(self, here: str, there: str, *, keep: bool) -> None:
        self._fault = self._fault or here
        self._incoming.end(here, keep=False)
        self._outgoing.end(there, keep=keep)
