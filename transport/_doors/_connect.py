"""Reaching a door as a client: the address, the stream, TLS, and errors that say what to do.

A token goes to loopback or through TLS, never across a network in plain text, and never into a URL.
"""

import ipaddress
import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from urllib.parse import urlsplit

import attrs
import trio

from transport._errors import ConnectFailed
from transport._limits import Limits
from transport._link._guard import GuardedStream
from transport._link._link import Link
from transport._link._stream_link import StartSoon, in_own_nursery
from transport._until import until

from ._policy import check_token, is_loopback
from ._websocket import client_link


@attrs.frozen
class _Address:
    host: str
    port: int
    tls: bool

    @property
    def authority(self) -> str:
        """What goes into the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def read_url(url: str) -> _Address:
    """Read ``ws://host:port`` or ``wss://host:port``. Raises `ConnectFailed`, the caller's mistake."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConnectFailed("the given URL", str(error)) from None
    if parts.scheme not in ("ws", "wss") or not host:
        raise ConnectFailed("the given URL", "it must look like ws://host:port or wss://host:port")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConnectFailed(f"{parts.scheme}://{host}", "its URL must hold a host and a port, nothing else")
    tls = parts.scheme == "wss"
    return _Address(host, port or (443 if tls else 80), tls)


def connect_websocket(
    url: str,
    *,
    token: str | None = None,
    limits: Limits | None = None,
    ssl_context: ssl.SSLContext | None = None,
    insecure: bool = False,
) -> AbstractAsyncContextManager[Link]:
    """Open a link to a server's door; it is closed when the block is left.

    ``ssl_context`` is for ``wss`` (the default trusts the system's authorities); ``insecure=True`` allows a
    token to cross a network in plain text. Raises `ConnectFailed` when no server of ours answers in time, and
    `HandshakeRefused` when one says no.
    """
    return in_own_nursery(partial(reach_websocket, url, token, limits or Limits(), ssl_context, insecure))


async def reach_websocket(
    url: str,
    token: str | None,
    limits: Limits,
    ssl_context: ssl.SSLContext | None,
    insecure: bool,
    start_soon: StartSoon,
) -> Link:
    """As `connect_websocket`, but the link is the caller's to close; *start_soon* is that of a nursery around it."""
    address = read_url(url)
    failed = partial(ConnectFailed, url)
    if token is not None:
        check_token(token)
        if not (address.tls or insecure or is_loopback(address.host)):
            raise failed("a token would cross the network in plain text; use wss://, or the option insecure")
    deadline = trio.current_time() + limits.handshake_seconds
    with until(deadline, failed(f"no answer within {limits.handshake_seconds:g} s")):
        stream = await _dial(address, ssl_context, failed)
    guard = GuardedStream(stream, limits.send_seconds)
    return await client_link(guard, address.authority, token, limits, deadline, _no_server(url), start_soon)


def _no_server(url: str) -> Callable[[str], ConnectFailed]:
    return lambda reason: ConnectFailed(url, f"{reason}; is it a Trellis server that listens there?")


async def _dial(
    address: _Address, ssl_context: ssl.SSLContext | None, failed: partial[ConnectFailed]
) -> trio.abc.Stream:
    try:
        stream = await _open_tcp_stream(address)
    except OSError as error:
        raise failed(_describe(error)) from None
    if not address.tls:
        return stream
    return await _client_tls(stream, address, ssl_context or ssl.create_default_context(), failed)


async def _open_tcp_stream(address: _Address) -> trio.SocketStream:
    """Connect; to an address in figures without the race between addresses that trio holds for a name."""
    family = _family(address.host)
    if family is None:
        return await trio.open_tcp_stream(address.host, address.port)
    socket = trio.socket.socket(family)
    try:
        await socket.connect((address.host, address.port))
    except BaseException:
        socket.close()
        raise
    return trio.SocketStream(socket)


def _family(host: str) -> int | None:
    """Tell the kind of an address in figures; None for a name."""
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return None
    return trio.socket.AF_INET6 if version == 6 else trio.socket.AF_INET


def _describe(error: OSError) -> str:
    """Give the system's reason; trio puts several attempts into one error with a group as its cause."""
    cause: BaseException = error.__cause__ or error
    while isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    if isinstance(cause, ConnectionRefusedError):
        return "nobody listens there; is the server running, and is this its address?"
    return getattr(cause, "strerror", None) or str(cause)


async def _client_tls(
    stream: trio.SocketStream,
    address: _Address,
    context: ssl.SSLContext,
    failed: partial[ConnectFailed],
) -> trio.SSLStream[trio.SocketStream]:
    secured = trio.SSLStream(stream, context, server_hostname=address.host, https_compatible=True)
    try:
        await secured.do_handshake()
    except trio.BrokenResourceError as error:
        stream.socket.close()
        reason = getattr(error.__cause__, "verify_message", None) or str(error.__cause__ or error)
        raise failed(f"TLS failed: {reason}") from None
    except BaseException:
        stream.socket.close()
        raise
    return secured
