"""The accept loop of a door: every connection on its own, whatever carries it.

What a peer does to its connection ends that connection; anything else that is raised is a bug and ends the
loop. Knows nothing of websockets: how a stream becomes a link is somebody else's function.
"""

import errno
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, NoReturn

import attrs
import trio

from transport._errors import LimitExceeded, LinkClosed, LinkLost, ProtocolError
from transport._groups import single_as_itself, unexpected
from transport._limits import Limits
from transport._link._guard import GuardedStream
from transport._link._link import Link

Handler = Callable[[Link], Awaitable[None]]
EXPECTED = (LinkClosed, LinkLost, ProtocolError)
"""What may come out of a connection because of its peer."""
BACKLOG = 4096
"""Connections that the kernel keeps while the loop is busy; it has a bound of its own, too."""
_NO_ROOM: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What the kernel says when it has nothing left for one more connection: it may have again, when others have left."""
_REST_SECONDS: Final = 0.1
_LOG: Final = logging.getLogger(__name__)


@attrs.define(eq=False)
class AcceptLoop:
    """Serves every stream that listeners give, within the limits of one door."""

    handler: Handler
    open_link: Callable[["AcceptLoop", trio.SocketStream], AbstractAsyncContextManager[Link]]
    """Turn an accepted stream into a link; raises one of `EXPECTED` when nothing comes of it."""
    limits: Limits
    on_closing: Callable[[], None]
    """Is called once, when the loop ends for whatever reason, before the connections that are open are waited for."""
    _nursery: trio.Nursery = attrs.field(init=False)
    """Of all connections, and of what their links do beside."""
    _knocking: dict[GuardedStream, None] = attrs.field(factory=dict)
    """Handshakes under way, the oldest first."""
    _admitted: set[GuardedStream] = attrs.field(factory=set)

    async def run(self, listeners: list[trio.SocketListener]) -> NoReturn:
        """Accept until cancelled; closes the listeners."""
        try:
            with single_as_itself():
                async with trio.open_nursery() as self._nursery:
                    self._nursery.start_soon(self._tell_closing)
                    for listener in listeners:
                        self._nursery.start_soon(self._accept, listener)
                    await trio.sleep_forever()
        finally:
            for listener in listeners:
                listener.socket.close()
        raise AssertionError("it only ends by an exception")

    async def _accept(self, listener: trio.SocketListener) -> NoReturn:
        """Let in who comes.

        Not trio's `serve_listeners`: it closes each stream a second time, and that costs a tenth of a session's end.
        """
        while True:
            try:
                stream = await listener.accept()
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
                _LOG.error("nobody can be let in: %s; trying again in %g s", error.strerror, _REST_SECONDS)
                await trio.sleep(_REST_SECONDS)
            else:
                self._nursery.start_soon(self._serve, stream)

    async def _tell_closing(self) -> None:
        """For all connections, so that none needs a task that waits for the same; some are shielded and go on."""
        try:
            await trio.sleep_forever()
        finally:
            self.on_closing()

    def start_soon(self, async_fn: Callable[..., Awaitable[object]], *args: Any) -> None:
        """Run a task beside the connections."""
        self._nursery.start_soon(async_fn, *args)

    def knock(self, guard: GuardedStream) -> None:
        """Note a handshake that begins; above the limit the oldest makes room, as honest ones are quick."""
        self._knocking[guard] = None
        if len(self._knocking) > self.limits.handshakes:
            oldest = next(iter(self._knocking))
            del self._knocking[oldest]
            oldest.abort("too many unfinished handshakes")

    def admit(self, guard: GuardedStream) -> None:
        """Let a connection in for good. Raises `LimitExceeded` when the house is full."""
        if len(self._admitted) >= self.limits.sessions:
            raise LimitExceeded("sessions", self.limits.sessions)
        self._admitted.add(guard)

    def welcome(self, guard: GuardedStream) -> None:
        """Note that a handshake is done."""
        self._knocking.pop(guard, None)

    def forget(self, guard: GuardedStream) -> None:
        """Note that a connection has ended."""
        self._knocking.pop(guard, None)
        self._admitted.discard(guard)

    async def _serve(self, stream: trio.SocketStream) -> None:
        try:
            async with self.open_link(self, stream) as link:
                await self.handler(link)
        except BaseException as error:
            rest = unexpected(error, EXPECTED)
            if rest is error:
                raise
            if rest is not None:
                raise rest from None
        finally:
            stream.socket.close()
