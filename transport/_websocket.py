"""Links over websockets: the only file that imports trio_websocket, and the border at which its errors end.

The library's reader runs in a nursery of its own. Whatever is raised there was caused by the peer's bytes or
by the network, and ends this connection only; our handlers never run there, so their bugs stay bugs.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio
import trio_websocket as library

from ._errors import HandshakeRefused, LimitExceeded, LinkClosed
from ._groups import single_as_itself
from ._guard import GuardedStream
from ._limits import Limits
from ._link import About, Frame, Link, Role, frame_size
from ._policy import SUBPROTOCOL
from ._until import until
from ._ws_meter import ResponseMeter

_RECEIVE_BYTES = 64 * 1024
_NO_CLOSE_FRAME = (1005, 1006)
_REASON_BYTES = 120

Open = Callable[[trio.Nursery], Awaitable[library.WebSocketConnection]]
Failed = Callable[[str], Exception]
"""Makes the error for a handshake that came to nothing, from its reason."""


class _Hosted:
    """The library at work on one stream: its tasks, and what came of the handshake."""

    def __init__(self, guard: GuardedStream, failed: Failed) -> None:
        self.scope = trio.CancelScope(shield=True)
        self._guard = guard
        self._failed = failed
        self._nursery: trio.Nursery | None = None
        self._settled = trio.Event()
        self._connection: library.WebSocketConnection | None = None
        self._refused: HandshakeRefused | None = None

    async def run(self, open_connection: Open) -> None:
        """Open the connection and keep the library's tasks until ``scope`` is cancelled.

        The scope is shielded: whoever started this ends it, after the polite part of the ending.
        """
        try:
            with self.scope:
                async with trio.open_nursery() as self._nursery:
                    self._nursery.start_soon(self._watch_stream)
                    self._connection = await open_connection(self._nursery)
                    self._settled.set()
                    await trio.sleep_forever()
        except* Exception as group:
            self._fail(group)
        finally:
            self._nursery = None
            self._settled.set()

    async def _watch_stream(self) -> None:
        """Free whoever waits for the handshake: the library does not say that its stream has ended."""
        await self._guard.ended.wait()
        if self._connection is None:
            self.scope.cancel()

    def _fail(self, group: BaseException) -> None:
        while isinstance(group, BaseExceptionGroup):
            group = group.exceptions[0]
        if isinstance(group, library.ConnectionRejected):
            self._refused = HandshakeRefused(group.status_code, _refusal_text(group))
        self._guard.abort(f"bad websocket traffic ({type(group).__name__})")

    async def connection(self) -> library.WebSocketConnection:
        """Wait for the end of the handshake. Raises `HandshakeRefused`, or what ``failed`` makes."""
        await self._settled.wait()
        if self._connection is not None:
            return self._connection
        raise self._refused or self._failed(self._guard.fault or "the peer hung up during the handshake")

    def start(self, function: Callable[[], Awaitable[object]]) -> None:
        """Run something beside the reader, under the same rule for errors; nothing when it is all over."""
        if self._nursery is not None:
            self._nursery.start_soon(function)


def _refusal_text(error: library.ConnectionRejected) -> str:
    return (error.body or b"").decode("utf-8", "replace").strip()[:500] or "no reason given"


class _WebSocketLink(Link):
    """One end of a websocket that is open."""

    def __init__(
        self,
        connection: library.WebSocketConnection,
        hosted: _Hosted,
        guard: GuardedStream,
        about: About,
        limits: Limits,
    ) -> None:
        self._connection = connection
        self._hosted = hosted
        self._guard = guard
        self._about = about
        self._limits = limits
        self._max_frame = about.role.largest_frame(limits)
        self._pinging = False

    def __repr__(self) -> str:
        return f"<websocket link with {self.peer}: {self._guard.fault or 'open'}>"

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
    def last_heard(self) -> float:
        return self._guard.last_heard

    async def send(self, frame: Frame) -> None:
        if frame_size(frame) > self._max_frame:
            raise LimitExceeded(self.role.frame_limit, self._max_frame)
        try:
            await self._connection.send_message(frame)
        except Exception:
            raise LinkClosed(self._why()) from None

    async def receive(self) -> Frame:
        try:
            return await self._connection.get_message()
        except library.ConnectionClosed:
            raise LinkClosed(self._why()) from None

    def ping(self) -> None:
        if not self._pinging:
            self._pinging = True
            self._hosted.start(self._ping)

    async def _ping(self) -> None:
        try:
            await self._connection.ping()
        finally:
            self._pinging = False

    async def aclose(self, reason: str = "closed") -> None:
        with trio.move_on_after(self._limits.close_seconds, shield=True):
            try:
                await self._connection.aclose(1000, reason.encode()[:_REASON_BYTES].decode("utf-8", "ignore"))
            except Exception:
                # The library cannot say goodbye in every state; the force below ends it in all of them.
                self._guard.abort("the websocket could not be closed politely")
        self._guard.abort(f"closed here: {reason}")

    def abort(self, reason: str) -> None:
        self._guard.abort(reason)

    def _why(self) -> str:
        closed = self._connection.closed
        if closed is None or closed.code in _NO_CLOSE_FRAME:
            return self._guard.fault or "the peer hung up"
        return f"closed with {closed.code} {closed.reason or ''}".rstrip()


@asynccontextmanager
async def server_link(guard: GuardedStream, about: About, limits: Limits, deadline: float) -> AsyncIterator[Link]:
    """Answer a handshake that the policy has let through (its head is unread again).

    Raises `LinkClosed` when the peer is gone or the deadline, a `trio.current_time`, is over.
    """

    async def accept(nursery: trio.Nursery) -> library.WebSocketConnection:
        request = await library.wrap_server_stream(
            nursery, guard, max_message_size=limits.client_frame_bytes, receive_buffer_size=_RECEIVE_BYTES
        )
        return await request.accept(subprotocol=SUBPROTOCOL)

    async with _open_link(guard, accept, about, limits, deadline, LinkClosed) as link:
        yield link


@asynccontextmanager
async def client_link(
    guard: GuardedStream, host: str, token: str | None, limits: Limits, deadline: float, failed: Failed
) -> AsyncIterator[Link]:
    """Shake hands with a server and open the link. Raises `HandshakeRefused`, or what ``failed`` makes."""
    guard.meter = ResponseMeter(limits.handshake_bytes, limits.server_frame_bytes).feed
    headers = [] if token is None else [(b"Authorization", b"Bearer " + token.encode("ascii"))]

    async def connect(nursery: trio.Nursery) -> library.WebSocketConnection:
        return await library.wrap_client_stream(
            nursery,
            guard,  # type: ignore[arg-type]  # the library asks for a socket and uses any stream
            host,
            "/",
            subprotocols=[SUBPROTOCOL],
            extra_headers=headers,
            max_message_size=limits.server_frame_bytes,
            receive_buffer_size=_RECEIVE_BYTES,
        )

    async with _open_link(guard, connect, About(Role.CLIENT, host), limits, deadline, failed) as link:
        yield link


@asynccontextmanager
async def _open_link(
    guard: GuardedStream,
    open_connection: Open,
    about: About,
    limits: Limits,
    deadline: float,
    failed: Failed,
) -> AsyncIterator[Link]:
    hosted = _Hosted(guard, failed)
    with single_as_itself():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(hosted.run, open_connection)
            try:
                with until(deadline, failed("the handshake took too long")):
                    connection = await hosted.connection()
                link = _WebSocketLink(connection, hosted, guard, about, limits)
                try:
                    yield link
                finally:
                    await link.aclose()
            finally:
                guard.abort("closed")
                hosted.scope.cancel()
