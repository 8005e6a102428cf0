"""A client of bytes, for saying what no honest client says, and a door that counts its sessions."""

import base64
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import attrs
import msgspec
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
    close_seconds=0.2,
    send_seconds=0.4,
)
HASTY = attrs.evolve(LIMITS, open_seconds=0.4)
"""For whoever is expected to be let go because it never opens."""
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
    limits: Limits = LIMITS

    async def handler(self, link: Link) -> None:
        # The first one is honest, and has all the time that a busy machine may take.
        limits = self.limits if self.sessions else LIMITS
        peer = Peer(link, limits=limits, errors=ErrorTable())
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
async def open_door(limits: Limits = LIMITS) -> AsyncIterator[Door]:
    door = Door(limits=limits)
    policy = HandshakePolicy(token=TOKEN)
    async with trio.open_nursery() as nursery:
        serve = partial(serve_websocket_links, door.handler, policy=policy, limits=limits)
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


@asynccontextmanager
async def raw_client(door: Door) -> AsyncIterator[Raw]:
    assert door.listening is not None
    async with await trio.open_tcp_stream("127.0.0.1", door.listening.port) as stream:
        raw = Raw(stream)
        await raw.handshake()
        yield raw


async def open_packed(raw: Raw) -> None:
    await raw.send(packed(call("open", {"name": "hostile"}, "open")))
    await raw.read(until=lambda: raw.results > 0)
    raw.results = 0


async def none_but(door: Door, sessions: int) -> None:
    while door.sessions > sessions:
        await door.left.wait()
