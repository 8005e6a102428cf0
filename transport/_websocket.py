"""Links over websockets, and shaking hands with a server.

A server shakes hands in its door, and both ends do it by our own strict reading: a library's has a task and a channel
between the stream and whoever reads, which cost a client a quarter of all that opening a session does. After the
handshake the frames are `_ws_frames`'.
"""

from collections.abc import Callable

import trio

from ._errors import HandshakeRefused
from ._guard import GuardedStream
from ._handshake import SWITCHING, Answer, BadAnswer, may_begin, new_key, question, read_answer
from ._http import HEAD_END
from ._limits import Limits
from ._link import About, Link, Role
from ._stream_link import StartSoon, StreamLink
from ._until import until
from ._ws_frames import WebSocketFraming
from ._ws_meter import ResponseMeter

Failed = Callable[[str], Exception]
"""Makes the error for a handshake that came to nothing, from its reason."""


def websocket_link(guard: GuardedStream, about: About, limits: Limits, start_soon: StartSoon) -> Link:
    """Make a link of a stream on which hands have been shaken; it is its maker's to close."""
    framing = WebSocketFraming(about.role, about.role.largest_frame(limits))
    return StreamLink(guard, framing, about, limits, start_soon)


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
    """Ask for a websocket. Raises `HandshakeRefused`, or what ``failed`` makes."""
    key = new_key()
    try:
        await guard.send_all(question(host, key, token))
        head, rest = await _receive_head(guard)
        answer = read_answer(head, key)
        if answer.status != SWITCHING:
            raise HandshakeRefused(answer.status, await _receive_reason(guard, answer, rest))
    except BadAnswer as error:
        raise failed(str(error)) from None
    except trio.BrokenResourceError:
        raise failed(guard.fault or "the peer hung up during the handshake") from None
    guard.unread(rest)


async def _receive_head(guard: GuardedStream) -> tuple[bytes, bytes]:
    """Receive an answer as far as its empty line, and what came behind it. The guard's meter bounds it."""
    data = bytearray()
    while HEAD_END not in data:
        piece = await guard.receive_some()
        if not piece:
            raise BadAnswer("the peer hung up during the handshake")
        data += piece
        if not may_begin(data):
            raise BadAnswer("this is no HTTP")
    head, end, rest = bytes(data).partition(HEAD_END)
    return head + end, rest


async def _receive_reason(guard: GuardedStream, answer: Answer, data: bytes) -> str:
    """Receive the text of a refusal, as far as it comes."""
    while answer.body_bytes is None or len(data) < answer.body_bytes:
        piece = await guard.receive_some()
        if not piece:
            break
        data += piece
    return data[: answer.body_bytes].decode("utf-8", "replace").strip()[:500] or "no reason given"
