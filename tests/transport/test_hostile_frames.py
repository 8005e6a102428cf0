"""Whatever is sent after the handshake: it ends its own connection or is answered, and nobody else notices.

Each case is tried twice, before the connection is opened by its first request and after; beside it an honest
client goes on working, and no handler is left over.
"""

import base64
import contextlib
import os
import random
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import attrs
import msgspec
import pytest
import trio
from wsproto.frame_protocol import XorMaskerSimple

from transport import (
    ErrorTable,
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

TOKEN = new_token()
KEY = base64.b64encode(bytes(16)).decode()
LIMITS = Limits(
    client_frame_bytes=64 * 1024,
    client_document_bytes=256 * 1024,
    server_frame_bytes=64 * 1024,
    fragment_bytes=16 * 1024,
    outbox_bytes=256 * 1024,
    transfers=4,
    requests_in_flight=8,
    open_seconds=0.4,
    close_seconds=0.2,
    send_seconds=0.4,
)
FUZZED = 10_000 if os.environ.get("TRELLIS_CAMPAIGN") == "full" else 300

HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: trellis.v1\r\n"
    f"Authorization: Bearer {TOKEN}\r\n\r\n"
).encode()


@attrs.frozen
class OpenParams:
    name: str


class Echo:
    @wire_method
    def echo(self, value: Any) -> Any:
        return value

    @wire_method
    def add(self, a: int, b: int) -> int:
        return a + b

    @wire_method
    def half(self, value: float) -> float:
        return value / 2

    @wire_method
    def large(self, size: int) -> str:
        return "x" * min(size, 100_000)

    @wire_method
    async def wait(self) -> None:
        await trio.sleep_forever()


@attrs.define
class Door:
    """A door whose sessions are counted."""

    sessions: int = 0
    left: trio.Event = attrs.field(factory=trio.Event)
    listening: Listening | None = None

    async def handler(self, link: Link) -> None:
        peer = Peer(link, limits=LIMITS, errors=ErrorTable())
        opening = await peer.receive_opening(OpenParams)
        self.sessions += 1
        try:
            opening.accept({"welcome": opening.params.name}, Service(Echo()))
            await peer.run()
        finally:
            self.sessions -= 1
            self.left.set()
            self.left = trio.Event()


@asynccontextmanager
async def open_door() -> AsyncIterator[Door]:
    door = Door()
    policy = HandshakePolicy(token=TOKEN)
    async with trio.open_nursery() as nursery:
        serve = partial(serve_websocket_links, door.handler, policy=policy, limits=LIMITS)
        door.listening = await nursery.start(serve)
        yield door
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def honest_client(door: Door) -> AsyncIterator[Peer]:
    assert door.listening is not None
    async with connect_websocket(door.listening.url, token=TOKEN) as link, trio.open_nursery() as nursery:
        peer = Peer(link, limits=LIMITS)
        await nursery.start(peer.run)
        await peer.request("open", {"name": "honest"})
        yield peer
        peer.close()


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    length: bytes | None = None,
) -> bytes:
    """Write one websocket frame, right or wrong: ``length`` replaces the length field."""
    if length is None:
        size = len(payload)
        if size < 126:
            length = bytes([size])
        elif size < 65536:
            length = b"\x7e" + struct.pack("!H", size)
        else:
            length = b"\x7f" + struct.pack("!Q", size)
    mask = b"\x01\x02\x03\x04"
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode, length[0] | (0x80 if masked else 0)]) + length[1:]
    if not masked:
        return head + payload
    return head + mask + bytes(XorMaskerSimple(mask).process(bytearray(payload)))


def text(document: str | bytes) -> bytes:
    return frame(1, document.encode() if isinstance(document, str) else document)


def packed(document: Any) -> bytes:
    return frame(2, msgspec.msgpack.encode(document))


def call(method: Any, params: Any = None, id_: Any = 9, **more: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": params or {}} | more


def asked(document: Any) -> bytes:
    return text(msgspec.json.encode(document))


class Raw:
    """A client of bytes."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.buffer = b""
        self.codes: list[int] = []
        self.closed = False
        self.results = 0

    async def send(self, data: bytes) -> None:
        """Send as much as is taken before the other end hangs up."""
        try:
            await self.stream.send_all(data)
        except trio.BrokenResourceError:
            self.closed = True

    async def handshake(self) -> None:
        await self.stream.send_all(HANDSHAKE)
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += await self.stream.receive_some()
        self.buffer = self.buffer.partition(b"\r\n\r\n")[2]

    async def open(self) -> None:
        await self.send(asked(call("open", {"name": "hostile"}, "open")))
        await self.read(until=lambda: self.results > 0)
        self.results = 0

    async def read(self, until: Callable[[], bool], seconds: float = 2) -> None:
        """Read answers until there are enough or the connection ends."""
        with trio.move_on_after(seconds):
            while not until() and not self.closed:
                try:
                    data = await self.stream.receive_some()
                except trio.BrokenResourceError:
                    data = b""
                self.closed = not data
                self.buffer += data
                self.take_frames()

    def take_frames(self) -> None:
        while len(self.buffer) >= 2:
            size, start = self.buffer[1], 2
            if size == 126:
                size, start = int.from_bytes(self.buffer[2:4], "big"), 4
            elif size == 127:
                size, start = int.from_bytes(self.buffer[2:10], "big"), 10
            if len(self.buffer) < start + size:
                return
            opcode, payload = self.buffer[0] & 0x0F, self.buffer[start : start + size]
            self.buffer = self.buffer[start + size :]
            self.take(opcode, payload)

    def take(self, opcode: int, payload: bytes) -> None:
        if opcode == 8:
            self.closed = True
        elif opcode in (1, 2):
            decode = msgspec.json.decode if opcode == 1 else msgspec.msgpack.decode
            document = decode(payload)
            if "error" in document:
                self.codes.append(document["error"]["code"])
                assert document["error"]["data"]["type"]
            else:
                self.results += 1


@attrs.frozen
class Case:
    """What is sent after the handshake, and what must come of it.

    ``ends``: the connection ends. ``codes``: these error codes come back and it goes on; before the opening
    ``early`` comes instead, if given.
    """

    sent: bytes
    ends: bool = False
    codes: tuple[int, ...] = ()
    early: tuple[int, ...] | None = None


PARSE, INVALID, NO_METHOD, PARAMS, DOMAIN, CANCELLED = -32700, -32600, -32601, -32602, -32000, -32800
DEEP = 100_000

WEBSOCKET = {
    "an unmasked frame": frame(1, b"{}", masked=False),
    "an unmasked ping": frame(9, b"", masked=False),
    "RSV1, as if compressed": frame(1, b"{}", rsv=4),
    "RSV2": frame(1, b"{}", rsv=2),
    "RSV3": frame(2, b"\x80", rsv=1),
    "all RSV bits on a ping": frame(9, b"", rsv=7),
    **{f"the reserved opcode {code}": frame(code, b"x") for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "a ping in fragments": frame(9, b"a", fin=False),
    "a close in fragments": frame(8, b"", fin=False),
    "a ping of 126 bytes": frame(9, bytes(126)),
    "a close of 200 bytes": frame(8, struct.pack("!H", 1000) + b"a" * 198),
    "a 16 bit length for 5 bytes": frame(1, b"hello", length=b"\x7e\x00\x05"),
    "a 64 bit length for 5 bytes": frame(1, b"hello", length=b"\x7f" + struct.pack("!Q", 5)),
    "a 64 bit length for 300 bytes": frame(1, bytes(300), length=b"\x7f" + struct.pack("!Q", 300)),
    "a length with its highest bit set": frame(1, b"x", length=b"\x7f" + b"\xff" * 8),
    "a length of 4 EiB": frame(2, b"x", length=b"\x7f" + struct.pack("!Q", 1 << 62)),
    "a frame one byte too large": frame(2, bytes(64 * 1024 + 1)),
    "a message one byte too large, in two": frame(2, bytes(64 * 1024), fin=False) + frame(0, b"x"),
    "a message too large, in small pieces": frame(2, b"", fin=False) + frame(0, bytes(1000), fin=False) * 70,
    "an oversized message and a ping": frame(2, bytes(64 * 1024 + 1)) + frame(9, b"?"),
    "5,000 empty fragments": frame(1, b"", fin=False) + frame(0, b"", fin=False) * 5000,
    "a continuation of nothing": frame(0, b"x"),
    "a message inside a message": frame(1, b"{", fin=False) + frame(1, b"}"),
    "binary inside a text": frame(1, b"{", fin=False) + frame(2, b"}"),
    "text that is no UTF-8": frame(1, b"\xff\xfe"),
    "text that is no UTF-8, in its second half": frame(1, b'"\xc3', fin=False) + frame(0, b'\x28"'),
    "text that ends inside a character": frame(1, b'"\xe2\x82'),
    "an encoded surrogate": frame(1, b'"\xed\xa0\x80"'),
    "an overlong encoding": frame(1, b'"\xc0\xaf"'),
    "a close of one byte": frame(8, b"\x03"),
    **{
        f"a close with code {code}": frame(8, struct.pack("!H", code))
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)
    },
    "a close whose reason is no UTF-8": frame(8, struct.pack("!H", 1000) + b"\xff\xff"),
    "a close and then a request": frame(8, struct.pack("!H", 1000)) + asked(call("echo", {"value": 1})),
    "two closes": frame(8, struct.pack("!H", 1000)) * 2,
    "a flood of pings": frame(9, b"") * 5000,
    "a flood of long pings": frame(9, bytes(125)) * 5000,
    "a flood of pongs": frame(10, b"") * 5000,
    "bytes that are no frame at all": bytes(range(256)) * 20,
    "HTTP again": HANDSHAKE,
}


def fragment(data: Any, *, transfer: Any = 1, last: Any = False) -> dict[str, Any]:
    params = {"transfer": transfer, "data": data, "last": last}
    return {"jsonrpc": "2.0", "method": "fragment", "params": params}


def inner(text_: str) -> dict[str, Any]:
    return fragment(text_, last=True)


PROTOCOL_ENDS = {
    "a frame of the other codec": asked(call("echo", {"value": 1})) + packed(call("echo", {"value": 1})),
    "an answer to nobody": asked({"jsonrpc": "2.0", "id": 77, "result": 1}),
    "an answer to a text id": asked({"jsonrpc": "2.0", "id": "x", "result": 1}),
    "a failure to nobody": asked({"jsonrpc": "2.0", "id": 77, "error": {"code": 1, "message": ""}}),
    "a failure without an id": asked({"jsonrpc": "2.0", "id": None, "error": {"code": 1, "message": ""}}),
    "a fragment without parameters": asked({"jsonrpc": "2.0", "method": "fragment"}),
    "a fragment with a wrong type": asked(fragment(7)),
    "a fragment with more fields": asked(
        {
            "jsonrpc": "2.0",
            "method": "fragment",
            "params": {"transfer": 1, "data": "", "last": True, "more": 1},
        }
    ),
    "a fragment of a fragment": asked(fragment(msgspec.json.encode(inner("{}")).decode(), last=True)),
    "five transfers at once": b"".join(asked(fragment("x", transfer=n)) for n in range(5)),
    "a document too large in fragments": asked(fragment("x" * 60_000)) * 5,
    "a document too large over transfers": b"".join(asked(fragment("x" * 60_000, transfer=n % 4)) for n in range(5)),
    "5,000 empty pieces": asked(fragment("")) * 5000,
    "a cancellation without an id": asked({"jsonrpc": "2.0", "method": "cancel", "params": {}}),
    "a cancellation of a list": asked({"jsonrpc": "2.0", "method": "cancel", "params": {"id": [1]}}),
}

BAD_DOCUMENTS = {
    "nothing": (text(""), PARSE),
    "blanks": (text("  \n"), PARSE),
    "no JSON": (text("hello"), PARSE),
    "JSON cut short": (text('{"jsonrpc": "2.0"'), PARSE),
    "JSON with more behind it": (text('{"jsonrpc":"2.0","id":1,"method":"echo"} {}'), PARSE),
    "JSON with a comment": (text('{"jsonrpc":"2.0" /* */}'), PARSE),
    "JSON with a trailing comma": (text('{"jsonrpc":"2.0",}'), PARSE),
    "single quotes": (text("{'jsonrpc':'2.0'}"), PARSE),
    "a byte order mark": (text("\ufeff{}"), PARSE),
    "NUL": (text("\x00"), PARSE),
    "NUL inside a text": (text('{"jsonrpc":"2.0","id":1,"method":"a\x00"}'), PARSE),
    "NaN": (text('{"jsonrpc":"2.0","id":1,"method":"echo","params":{"value":NaN}}'), PARSE),
    "Infinity": (text('{"jsonrpc":"2.0","id":1,"method":"echo","params":{"value":-Infinity}}'), PARSE),
    "a lone surrogate": (text('{"jsonrpc":"2.0","id":"\\udc00x","method":"echo"}'), PARSE),
    "a batch": (text("[]"), INVALID),
    "a batch of one": (asked([call("echo", {"value": 1})]), INVALID),
    "a number": (text("42"), INVALID),
    "a text": (text('"42"'), INVALID),
    "null": (text("null"), INVALID),
    "an empty object": (text("{}"), INVALID),
    "no version": (text('{"id":1,"method":"echo"}'), INVALID),
    "another version": (text('{"jsonrpc":"1.0","id":1,"method":"echo"}'), INVALID),
    "a version that is a number": (text('{"jsonrpc":2.0,"id":1,"method":"echo"}'), INVALID),
    "neither method nor answer": (text('{"jsonrpc":"2.0","id":1}'), INVALID),
    "a method and a result": (asked(call("echo", result=1)), INVALID),
    "a result and an error": (
        asked({"jsonrpc": "2.0", "id": 1, "result": 1, "error": {"code": 1, "message": ""}}),
        INVALID,
    ),
    "an error that is none": (asked({"jsonrpc": "2.0", "id": 1, "error": "x"}), INVALID),
    "a method that is a number": (asked(call(1)), INVALID),
    "a method that is null": (text('{"jsonrpc":"2.0","id":1,"method":null}'), INVALID),
    "an empty method": (asked(call("")), INVALID),
    "a method of 1,000 letters": (asked(call("m" * 1000)), INVALID),
    "an id that is null": (asked(call("echo", {"value": 1}, None)), INVALID),
    "an id that is a fraction": (asked(call("echo", {"value": 1}, 1.5)), INVALID),
    "an id that is true": (asked(call("echo", {"value": 1}, True)), INVALID),
    "an id that is a list": (asked(call("echo", {"value": 1}, [1])), INVALID),
    "an id beyond 2**53": (text('{"jsonrpc":"2.0","id":9007199254740993,"method":"echo"}'), INVALID),
    "an id of 5,000 digits": (
        text('{"jsonrpc":"2.0","id":' + "9" * 5000 + ',"method":"echo"}'),
        INVALID,
    ),
    "an empty id": (asked(call("echo", {"value": 1}, "")), INVALID),
    "an id of 1,000 letters": (asked(call("echo", {"value": 1}, "i" * 1000)), INVALID),
    "a tower before anything is known": (text("[" * 60_000), PARSE),
    "a tower of objects": (text('{"a":' * 10_000), PARSE),
    "msgpack's reserved byte": (frame(2, b"\xc1"), PARSE),
    "msgpack cut short": (frame(2, b"\x83\xa7jsonrpc"), PARSE),
    "msgpack with more behind it": (frame(2, msgspec.msgpack.encode(call("echo")) + b"\x00"), PARSE),
    "msgpack of no bytes": (frame(2, b""), PARSE),
    "a msgpack list of 4 billion": (frame(2, b"\xdd\xff\xff\xff\xff"), PARSE),
    "a msgpack map of 4 billion": (frame(2, b"\xdf\xff\xff\xff\xff"), PARSE),
    "a msgpack text of 4 GiB": (frame(2, b"\xdb\xff\xff\xff\xff"), PARSE),
    "msgpack bytes of 4 GiB": (frame(2, b"\xc6\xff\xff\xff\xff"), PARSE),
    "a msgpack extension of 4 GiB": (frame(2, b"\xc9\xff\xff\xff\xff\x01"), PARSE),
    "a msgpack text that is no UTF-8": (frame(2, b"\x81\xa2\xff\xfe\xc0"), INVALID),
    "a msgpack tower": (frame(2, b"\x91" * 60_000), PARSE),
    "a msgpack number": (frame(2, b"\x2a"), INVALID),
    "a msgpack batch": (packed([call("echo", {"value": 1})]), INVALID),
    "a msgpack id beyond 2**53": (packed(call("echo", {"value": 1}, 2**63)), INVALID),
    "a msgpack id of bytes": (packed(call("echo", {"value": 1}, b"x")), INVALID),
    "JSON in a binary frame": (frame(2, msgspec.json.encode(call("echo"))), PARSE),
}


def tower(depth: int) -> str:
    return '{"jsonrpc":"2.0","id":1,"method":"echo","params":{"value":' + "[" * depth + "]" * depth + "}}"


def msgpack_call(method: str, value: bytes) -> bytes:
    """A binary request whose parameter ``value`` is the given msgpack."""
    head = b"\x84" + b"".join(
        msgspec.msgpack.encode(part) for part in ("jsonrpc", "2.0", "id", 1, "method", method, "params")
    )
    return frame(2, head + b"\x81" + msgspec.msgpack.encode("value") + value)


ANSWERED = {
    "an unknown method": (asked(call("fly")), (NO_METHOD,)),
    **{
        f"the method {name}": (asked(call(name)), (NO_METHOD,))
        for name in ("__init__", "__class__", "_target", "Echo", "echo ", "ECHO", "rpc.exit", "cancel", "fragment")
    },
    "parameters by position": (asked(call("add", [1, 2])), (PARAMS,)),
    "parameters that are null": (text('{"jsonrpc":"2.0","id":1,"method":"add","params":null}'), (PARAMS,)),
    "parameters that are a text": (asked(call("add", "ab")), (PARAMS,)),
    "no parameters": (text('{"jsonrpc":"2.0","id":1,"method":"add"}'), (PARAMS,)),
    "a missing parameter": (asked(call("add", {"a": 1})), (PARAMS,)),
    "an unknown parameter": (asked(call("add", {"a": 1, "b": 2, "self": 3})), (PARAMS,)),
    "a parameter of a wrong type": (asked(call("add", {"a": 1, "b": "2"})), (PARAMS,)),
    "a parameter that is true": (asked(call("add", {"a": 1, "b": True})), (PARAMS,)),
    "a number out of range": (
        text('{"jsonrpc":"2.0","id":1,"method":"half","params":{"value":1e999}}'),
        (PARAMS,),
    ),
    "a number of 5,000 digits": (
        text('{"jsonrpc":"2.0","id":1,"method":"half","params":{"value":' + "1" * 5000 + "}}"),
        (PARAMS,),
    ),
    "a tower of 65 lists": (text(tower(65)), (PARAMS,)),
    "a tower of 900 lists": (text(tower(900)), (PARAMS,)),
    "a msgpack tower of 900 lists": (msgpack_call("echo", b"\x91" * 900 + b"\xc0"), (PARAMS,)),
    "a map with a number as key": (msgpack_call("echo", b"\x81\x01\x02"), (PARAMS,)),
    "a map with a list as key": (msgpack_call("echo", b"\x81\x91\x01\x02"), (PARAMS,)),
    "a map with bytes as key": (msgpack_call("echo", b"\x81\xc4\x01a\x02"), (PARAMS,)),
    "an extension": (msgpack_call("echo", b"\xd4\x05\x00"), (PARAMS,)),
    "a timestamp out of range": (msgpack_call("echo", b"\xc7\x0c\xff" + b"\xff" * 12), (PARAMS,)),
    "an id twice in flight": (
        asked(call("wait", {}, 1)) + asked(call("wait", {}, 1)),
        (INVALID,),
    ),
    "too many requests in flight": (b"".join(asked(call("wait", {}, n)) for n in range(10)), (DOMAIN, DOMAIN)),
    "a cancelled request": (
        asked(call("wait", {}, 1)) + asked({"jsonrpc": "2.0", "method": "cancel", "params": {"id": 1}}),
        (CANCELLED,),
    ),
}

CASES = {
    **{name: Case(sent, ends=True) for name, sent in WEBSOCKET.items()},
    **{name: Case(sent, ends=True) for name, sent in PROTOCOL_ENDS.items()},
    **{name: Case(sent, codes=(code,)) for name, (sent, code) in BAD_DOCUMENTS.items()},
}


@asynccontextmanager
async def raw_client(door: Door) -> AsyncIterator[Raw]:
    assert door.listening is not None
    async with await trio.open_tcp_stream("127.0.0.1", door.listening.port) as stream:
        raw = Raw(stream)
        await raw.handshake()
        yield raw


async def try_case(case: Case, *, opened: bool, json: bool) -> None:
    with trio.fail_after(10):
        async with open_door() as door, honest_client(door) as honest:
            async with raw_client(door) as raw:
                if opened:
                    await (raw.open() if json else open_packed(raw))
                await raw.send(case.sent)
                await raw.read(until=lambda: bool(case.codes) and len(raw.codes) >= len(case.codes))
                assert raw.closed == case.ends
                if case.codes:
                    assert tuple(raw.codes) == case.codes
            assert await honest.request("add", {"a": 1, "b": 1}, int) == 2
            await none_but(door, 1)


async def open_packed(raw: Raw) -> None:
    await raw.send(packed(call("open", {"name": "hostile"}, "open")))
    await raw.read(until=lambda: raw.results > 0)
    raw.results = 0


async def none_but(door: Door, sessions: int) -> None:
    while door.sessions > sessions:
        await door.left.wait()


def speaks_json(sent: bytes) -> bool:
    return sent[0] & 0x0F != 2


@pytest.mark.parametrize("opened", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", CASES)
async def test_a_hostile_frame(name: str, opened: bool) -> None:
    await try_case(CASES[name], opened=opened, json=speaks_json(CASES[name].sent))


@pytest.mark.parametrize("name", ANSWERED)
async def test_a_wrong_request_is_answered_and_the_connection_goes_on(name: str) -> None:
    sent, codes = ANSWERED[name]
    await try_case(Case(sent, codes=codes), opened=True, json=speaks_json(sent))
    first = Case(sent[: len(sent)], codes=(NO_METHOD,))
    if len(codes) == 1 and codes != (CANCELLED,) and "twice" not in name:
        await try_case(first, opened=False, json=speaks_json(sent))


@pytest.mark.parametrize("how", ["fin", "half", "reset"])
@pytest.mark.parametrize("sent", [b"", asked(call("echo", {"value": 1}))[:9], frame(1, b"{", fin=False)])
async def test_hanging_up_at_any_point_ends_one_session(how: str, sent: bytes) -> None:
    with trio.fail_after(5):
        async with open_door() as door, honest_client(door) as honest:
            async with raw_client(door) as raw:
                await raw.open()
                assert door.sessions == 2
                await raw.send(sent)
                if how == "half":
                    await raw.stream.send_eof()
                    await raw.read(until=lambda: False)
                elif how == "reset":
                    linger = struct.pack("ii", 1, 0)
                    raw.stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            await none_but(door, 1)
            assert await honest.request("add", {"a": 1, "b": 1}, int) == 2


async def test_a_client_that_never_opens_is_let_go() -> None:
    with trio.fail_after(5):
        async with open_door() as door, raw_client(door) as raw:
            await raw.send(frame(9, b"still here"))
            await raw.read(until=lambda: False)
            assert raw.closed


async def test_a_client_that_does_not_take_its_answers_is_let_go() -> None:
    with trio.fail_after(10):
        async with open_door() as door, honest_client(door) as honest, raw_client(door) as raw:
            await raw.open()
            raw.stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            ask = asked(call("large", {"size": 50_000}))
            while not raw.closed:
                with trio.move_on_after(1):
                    await raw.send(ask * 20)
                    continue
                break
            await none_but(door, 1)
            assert await honest.request("add", {"a": 1, "b": 1}, int) == 2


def mutated(random_: random.Random) -> bytes:
    """Something like honest traffic, with a wound."""
    seeds = [
        asked(call("echo", {"value": [1, 2.5, "x", None, {"a": True}]})),
        packed(call("echo", {"value": [1, 2.5, "x", None, {"a": b"x"}]})),
        asked(fragment("{}", last=True)),
        frame(1, b'{"jsonrpc":', fin=False) + frame(9, b"p") + frame(0, b'"2.0"}'),
        frame(8, struct.pack("!H", 1000) + b"bye"),
        random_.randbytes(random_.randrange(1, 200)),
        frame(random_.choice([1, 2]), random_.randbytes(random_.randrange(0, 200))),
    ]
    data = bytearray(b"".join(random_.choices(seeds, k=random_.randrange(1, 4))))
    for _ in range(random_.randrange(0, 6)):
        at = random_.randrange(len(data))
        kind = random_.randrange(4)
        if kind == 0:
            data[at] = random_.randrange(256)
        elif kind == 1:
            del data[at : at + random_.randrange(1, 8)]
        elif kind == 2:
            data[at:at] = random_.randbytes(random_.randrange(1, 8))
        else:
            data[at] ^= 1 << random_.randrange(8)
        if not data:
            data = bytearray(b"\x00")
    return bytes(data)


async def test_fuzzed_traffic_hurts_nobody() -> None:
    random_ = random.Random(int(os.environ.get("TRELLIS_SEED", "20260101")))
    async with open_door() as door, honest_client(door) as honest:
        for number in range(FUZZED):
            sent = mutated(random_)
            with trio.fail_after(10):
                async with raw_client(door) as raw:
                    if number % 2:
                        await (raw.open() if number % 4 == 1 else open_packed(raw))
                    await raw.send(sent)
                    with contextlib.suppress(msgspec.DecodeError):
                        await raw.read(until=lambda: bool(raw.codes or raw.results), seconds=0.01)
                    if number % 3 == 0:
                        await raw.send(random_.randbytes(20))
                if number % 50 == 0:
                    assert await honest.request("add", {"a": 1, "b": 1}, int) == 2
        with trio.fail_after(5):
            await none_but(door, 1)
            assert await honest.request("add", {"a": 1, "b": 1}, int) == 2
