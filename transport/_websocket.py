"""Shaking hands for a websocket: the only file that imports trio_websocket, and the border where its errors end.

The library opens the connection, and its tasks end with that: it puts a task and a channel between the stream
and whoever reads, which would cost each message several turns of the scheduler. So it gets the head of the
handshake and not a byte more; after it the frames are `_ws_frames`'.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio
import trio_websocket as library

from ._errors import HandshakeRefused, LinkClosed
from ._guard import GuardedStream
from ._http import HEAD_END
from ._limits import Limits
from ._link import About, Link, Role
from ._policy import SUBPROTOCOL
from ._stream_link import stream_link
from ._until import until
from ._ws_frames import WebSocketFraming
from ._ws_meter import ResponseMeter, is_refusal

Open = Callable[[trio.Nursery, trio.abc.Stream], Awaitable[None]]
Failed = Callable[[str], Exception]
"""Makes the error for a handshake that came to nothing, from its reason."""


class _Threshold(trio.abc.Stream):
    """What the library sees of a stream: the head of the handshake, or a refusal whole, and then nothing more."""

    def __init__(self, guard: GuardedStream) -> None:
        self._guard = guard
        self._head = b""

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        if HEAD_END in self._head and not is_refusal(self._head):
            await trio.sleep_forever()
        data = await self._guard.receive_some(max_bytes)
        known, self._head = len(self._head), self._head + data
        end = self._head.find(HEAD_END)
        if end < 0 or is_refusal(self._head):
            return data
        last = end + len(HEAD_END) - known
        if data[last:]:
            self._guard.unread(data[last:])
        return data[:last]

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._guard.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._guard.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._guard.aclose()


async def _shake_hands(guard: GuardedStream, open_connection: Open, failed: Failed) -> None:
    """Have the library open a connection. Raises `HandshakeRefused`, or what ``failed`` makes."""
    opened, refused = False, None
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_watch, guard, nursery.cancel_scope)
            await open_connection(nursery, _Threshold(guard))
            opened = True
            nursery.cancel_scope.cancel()
    except* Exception as group:
        # Caused by the peer's bytes or by the network: none of our own code runs in there.
        refused = _refusal(_first(group))
        guard.abort(f"bad websocket traffic ({type(_first(group)).__name__})")
    if not opened:
        raise refused or failed(guard.fault or "the peer hung up during the handshake")


async def _watch(guard: GuardedStream, shaking: trio.CancelScope) -> None:
    """Free whoever waits for the handshake: the library does not say that its stream has ended."""
    await guard.ended.wait()
    shaking.cancel()


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _refusal(error: BaseException) -> HandshakeRefused | None:
    if not isinstance(error, library.ConnectionRejected):
        return None
    text = (error.body or b"").decode("utf-8", "replace").strip()[:500]
    return HandshakeRefused(error.status_code, text or "no reason given")


@asynccontextmanager
async def server_link(guard: GuardedStream, about: About, limits: Limits, deadline: float) -> AsyncIterator[Link]:
    """Answer a handshake that the policy has let through (its head is unread again).

    Raises `LinkClosed` when the peer is gone or the deadline, a `trio.current_time`, is over.
    """

    async def accept(nursery: trio.Nursery, threshold: trio.abc.Stream) -> None:
        request = await library.wrap_server_stream(nursery, threshold)
        await request.accept(subprotocol=SUBPROTOCOL)

    async with _open_link(guard, accept, about, limits, deadline, LinkClosed) as link:
        yield link


@asynccontextmanager
async def client_link(
    guard: GuardedStream, host: str, token: str | None, limits: Limits, deadline: float, failed: Failed
) -> AsyncIterator[Link]:
    """Shake hands with a server and open the link. Raises `HandshakeRefused`, or what ``failed`` makes."""
    guard.meter = ResponseMeter(limits.handshake_bytes, limits.server_frame_bytes).feed
    headers = [] if token is None else [(b"Authorization", b"Bearer " + token.encode("ascii"))]

    async def connect(nursery: trio.Nursery, threshold: trio.abc.Stream) -> None:
        await library.wrap_client_stream(
            nursery,
            threshold,  # type: ignore[arg-type]  # the library asks for a socket and uses any stream
            host,
            "/",
            subprotocols=[SUBPROTOCOL],
            extra_headers=headers,
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
    try:
        with until(deadline, failed("the handshake took too long")):
            await _shake_hands(guard, open_connection, failed)
        framing = WebSocketFraming(about.role, about.role.largest_frame(limits))
        async with stream_link(guard, framing, about, limits) as link:
            yield link
    finally:
        guard.abort("closed")
