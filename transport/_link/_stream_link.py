"""A link over one guarded stream, whatever its frames look like there: that, its `Framing` knows.

What can leave at once leaves in the step that sends it, and what has arrived is given out without a turn of the
scheduler for each frame.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import NoReturn

import trio

from transport._bypass._bypass import Bypass
from transport._errors import LimitExceeded, LinkClosed
from transport._groups import single_as_itself
from transport._limits import Limits

from ._beside import Beside
from ._framing import Framing, Sign
from ._guard import GuardedStream
from ._link import About, Frame, Link, Role

_CLOSED = "closed"
_HUNG_UP = "the peer hung up"
_SAID = "this end has said goodbye"
_RECEIVE_BYTES = 64 * 1024
_FRAMES_PER_CHECKPOINT = 8
"""Few, so that a peer that floods is a small part of each turn: 32 are a tenth cheaper for a burst of requests."""

StartSoon = Callable[..., None]
"""Starts a task in a nursery: ``start_soon(async_fn, *args)``."""


class StreamLink(Link):
    """One end of a stream.

    Whoever sends holds ``_sending`` until its last byte has left, so nothing lands inside a frame. What could
    not leave at once, and signs of life, are sent by `_send_rest`, a task that is there only meanwhile; ``start``
    starts it.
    """

    def __init__(self, guard: GuardedStream, framing: Framing, about: About, limits: Limits, start: StartSoon) -> None:
        self._guard = guard
        self._framing = framing
        self._about = about
        self._limits = limits
        self._start = start
        self._beside = Beside(guard, limits, about)
        self._given = 0
        """Frames given out since the last checkpoint."""
        self._empty = True
        """Whether no whole frame is here that could be given out."""
        self._last: Sign | None = None
        """What the peer ended it with, once that has arrived."""
        self._receiving = False
        self._parting = trio.lowlevel.ParkingLot()
        """Who leaves it to somebody else to hear the rest: one may receive, and one may have said goodbye."""
        self._said_goodbye = False
        self._sending = False
        self._free = trio.lowlevel.ParkingLot()
        self._rest = b""
        """What remains of a frame that has begun to leave."""
        self._signs: dict[str, bytes] = {}
        """Signs of life, asked for or given, that have not begun to leave; the newest of a kind is enough."""
        self._sending_rest = False

    def __repr__(self) -> str:
        return f"<{type(self._framing).__name__} link with {self.peer}: {self._guard.fault or 'open'}>"

    @property
    def peer(self) -> str:
        return self._about.peer

    @property
    def role(self) -> Role:
        return self._about.role

    @property
    def read_only(self) -> bool:
        return self._about.read_only

    @property
    def bypass(self) -> Bypass | None:
        return self._beside.bypass

    def ask_bypass(self) -> bool:
        asking = bool(self._framing.ask_beside) and self.role is Role.CLIENT and self._beside.expect()
        if asking:
            self._owe("beside", self._framing.ask_beside)
        return asking

    @property
    def last_heard(self) -> float:
        return self._guard.last_heard

    # -- sending ---------------------------------------------------------------------------------------------

    # Protected: whoever is struck by a Ctrl-C between taking the sending and giving it back would keep it for ever,
    # and `_send_rest`, which is shielded, would wait for it as long.

    @property
    def ready(self) -> bool:
        return not self._sending and self._guard.fault is None

    def send_nowait(self, *frames: Frame) -> None:
        self._send_nowait(self._packed(frames))

    def send_last_nowait(self, *frames: Frame) -> None:
        data = self._packed(frames)
        goodbye = self._framing.goodbye(_CLOSED)
        self._send_nowait(data + goodbye)
        self._said_goodbye = bool(goodbye)

    @trio.lowlevel.enable_ki_protection
    def _send_nowait(self, data: bytes) -> None:
        if self._sending:
            raise trio.WouldBlock
        try:
            sent = self._guard.send_nowait(data)
        except trio.BrokenResourceError:
            raise self._lost() from None
        if sent < len(data):
            self._sending = True
            self._rest = data[sent:]
            # Whoever sends the rest may be among those who wait.
            self._free.unpark_all()
            self._rouse()

    async def send(self, *frames: Frame) -> None:
        await self._send_alone(self._packed(frames))

    def _packed(self, frames: tuple[Frame, ...]) -> bytes:
        if self._said_goodbye:
            raise self._lost()
        return self._framing.pack(frames[0]) if len(frames) == 1 else b"".join(map(self._framing.pack, frames))

    @trio.lowlevel.enable_ki_protection
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

    @trio.lowlevel.enable_ki_protection
    async def _send_rest(self) -> None:
        """Send what is left over, and signs of life that are owed; ends early with the stream."""
        # Shielded, so that a link whose block is cancelled can still finish its frame and say goodbye.
        with trio.CancelScope(shield=True), suppress(LinkClosed):
            while self._rest or self._signs:
                if self._rest:
                    rest, self._rest = self._rest, b""
                    await self._finish(rest)
                elif self._sending:
                    # Not in `_send_alone`: what is left over by then waits for nobody but this task.
                    await self._free.park()
                else:
                    signs, self._signs = self._signs, {}
                    await self._send_alone(b"".join(signs.values()))
            self._sending_rest = False

    def ping(self) -> None:
        self._owe("ping", self._framing.ping)

    @trio.lowlevel.enable_ki_protection
    def _owe(self, kind: str, sign: bytes) -> None:
        self._signs[kind] = sign
        self._rouse()

    def _rouse(self) -> None:
        if not self._sending_rest and self._guard.fault is None:
            self._sending_rest = True
            self._start(self._send_rest)

    # -- receiving -------------------------------------------------------------------------------------------

    async def receive(self) -> Frame:
        if self._receiving:
            # By somebody who has said goodbye: what comes now is for him.
            await self._parting.park()
        self._receiving = True
        try:
            if self._given >= _FRAMES_PER_CHECKPOINT:
                # One chunk may hold thousands.
                self._given = 0
                await trio.lowlevel.checkpoint()
            while self._empty or (frame := self.receive_nowait()) is None:
                if self._last is not None:
                    await self._part(self._last)
                self._take_in(await self._guard.receive_some(_RECEIVE_BYTES))
            return frame
        except trio.BrokenResourceError:
            self._parting.unpark_all()
            raise self._lost() from None
        except BaseException:
            self._parting.unpark_all()
            raise
        finally:
            self._receiving = False

    def receive_nowait(self) -> Frame | None:
        try:
            while self._given < _FRAMES_PER_CHECKPOINT:
                item = self._framing.next()
                if item is None:
                    self._empty = True
                    return None
                if not isinstance(item, Sign):
                    self._given += 1
                    return item
                self._heed(item)
        except LimitExceeded as error:
            self._guard.abort(str(error))
            raise self._lost() from None
        return None

    def _heed(self, sign: Sign) -> None:
        if sign.ends is not None:
            self._last = sign
        elif sign.beside and self.role is Role.SERVER:
            self._beside.give(sign.answer, now=self.ready)
        elif sign.answer:
            self._owe("pong", sign.answer)

    def _take_in(self, data: bytes) -> None:
        if not data:
            self._guard.abort(_HUNG_UP)
            raise self._lost()
        self._framing.feed(data)
        self._empty = False
        self._given = 0

    # -- ending ----------------------------------------------------------------------------------------------

    async def _part(self, last: Sign) -> None:
        """Answer the peer's last word, unless it is the answer to ours, and end the link."""
        if not self._said_goodbye:
            with trio.move_on_after(self._limits.close_seconds), suppress(LinkClosed):
                await self._send_alone(last.answer)
        self._guard.abort(last.ends or _HUNG_UP)

    async def aclose(self, reason: str = _CLOSED) -> None:
        if self._guard.fault is None:
            goodbye = b"" if self._said_goodbye else self._framing.goodbye(reason)
            if goodbye or self._said_goodbye or self._sending:
                with trio.move_on_after(self._limits.close_seconds, shield=True), suppress(LinkClosed):
                    await self._take_leave(goodbye)
        self._beside.close()
        if self._guard.fault is None:
            self._guard.abort(f"closed here: {reason}")
            await trio.lowlevel.cancel_shielded_checkpoint()

    async def _take_leave(self, goodbye: bytes) -> None:
        """Send it as the last word and wait for the peer's: what ends with something unread may lose both."""
        if goodbye:
            self._said_goodbye = True
            # In no hurry: of many that end in one turn each is answered before the first is taken leave of.
            await trio.lowlevel.checkpoint()
            await self._send_alone(goodbye)
        if self._said_goodbye:
            await self._hear_goodbye()
        # Without a word for it, what has begun to leave must still leave whole.
        await self._send_alone(b"")

    async def _hear_goodbye(self) -> NoReturn:
        if self._receiving:
            # Two at once cannot, but whoever receives may be cancelled: then nobody else would hear the answer.
            await self._parting.park()
        while True:
            await self.receive()

    def close_soon(self, reason: str) -> None:
        self._start(self.aclose, reason)

    def abort(self, reason: str) -> None:
        self._guard.abort(reason)

    def _lost(self) -> LinkClosed:
        """Say what ended the link, whoever comes to feel it."""
        return LinkClosed(self._guard.fault or (_SAID if self._said_goodbye else _HUNG_UP))


@asynccontextmanager
async def in_own_nursery(reach: Callable[[StartSoon], Awaitable[Link]]) -> AsyncIterator[Link]:
    """Reach a link that has a nursery of its own; it is closed when the block is left, politely if there is a word.

    A nursery costs more than a link: who has one around his link already reaches it with the ``start_soon`` of that.
    """
    with single_as_itself():
        async with trio.open_nursery() as nursery:
            link = await reach(nursery.start_soon)
            try:
                yield link
            finally:
                await link.aclose()
