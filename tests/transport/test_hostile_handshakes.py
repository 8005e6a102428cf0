"""Whatever is said at the threshold: a plain no, for its sender only.

Each case is what one client sends before it is let in; beside it an honest client goes on working.
"""

import base64
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import attrs
import pytest
import trio

from transport import (
    HandshakePolicy,
    Limits,
    Link,
    Listening,
    Peer,
    Service,
    connect_websocket,
    new_token,
    serve_websocket_links,
    wire_method,
)
from transport._doors._http import read_head

TOKEN = new_token()
OTHER = new_token()
KEY = base64.b64encode(bytes(16)).decode()
LIMITS = Limits(handshake_seconds=30, close_seconds=0.2)
IMPATIENT = attrs.evolve(LIMITS, handshake_seconds=1)
"""Only where the deadline is the claim: on a busy machine an honest client needs its time, too."""


class Echo:
    @wire_method
    def echo(self, text: str) -> str:
        return text


async def serve_echo(link: Link) -> None:
    await Peer(link, service=Service(Echo()), limits=LIMITS).run()


@asynccontextmanager
async def open_door(limits: Limits = LIMITS, policy: HandshakePolicy | None = None) -> AsyncIterator[Listening]:
    policy = policy or HandshakePolicy(token=TOKEN)
    async with trio.open_nursery() as nursery:
        yield await nursery.start(partial(serve_websocket_links, serve_echo, policy=policy, limits=limits))
        nursery.cancel_scope.cancel()


def request(
    *lines: str,
    first: str = "GET / HTTP/1.1",
    without: str = "",
    token: str | None = TOKEN,
    after: bytes = b"",
    newline: str = "\r\n",
) -> bytes:
    """Write an honest handshake, and then what is wrong with it."""
    headers = {
        "Host": "127.0.0.1",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "trellis.v1",
        "Authorization": f"Bearer {token}",
    }
    if token is None:
        del headers["Authorization"]
    headers.pop(without, None)
    all_lines = [first, *(f"{name}: {value}" for name, value in headers.items()), *lines, "", ""]
    return newline.join(all_lines).encode("latin-1") + after


@attrs.frozen
class Case:
    """What is sent, and which status comes back; 0: none, the connection just ends."""

    sent: bytes
    status: int
    limits: Limits = LIMITS


SWITCHING, BAD, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, METHOD, UPGRADE, TOO_LARGE = (
    101,
    400,
    401,
    403,
    404,
    405,
    426,
    431,
)

CASES = {
    "an honest one": Case(request(), SWITCHING),
    "an honest one that offers compression": Case(
        request("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"), SWITCHING
    ),
    "an honest one with odd but legal spelling": Case(
        request("UPGRADE:   WebSocket", "connection: keep-alive, UPGRADE", without="Upgrade", token=TOKEN).replace(
            b"Connection: Upgrade\r\n", b""
        ),
        SWITCHING,
    ),
    "an honest one among other subprotocols": Case(
        request("Sec-WebSocket-Protocol: chat, trellis.v1", without="Sec-WebSocket-Protocol"), SWITCHING
    ),
    "noise": Case(bytes(range(256)) * 4 + b"\r\n\r\n", BAD),
    "a greeting of TLS": Case(bytes.fromhex("16030100f8010000f40303") + bytes(200) + b"\r\n\r\n", BAD),
    "the preface of HTTP/2": Case(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", BAD),
    "empty lines only": Case(b"\r\n\r\n", BAD),
    "HTTP/1.0": Case(request(first="GET / HTTP/1.0"), BAD),
    "HTTP/1.2": Case(request(first="GET / HTTP/1.2"), BAD),
    "a lower case method": Case(request(first="get / HTTP/1.1"), BAD),
    "two spaces in the request line": Case(request(first="GET  / HTTP/1.1"), BAD),
    "POST": Case(request(first="POST / HTTP/1.1"), METHOD),
    "OPTIONS": Case(request(first="OPTIONS / HTTP/1.1"), METHOD),
    "CONNECT": Case(request(first="CONNECT 127.0.0.1:22 HTTP/1.1"), BAD),
    "an absolute target": Case(request(first="GET http://127.0.0.1/ HTTP/1.1"), BAD),
    "an asterisk as target": Case(request(first="GET * HTTP/1.1"), BAD),
    "another path": Case(request(first="GET /admin HTTP/1.1"), NOT_FOUND),
    "a path that climbs": Case(request(first="GET /../../etc/passwd HTTP/1.1"), NOT_FOUND),
    "a token in the query": Case(request(first=f"GET /?token={TOKEN} HTTP/1.1", token=None), UNAUTHORIZED),
    "a target that is no text": Case(request(first="GET /\xff HTTP/1.1"), BAD),
    "an endless target": Case(request(first=f"GET /{'a' * 3000} HTTP/1.1"), BAD),
    "no Host": Case(request(without="Host"), BAD),
    "two Hosts": Case(request("Host: 127.0.0.1"), BAD),
    "a foreign Host": Case(request("Host: attacker.example", without="Host"), FORBIDDEN),
    "a Host that begins like ours": Case(request("Host: 127.0.0.1.attacker.example", without="Host"), FORBIDDEN),
    "another loopback Host": Case(request("Host: 127.9.9.9", without="Host"), FORBIDDEN),
    "an empty Host": Case(request("Host:", without="Host"), BAD),
    "a Host with a user": Case(request("Host: evil@127.0.0.1", without="Host"), BAD),
    "a Host that is no name": Case(request("Host: \xff\xfe", without="Host"), BAD),
    "a Host of many labels": Case(request(f"Host: {'a.' * 200}b", without="Host"), FORBIDDEN),
    "an Origin": Case(request("Origin: https://evil.example"), FORBIDDEN),
    "an Origin of our own": Case(request("Origin: http://127.0.0.1"), FORBIDDEN),
    "an Origin that is null": Case(request("Origin: null"), FORBIDDEN),
    "an empty Origin": Case(request("Origin:"), FORBIDDEN),
    "two Origins": Case(request("Origin: https://a.example", "Origin: https://b.example"), FORBIDDEN),
    "no token": Case(request(token=None), UNAUTHORIZED),
    "a wrong token": Case(request(token=new_token()), UNAUTHORIZED),
    "an empty token": Case(request(token=""), UNAUTHORIZED),
    "a token cut short": Case(request(token=TOKEN[:-1]), UNAUTHORIZED),
    "a token with more behind it": Case(request(token=TOKEN + "x"), UNAUTHORIZED),
    "a token that is no text": Case(request(token="\xff" * 43), UNAUTHORIZED),
    "the token twice": Case(request(f"Authorization: Bearer {TOKEN}"), UNAUTHORIZED),
    "the token by another scheme": Case(request(f"Authorization: Basic {TOKEN}", token=None), UNAUTHORIZED),
    "the token without a scheme": Case(request(f"Authorization: {TOKEN}", token=None), UNAUTHORIZED),
    "the token in a cookie": Case(request(f"Cookie: token={TOKEN}", token=None), UNAUTHORIZED),
    "no Upgrade": Case(request(without="Upgrade"), UPGRADE),
    "Upgrade to something else": Case(request("Upgrade: h2c", without="Upgrade"), UPGRADE),
    "Upgrade to two things": Case(request("Upgrade: h2c"), UPGRADE),
    "no Connection": Case(request(without="Connection"), UPGRADE),
    "Connection: close": Case(request("Connection: close", without="Connection"), UPGRADE),
    "no version": Case(request(without="Sec-WebSocket-Version"), UPGRADE),
    "an old version": Case(request("Sec-WebSocket-Version: 8", without="Sec-WebSocket-Version"), UPGRADE),
    "two versions": Case(request("Sec-WebSocket-Version: 8"), UPGRADE),
    "no key": Case(request(without="Sec-WebSocket-Key"), BAD),
    "a short key": Case(request("Sec-WebSocket-Key: YQ==", without="Sec-WebSocket-Key"), BAD),
    "a key that is no base64": Case(
        request("Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==", without="Sec-WebSocket-Key"), BAD
    ),
    "two keys": Case(request(f"Sec-WebSocket-Key: {KEY}"), BAD),
    "no subprotocol": Case(request(without="Sec-WebSocket-Protocol"), BAD),
    "a later subprotocol": Case(request("Sec-WebSocket-Protocol: trellis.v2", without="Sec-WebSocket-Protocol"), BAD),
    "a body by length": Case(request("Content-Length: 5"), BAD),
    "a body by length, sent": Case(request("Content-Length: 5", after=b"hello"), BAD),
    "a body of length 0": Case(request("Content-Length: 0"), BAD),
    "a body in chunks": Case(request("Transfer-Encoding: chunked", after=b"0\r\n\r\n"), BAD),
    "both kinds of length": Case(request("Content-Length: 4", "Transfer-Encoding: chunked"), BAD),
    "a chunked that hides": Case(request("Transfer-Encoding: \x0bchunked"), BAD),
    "a second request behind the first": Case(request(after=request()), BAD),
    "a frame behind the request": Case(request(after=b"\x89\x80\x00\x00\x00\x00"), BAD),
    "a folded header": Case(request("X-Folded: a", " b"), BAD),
    "a header without a colon": Case(request("nonsense"), BAD),
    "a space before the colon": Case(request("Authorization : Bearer x"), BAD),
    "a header without a name": Case(request(": value"), BAD),
    "a name that is no token": Case(request("X(Y): 1"), BAD),
    "NUL in a value": Case(request("X: a\x00b"), BAD),
    "NUL in a name": Case(request("X\x00: a"), BAD),
    "a bare CR in a value": Case(request("X: a\rY: b"), BAD),
    "a bare LF in a value": Case(request("X: a\nOrigin: b"), BAD),
    "bare LFs as line ends": Case(request(newline="\n", after=b"\r\n\r\n"), BAD),
    "a hundred headers": Case(request(*(f"X-{n}: 1" for n in range(100))), TOO_LARGE),
    "a header of 9 KiB": Case(request(f"X: {'a' * 9000}"), BAD),
    "20 KiB of headers": Case(request(*(f"X-{n}: {'a' * 1000}" for n in range(20))), TOO_LARGE),
    "20 KiB without an end": Case(b"GET / HTTP/1.1\r\n" + b"a" * 20_000, TOO_LARGE),
    "hanging up at once": Case(b"", 0),
    "half a request, then silence": Case(request()[:100], 0, IMPATIENT),
    "one byte, then silence": Case(b"G", 0, IMPATIENT),
}


async def exchange(port: int, sent: bytes) -> bytes:
    """Send and read to the end, but for a client that was let in: it never ends by itself."""
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        received = b""
        try:
            if sent:
                await stream.send_all(sent)
            else:
                await stream.send_eof()
            while not received.startswith(b"HTTP/1.1 101"):
                data = await stream.receive_some()
                if not data:
                    break
                received += data
        except trio.BrokenResourceError:
            pass
        return received


async def check_honest(door: Listening) -> None:
    async with connect_websocket(door.url, token=TOKEN) as link, trio.open_nursery() as nursery:
        peer = Peer(link)
        await nursery.start(peer.run)
        assert await peer.request("echo", {"text": "still here"}, str) == "still here"
        peer.close()


@pytest.mark.parametrize("name", CASES)
async def test_the_threshold(name: str) -> None:
    case = CASES[name]
    with trio.fail_after(30):
        async with open_door(case.limits) as door:
            answer = await exchange(door.port, case.sent)
            await check_honest(door)
    status = int(answer.split(b" ", 2)[1]) if answer else 0
    assert status == case.status, answer
    assert TOKEN.encode() not in answer
    assert b"permessage-deflate" not in answer


async def test_a_reset_in_the_middle_is_survived() -> None:
    async with open_door() as door:
        for cut in (0, 1, 50, None):
            stream = await trio.open_tcp_stream("127.0.0.1", door.port)
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await stream.send_all(request()[:cut] or b"G")
            stream.socket.close()
        await check_honest(door)


async def test_one_byte_at_a_time_does_not_stretch_the_deadline() -> None:
    async with open_door(IMPATIENT) as door, await trio.open_tcp_stream("127.0.0.1", door.port) as stream:
        ended = trio.Event()

        async def drip() -> None:
            try:
                for byte in request():
                    await stream.send_all(bytes([byte]))
                    await trio.sleep(0.01)
            except trio.BrokenResourceError:
                ended.set()

        with trio.fail_after(10):
            await drip()
        assert ended.is_set()


async def test_above_the_limit_the_oldest_unfinished_handshake_makes_room() -> None:
    limits = attrs.evolve(LIMITS, handshakes=3)
    async with open_door(limits) as door:
        mute = [await trio.open_tcp_stream("127.0.0.1", door.port) for _ in range(3)]
        with trio.fail_after(2):
            await check_honest(door)
            assert await mute[0].receive_some() == b""
        with trio.move_on_after(0.05) as scope:
            await mute[2].receive_some()
        assert scope.cancelled_caught
        for stream in mute:
            await stream.aclose()


async def test_a_full_house_says_so() -> None:
    async with open_door(attrs.evolve(LIMITS, sessions=1)) as door:
        async with connect_websocket(door.url, token=TOKEN):
            answer = await exchange(door.port, request())
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"sessions = 1" in answer
        for _ in range(100):
            if (await exchange(door.port, request())).startswith(b"HTTP/1.1 101 "):
                return
            await trio.sleep(0.01)
        pytest.fail("the house stays full")


async def test_a_listed_origin_and_a_listed_host_may_come_in() -> None:
    policy = HandshakePolicy(token=TOKEN, origins=frozenset({"https://view.example"}), hosts=frozenset({"lab.example"}))
    async with open_door(policy=policy) as door:
        lab = request("Origin: https://view.example", "Host: lab.example:8080", without="Host")
        assert (await exchange(door.port, lab)).startswith(b"HTTP/1.1 101 ")
        other = request("Origin: https://view.example.evil", without="")
        assert (await exchange(door.port, other)).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("given", [TOKEN, OTHER, "wrong", ""])
def test_tokens_are_compared_in_constant_time_all_of_them_and_nothing_else_decides(
    given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def never(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return False

    policy = HandshakePolicy(token=TOKEN, read_token=OTHER)
    head = read_head(request(token=given))
    monkeypatch.setattr("hmac.compare_digest", never)
    refused = policy.verdict(head, "127.0.0.1")
    assert refused is not None
    assert refused.status == 401
    assert compared == [(given.encode(), TOKEN.encode()), (given.encode(), OTHER.encode())]
