"""Links over websockets, and shaking hands with a server.

The only file that imports trio_websocket, and the border where its errors end.
The library opens a client's connection, and its task ends with that: it puts a task and a channel between the stream
and whoever reads, which would cost each message several turns of the scheduler. So it gets the head of the
handshake and not a byte more; after it the frames are `_ws_frames`'. A server shakes hands in its door.
"""

from collections.abc import Callable

import trio
import trio_websocket as library

from transport._errors import HandshakeRefused
from transport._limits import Limits
from transport._link._guard import GuardedStream
from transport._link._link import About, Link, Role
from transport._link._stream_link import StartSoon, StreamLink
from transport._until import until

from ._http import HEAD_END
from ._policy import SUBPROTOCOL
from ._ws_frames import WebSocketFraming
from ._ws_meter import ResponseMeter, is_refusal

Failed = Callable[[str], Exception]
"""Makes the error for a handshake that came to nothing, from its reason."""


def websocket_link(guard: GuardedStream, about: About, limits: Limits, start_soon: StartSoon) -> Link:
    """Make a link of a stream on which hands have been shaken; it is its maker's to close."""
    framing = WebSocketFraming(about.role, about.role.largest_frame(limits))
    return StreamLink(guard, framing, about, limits, start_soon)


class _Threshold(trio.abc.Stream):
    """What the library sees of a stream: the head of the answer, or a refusal whole, and then nothing more.

    The library does not say that its stream has ended; whoever waits for the handshake learns it by *on_end*.
    """

    def __init__(self, guard: GuardedStream, on_end: Callable[[], None]) -> None:
        self._guard = guard
        self._on_end = on_end
        self._head = b""

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        if HEAD_END in self._head and not is_refusal(self._head):
            await trio.sleep_forever()
        data = await self._receive(max_bytes)
        known, self._head = len(self._head), self._head + data
        end = self._head.find(HEAD_END)
        if end < 0 or is_refusal(self._head):
            return data
        last = end + len(HEAD_END) - known
        if data[last:]:
            self._guard.unread(data[last:])
        return data[:last]

    async def _receive(self, max_bytes: int | None) -> bytes:
        data = b""
        try:
            data = await self._guard.receive_some(max_bytes)
        finally:
            if not data:
                self._on_end()
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        try:
            await self._guard.send_all(data)
        except trio.BrokenResourceError:
            self._on_end()
            raise

    async def wait_send_all_might_not_block(self) -> None:
        await self._guard.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._guard.aclose()


async def client_link(
    guard: GuardedStream,
    host: str,
    token: str | None,
    limits: Limits,
    deadline: float,
    failed: Failed,
    start_soon: StartSoon,
) -> Link:
    """Shake hands with a server and make a link. Raises `HandshakeRefused`, or what ``failed`` makes."""
    guard.meter = ResponseMeter(limits.handshake_bytes, limits.server_frame_bytes).feed
    try:
        with until(deadline, failed("the handshake took too long")):
            await _shake_hands(guard, host, token, failed)
        return websocket_link(guard, About(Role.CLIENT, host), limits, start_soon)
    except BaseException:
        guard.abort("closed")
        raise


async def _shake_hands(guard: GuardedStream, host: str, token: str | None, failed: Failed) -> None:
    """Have the library ask for a connection. Raises `HandshakeRefused`, or what ``failed`` makes."""
    opened, refused = False, None
    try:
        async with trio.open_nursery() as nursery:
            await _ask(nursery, guard, host, token)
            opened = True
            nursery.cancel_scope.cancel()
    except* Exception as group:
        # Caused by the peer's bytes or by the network: none of our own code runs in there.
        refused = _refusal(_first(group))
        guard.abort(f"bad websocket traffic ({type(_first(group)).__name__})")
    if not opened:
        raise refused or failed(guard.fault or "the peer hung up during the handshake")


async def _ask(nursery: trio.Nursery, guard: GuardedStream, host: str, token: str | None) -> None:
    async def give_up() -> None:
        nursery.cancel_scope.cancel()

    # By a task, so that the library first makes what it can of the end: it may be that of a refusal.
    threshold = _Threshold(guard, lambda: nursery.start_soon(give_up))
    await library.wrap_client_stream(
        nursery,
        threshold,  # type: ignore[arg-type]  # the library asks for a socket and uses any stream
        host,
        "/",
        subprotocols=[SUBPROTOCOL],
        extra_headers=[] if token is None else [(b"Authorization", b"Bearer " + token.encode("ascii"))],
    )


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _refusal(error: BaseException) -> HandshakeRefused | None:
    if not isinstance(error, library.ConnectionRejected):
        return None
    text = (error.body or b"").decode("utf-8", "replace").strip()[:500]
    return HandshakeRefused(error.status_code, text or "no reason given")
