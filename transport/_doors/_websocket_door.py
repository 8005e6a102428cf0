"""A door for websockets: the listener, the policy at the threshold, and TLS.

The head of a handshake is read, judged and answered here, by our own strict reading; a second one by a library
could only understand it in another way. A refused client gets a plain HTTP answer and is gone.
"""

import contextlib
import errno
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, NoReturn

import attrs
import trio

from transport._errors import CannotListen, LimitExceeded, LinkClosed
from transport._limits import Limits
from transport._link._guard import GuardedStream
from transport._link._link import About, Link, Role
from transport._until import until

from ._http import HEAD_END, BadRequest, RequestHead, read_head, refusal, switching
from ._listen import BACKLOG, AcceptLoop, Handler
from ._policy import SUBPROTOCOL, HandshakePolicy, Refusal
from ._websocket import websocket_link
from ._ws_meter import FrameMeter


@attrs.frozen
class Listening:
    """Where a door is open."""

    host: str
    port: int
    tls: bool

    @property
    def url(self) -> str:
        """What a client connects to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'wss' if self.tls else 'ws'}://{host}:{self.port}"


async def serve_websocket_links(
    handler: Handler,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    policy: HandshakePolicy,
    limits: Limits | None = None,
    ssl_context: ssl.SSLContext | None = None,
    on_closing: Callable[[], None] = lambda: None,
    task_status: trio.TaskStatus[Listening] = trio.TASK_STATUS_IGNORED,
) -> NoReturn:
    """Serve links over websockets until cancelled; ``started`` gives a `Listening`. Port 0 takes a free one.

    ``handler(link)`` runs once for each client that the policy lets in; its link ends with it. Whatever a
    peer does (`LinkLost`, `LinkClosed`, `ProtocolError` out of the handler included) ends that connection
    only; any other exception of a handler is a bug and leaves this function. ``on_closing()`` is called once, when
    the door closes for whatever reason, before the handlers that are shielded have ended. Raises `CannotListen`.
    """
    limits = limits or Limits()
    if not policy.allows_listening(host, tls=ssl_context is not None):
        raise CannotListen(f"{host} port {port}", "off loopback it needs TLS, or the option insecure")
    listeners = await _open_listeners(host, port)
    name, bound = listeners[0].socket.getsockname()[:2]
    loop = AcceptLoop(handler, partial(_open_link, policy, ssl_context), limits, on_closing)
    task_status.started(Listening(name, bound, ssl_context is not None))
    await loop.run(listeners)


_ADVICE: Final = {
    errno.EADDRINUSE: "name another port, or 0 for a free one",
    errno.EADDRNOTAVAIL: "name an address of this host",
    errno.EACCES: "name a port from 1024 on",
}


def _words(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{reason}; {_ADVICE[error.errno]}" if error.errno in _ADVICE else reason


async def _open_listeners(host: str, port: int) -> list[trio.SocketListener]:
    """Listen on all addresses of the host; with a port of the kernel's choice on the first one only."""
    try:
        listeners = await trio.open_tcp_listeners(port, host=host, backlog=BACKLOG)
    except OSError as error:
        raise CannotListen(f"{host} port {port}", _words(error)) from None
    while port == 0 and len(listeners) > 1:
        listeners.pop().socket.close()
    return listeners


@asynccontextmanager
async def _open_link(
    policy: HandshakePolicy, tls: ssl.SSLContext | None, loop: AcceptLoop, stream: trio.SocketStream
) -> AsyncIterator[Link]:
    deadline = trio.current_time() + loop.limits.handshake_seconds
    local, peer = _address(stream.socket.getsockname), _address(stream.socket.getpeername)
    guard = GuardedStream(stream if tls is None else _server_tls(stream, tls), loop.limits.send_seconds)
    loop.knock(guard)
    try:
        with until(deadline, LinkClosed("the handshake took too long")):
            head = await _pass_threshold(policy, loop, guard, local)
        guard.meter = FrameMeter("client_frame_bytes", loop.limits.client_frame_bytes).feed
        about = About(Role.SERVER, peer, policy.reads_only(head))
        link = websocket_link(guard, about, loop.limits, loop.start_soon)
        loop.welcome(guard)
        try:
            yield link
        finally:
            await link.aclose()
    finally:
        loop.forget(guard)
        guard.abort("closed")


def _address(ask: Callable[[], Any]) -> str:
    """Ask a socket for an address; one whose peer has gone already has none."""
    try:
        host, port = ask()[:2]
    except OSError:
        return "nowhere"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _server_tls(stream: trio.SocketStream, context: ssl.SSLContext) -> trio.SSLStream[trio.SocketStream]:
    return trio.SSLStream(stream, context, server_side=True, https_compatible=True)


async def _pass_threshold(policy: HandshakePolicy, loop: AcceptLoop, guard: GuardedStream, local: str) -> RequestHead:
    """Read the head, judge it, and shake hands. A refused client is told and gone."""
    try:
        head = read_head(await _receive_head(guard, loop.limits.handshake_bytes))
        refused = policy.verdict(head, local.rpartition(":")[0].strip("[]"))
        if refused is None:
            loop.admit(guard)
            (key,) = head.every("sec-websocket-key")
            await guard.send_all(switching(key, SUBPROTOCOL))
            return head
    except BadRequest as error:
        refused = Refusal(*error.args)
    except LimitExceeded as error:
        refused = Refusal(503, str(error))
    except trio.BrokenResourceError:
        raise LinkClosed(guard.fault or "the peer hung up") from None
    raise await _refuse(guard, refused)


async def _receive_head(guard: GuardedStream, limit: int) -> bytes:
    data = bytearray()
    while HEAD_END not in data:
        piece = await guard.receive_some()
        if not piece:
            raise LinkClosed("the peer hung up during the handshake")
        data += piece
        if not data[:1].isupper():
            raise BadRequest(400, "this is no HTTP")
        if len(data) > limit:
            raise BadRequest(431, f"more than {limit} bytes before the end of the headers")
    return bytes(data)


async def _refuse(guard: GuardedStream, refused: Refusal) -> LinkClosed:
    with contextlib.suppress(trio.BrokenResourceError):
        await guard.send_all(refusal(refused.status, refused.reason))
    return LinkClosed(f"refused: {refused.status} {refused.reason}")
