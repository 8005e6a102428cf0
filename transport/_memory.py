"""A link between two tasks of one process: the second implementation of `Link`, for tests and for embedding.

It keeps the bounds of the real ones. What was sent before a polite end still arrives; after an abort nothing
does.
"""

from collections import deque

import attrs
import trio

from ._errors import LimitExceeded, LinkClosed
from ._limits import Limits
from ._link import Frame, Link, Role, frame_size

_QUEUE_FRAMES = 16


def memory_links(limits: Limits | None = None) -> tuple[Link, Link]:
    """Make the two ends of a link: the client's and the server's."""
    limits = limits or Limits()
    to_server, to_client = _Pipe(Role.CLIENT.largest_frame(limits)), _Pipe(Role.SERVER.largest_frame(limits))
    client = _MemoryLink(Role.CLIENT, to_server, to_client)
    server = _MemoryLink(Role.SERVER, to_client, to_server)
    return client, server


@attrs.define(eq=False)
class _Pipe:
    """One direction: a bounded queue of frames with an end."""

    max_frame: int
    frames: deque[Frame] = attrs.field(factory=deque)
    ended: str | None = None
    lot: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)
    heard: float = attrs.field(factory=trio.current_time)

    def end(self, reason: str, *, keep: bool) -> None:
        if self.ended is None:
            self.ended = reason
        if not keep:
            self.frames.clear()
        self.lot.unpark_all()

    async def put(self, frame: Frame) -> None:
        while self.ended is None and len(self.frames) >= _QUEUE_FRAMES:
            await self.lot.park()
        if self.ended is not None:
            raise LinkClosed(self.ended)
        self.frames.append(frame)
        self.heard = trio.current_time()
        self.lot.unpark_all()

    async def take(self) -> Frame:
        while not self.frames:
            if self.ended is not None:
                raise LinkClosed(self.ended)
            await self.lot.park()
        self.lot.unpark_all()
        return self.frames.popleft()


@attrs.define(eq=False)
class _MemoryLink(Link):
    """One end: writes into one pipe, reads from the other."""

    _role: Role
    _outgoing: _Pipe
    _incoming: _Pipe
    _ended_here: str | None = None

    @property
    def peer(self) -> str:
        return "memory"

    @property
    def role(self) -> Role:
        return self._role

    @property
    def last_heard(self) -> float:
        return self._incoming.heard

    async def send(self, frame: Frame) -> None:
        if frame_size(frame) > self._outgoing.max_frame:
            raise LimitExceeded(self._role.frame_limit, self._outgoing.max_frame)
        await trio.lowlevel.checkpoint()
        if self._ended_here is not None:
            raise LinkClosed(self._ended_here)
        await self._outgoing.put(frame)

    async def receive(self) -> Frame:
        await trio.lowlevel.checkpoint()
        return await self._incoming.take()

    def ping(self) -> None:
        """Both ends live in this process: the answer is there at once, unless the link has ended."""
        if self._incoming.ended is None:
            self._incoming.heard = trio.current_time()

    async def aclose(self, reason: str = "closed") -> None:
        self._ended_here = self._ended_here or f"closed here: {reason}"
        self._outgoing.end("the peer closed the connection", keep=True)
        self._incoming.end(self._ended_here, keep=False)
        await trio.lowlevel.cancel_shielded_checkpoint()

    def abort(self, reason: str) -> None:
        self._ended_here = self._ended_here or reason
        self._incoming.end(reason, keep=False)
        self._outgoing.end(reason, keep=False)
