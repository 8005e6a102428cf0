"""Reaching a door, and not reaching one: every failure is ours, says what to do, and leaves nothing behind."""

import contextlib
import errno
import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import trio
import trio.testing
import trustme

from transport import (
    CannotListen,
    ConnectFailed,
    HandshakePolicy,
    HandshakeRefused,
    Limits,
    Link,
    LinkClosed,
    LinkLost,
    Listening,
    Peer,
    ProtocolError,
    Service,
    TransportError,
    connect_websocket,
    new_token,
    serve_websocket_links,
    wire_method,
)

TOKEN = new_token()
QUICK = Limits(handshake_seconds=0.3, close_seconds=0.2)


class Echo:
    @wire_method
    def echo(self, text: str) -> str:
        return text


async def serve_echo(link: Link) -> None:
    await Peer(link, service=Service(Echo())).run()


@asynccontextmanager
async def open_door(handler: Any = serve_echo, **options: Any) -> AsyncIterator[Listening]:
    options.setdefault("policy", HandshakePolicy(token=TOKEN))
    options.setdefault("limits", QUICK)
    async with trio.open_nursery() as nursery:
        yield await nursery.start(partial(serve_websocket_links, handler, **options))
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def impostor(answer: bytes, *, linger: bool = True) -> AsyncIterator[str]:
    """A server of something else: it reads, says ``answer``, and stays or hangs up."""

    async def handle(stream: trio.SocketStream) -> None:
        with contextlib.suppress(trio.BrokenResourceError):
            await stream.receive_some()
            await stream.send_all(answer)
        if linger:
            await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, handle, 0, host="127.0.0.1"))
        yield f"ws://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        nursery.cancel_scope.cancel()


async def echo_once(url: str, **options: Any) -> str:
    async with connect_websocket(url, token=TOKEN, **options) as link, trio.open_nursery() as nursery:
        peer = Peer(link)
        await nursery.start(peer.run)
        answer = await peer.request("echo", {"text": "hello"}, str)
        peer.close()
        return str(answer)


async def fails(url: str, error: type[Exception], text: str, **options: Any) -> Exception:
    with trio.fail_after(5), pytest.raises(error, match=text) as caught:
        async with connect_websocket(url, limits=QUICK, **options):
            pass
    assert TOKEN not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


async def test_a_client_with_the_token_is_served() -> None:
    async with open_door() as door:
        assert door.url == f"ws://127.0.0.1:{door.port}"
        assert await echo_once(door.url) == "hello"
        assert await echo_once(door.url + "/") == "hello"
        assert await echo_once(f"ws://localhost:{door.port}") == "hello"


@pytest.mark.parametrize("token", [None, new_token()])
async def test_a_client_without_the_token_is_refused(token: str | None) -> None:
    async with open_door() as door:
        refused = await fails(door.url, HandshakeRefused, "a valid bearer token is needed", token=token)
        assert refused.args[0] == 401


async def test_a_client_with_the_token_for_reading_is_known_as_one() -> None:
    async def tell(link: Link) -> None:
        await link.send("reads" if link.read_only else "changes")
        await link.receive()

    reading = new_token()
    async with open_door(tell, policy=HandshakePolicy(token=TOKEN, read_token=reading)) as door:
        for token, told in ((TOKEN, "changes"), (reading, "reads")):
            async with connect_websocket(door.url, token=token) as link:
                assert await link.receive() == told
                assert not link.read_only


async def test_nobody_there_is_said_so() -> None:
    error = await fails("ws://127.0.0.1:1", ConnectFailed, "is the server running", token=TOKEN)
    assert "ws://127.0.0.1:1" in str(error)


async def test_a_name_that_does_not_exist_is_said_so() -> None:
    await fails("wss://no-such-host.invalid:1", ConnectFailed, "no-such-host", token=TOKEN)


async def test_a_door_waits_until_there_is_room_for_a_connection_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    accept, full = trio.SocketListener.accept, [errno.EMFILE, errno.ENFILE]

    async def crowded(listener: trio.SocketListener) -> trio.SocketStream:
        if full:
            raise OSError(full[-1], os.strerror(full.pop()))
        return await accept(listener)

    monkeypatch.setattr(trio.SocketListener, "accept", crowded)
    monkeypatch.setattr("transport._doors._listen._REST_SECONDS", 0)
    async with open_door() as door:
        assert await echo_once(door.url) == "hello"
    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == [
        "Too many open files in system; trying again in 0 s",
        "Too many open files; trying again in 0 s",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1",
        "127.0.0.1:1",
        "ws://",
        "ws://:80",
        "ws://127.0.0.1:99999",
        "ws://127.0.0.1:1/path",
        f"ws://127.0.0.1:1/?token={TOKEN}",
        f"ws://user:{TOKEN}@127.0.0.1:1",
        "ws://127.0.0.1:1#x",
        "ws://[::1:1",
    ],
)
async def test_a_url_that_is_none_of_ours_is_refused_without_repeating_secrets(url: str) -> None:
    await fails(url, ConnectFailed, "URL", token=TOKEN)


async def test_a_token_never_crosses_a_network_in_plain_text() -> None:
    await fails("ws://192.0.2.1:80", ConnectFailed, "would cross the network in plain text", token=TOKEN)


async def test_a_token_that_cannot_be_one_is_refused_without_being_shown() -> None:
    for token in ("short", TOKEN + "\r\nX: y", "\xff" * 40):
        with pytest.raises(ValueError, match="a token is 32 to 512") as caught:
            async with connect_websocket("ws://127.0.0.1:1", token=token):
                pass
        assert token not in str(caught.value)
    assert TOKEN not in repr(HandshakePolicy(token=TOKEN))


async def test_a_server_that_accepts_and_stays_silent_is_given_up() -> None:
    async with impostor(b"") as url:
        await fails(url, ConnectFailed, "took too long", token=TOKEN)


ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", ConnectFailed),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", HandshakeRefused),
        (b"HTTP/1.1 302 Found\r\nLocation: ws://evil.example\r\nContent-Length: 0\r\n\r\n", HandshakeRefused),
        (b"HTTP/1.1 500 No\r\nContent-Length: 99999999\r\n\r\n" + bytes(100_000), ConnectFailed),
        (b"HTTP/1.1 500 No\r\n\r\n" + b"endless" * 100_000, ConnectFailed),
        (b"HTTP/1.1 " + b"1" * 100_000, ConnectFailed),
        (ACCEPTED + b"\r\n", ConnectFailed),
        (ACCEPTED + b"Sec-WebSocket-Accept: d3Jvbmc=\r\n\r\n", ConnectFailed),
        (b"HTTP/1.1 100 Continue\r\n\r\n", HandshakeRefused),
        (bytes(range(256)) * 10, ConnectFailed),
        (b"\x15\x03\x01\x00\x02\x02\x16", ConnectFailed),
    ],
)
@pytest.mark.parametrize("linger", [True, False], ids=["stays", "hangs up"])
async def test_a_server_of_something_else_is_told_apart(answer: bytes, error: type[Exception], linger: bool) -> None:
    async with impostor(answer, linger=linger) as url:
        with trio.fail_after(5), pytest.raises((error, ConnectFailed)):
            async with connect_websocket(url, token=TOKEN, limits=QUICK):
                pass


async def test_an_exception_of_the_body_leaves_as_itself_with_its_own_cause() -> None:
    cause = KeyError("cause")
    async with open_door() as door:
        with pytest.raises(ZeroDivisionError) as caught:
            async with connect_websocket(door.url, token=TOKEN):
                raise ZeroDivisionError from cause
        assert caught.value.__cause__ is cause
        with pytest.RaisesGroup(ZeroDivisionError):
            async with connect_websocket(door.url, token=TOKEN):
                raise ExceptionGroup("the body's own", [ZeroDivisionError()])


async def test_a_bug_in_a_handler_ends_the_server_as_itself() -> None:
    async def broken(link: Link) -> None:
        await link.receive()
        raise ZeroDivisionError

    async def poke(door: Listening) -> None:
        async with connect_websocket(door.url, token=TOKEN) as link:
            await link.send(b"x")
            with pytest.raises(LinkClosed):
                await link.receive()

    async def serve(*, task_status: trio.TaskStatus[Listening]) -> None:
        policy = HandshakePolicy(token=TOKEN)
        with pytest.raises(ZeroDivisionError):
            await serve_websocket_links(broken, policy=policy, task_status=task_status)

    async with trio.open_nursery() as nursery:
        await poke(await nursery.start(serve))


@pytest.mark.parametrize(
    "error",
    [
        LinkLost("x"),
        LinkClosed("x"),
        ProtocolError("x"),
        ExceptionGroup("", [LinkLost("x"), ExceptionGroup("", [LinkClosed("y")])]),
    ],
)
async def test_what_a_peer_did_ends_its_handler_only(error: Exception) -> None:
    async def handler(link: Link) -> None:
        if await link.receive() == b"break":
            raise error
        await link.send(b"fine")

    async with open_door(handler) as door:
        async with connect_websocket(door.url, token=TOKEN) as link:
            await link.send(b"break")
            with pytest.raises(LinkClosed):
                await link.receive()
        async with connect_websocket(door.url, token=TOKEN) as link:
            await link.send(b"work")
            assert await link.receive() == b"fine"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
async def test_off_loopback_a_door_needs_tls_or_insecurity_spelled_out(host: str) -> None:
    with pytest.raises(CannotListen, match="off loopback it needs TLS, or the option insecure"):
        await serve_websocket_links(serve_echo, host=host, policy=HandshakePolicy(token=TOKEN))


async def test_insecurity_that_is_spelled_out_is_served() -> None:
    policy = HandshakePolicy(token=TOKEN, insecure=True)
    async with open_door(host="0.0.0.0", policy=policy) as door:
        assert await echo_once(f"ws://127.0.0.1:{door.port}") == "hello"


async def test_a_port_that_is_taken_is_said_so() -> None:
    async with open_door() as door:
        with pytest.raises(CannotListen, match=rf"127\.0\.0\.1 port {door.port}: .*in use"):
            await serve_websocket_links(serve_echo, port=door.port, policy=HandshakePolicy(token=TOKEN))


async def test_ipv6_loopback_is_served() -> None:
    async with open_door(host="::1") as door:
        assert door.url == f"ws://[::1]:{door.port}"
        assert await echo_once(door.url) == "hello"


async def test_a_door_that_is_cancelled_closes_its_connections_and_its_port() -> None:
    async with trio.open_nursery() as nursery:
        serve = partial(serve_websocket_links, serve_echo, policy=HandshakePolicy(token=TOKEN))
        serving = trio.CancelScope()

        async def serve_in_scope(*, task_status: trio.TaskStatus[Listening]) -> None:
            with serving:
                await serve(task_status=task_status)

        door = await nursery.start(serve_in_scope)
        async with connect_websocket(door.url, token=TOKEN) as link:
            serving.cancel()
            with pytest.raises(LinkClosed, match="closed with 1000"):
                await link.receive()
    await fails(door.url, ConnectFailed, "is the server running")


# --- TLS


@pytest.fixture
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_tls_serves_whoever_trusts_its_authority(server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    async with open_door(ssl_context=server_tls, host="0.0.0.0", limits=Limits()) as door:
        assert door.url.startswith("wss://")
        assert await echo_once(f"wss://127.0.0.1:{door.port}", ssl_context=client_tls) == "hello"
        await fails(f"wss://127.0.0.1:{door.port}", ConnectFailed, "TLS failed: .*certificate")
        name = f"wss://localhost:{door.port}"
        await fails(name, ConnectFailed, "TLS failed: .*[Hh]ostname", ssl_context=client_tls)


async def test_plain_text_and_tls_do_not_understand_each_other(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    async with open_door(ssl_context=server_tls) as door:
        await fails(f"ws://127.0.0.1:{door.port}", ConnectFailed, "hung up|broke|traffic")
    async with open_door() as door:
        url = f"wss://127.0.0.1:{door.port}"
        await fails(url, ConnectFailed, "TLS failed", ssl_context=client_tls)


async def test_a_client_that_stalls_inside_tls_is_let_go(server_tls: ssl.SSLContext) -> None:
    async with open_door(ssl_context=server_tls) as door:
        with trio.fail_after(5):
            async with await trio.open_tcp_stream("127.0.0.1", door.port) as stream:
                await stream.send_all(b"\x16\x03\x01\x00\xf8\x01")
                with contextlib.suppress(trio.BrokenResourceError):
                    assert await stream.receive_some() == b""


# --- cancellation


async def test_cancelled_at_any_moment_nothing_stays_open(descriptors: Callable[[], int]) -> None:
    async with open_door(limits=Limits()) as door:
        await echo_once(door.url)
        await trio.testing.wait_all_tasks_blocked(0.02)
        before = descriptors(), trio.lowlevel.current_statistics().tasks_living
        for step in range(40):
            with trio.move_on_after(step * 0.0002):
                await echo_once(door.url)
        with trio.fail_after(5):
            while (descriptors(), trio.lowlevel.current_statistics().tasks_living) != before:
                await trio.testing.wait_all_tasks_blocked(0.01)
        assert await echo_once(door.url) == "hello"


def test_every_public_error_is_a_transport_error() -> None:
    import transport

    errors = [value for value in vars(transport).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert len(errors) >= 13
    assert [error for error in errors if not issubclass(error, TransportError)] == []
    assert {error.__module__ for error in errors} == {"transport"}


@pytest.mark.parametrize(
    ("host", "taken", "advice"),
    [
        ("127.0.0.1", True, "Address already in use; name another port, or 0 for a free one"),
        ("192.0.2.1", False, "Cannot assign requested address; name an address of this host"),
    ],
)
async def test_where_nothing_can_be_opened_it_is_said_what_would_do(host: str, taken: bool, advice: str) -> None:
    policy = HandshakePolicy(token=TOKEN, insecure=True)
    async with open_door() as door:
        port = door.port if taken else 0
        with pytest.raises(CannotListen, match=advice):
            await serve_websocket_links(unreachable, host=host, port=port, policy=policy)


async def unreachable(_: Link) -> None:
    raise AssertionError("nobody comes here")
