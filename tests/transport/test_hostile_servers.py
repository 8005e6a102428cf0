"""What a server may do to its client after an honest handshake: end the connection, and no more than that."""

import base64
import hashlib
import math
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec
import pytest
import trio
import trio.testing
from hostile_client import frame

from transport import LimitExceeded, Limits, LinkLost, Peer, ProtocolError, RemoteError
from transport._doors._websocket import client_link
from transport._link._guard import GuardedStream
from transport._link._stream_link import in_own_nursery

LIMITS = Limits(
    server_frame_bytes=64 * 1024,
    fragment_bytes=16 * 1024,
    server_document_bytes=256 * 1024,
    transfers=4,
    close_seconds=0.05,
)


async def shake_hands(stream: trio.abc.Stream) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        head += await stream.receive_some()
    key = re.search(rb"(?i)Sec-WebSocket-Key: (\S+)", head)
    assert key is not None
    accept = base64.b64encode(hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    await stream.send_all(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Protocol: trellis.v1\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Peer, trio.abc.Stream]]:
    """Connect a client; gives it and the server's bare end."""
    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(shake_hands, theirs)
        async with in_own_nursery(
            partial(client_link, GuardedStream(ours, 5), "localhost", None, LIMITS, math.inf, RuntimeError)
        ) as link:
            yield Peer(link, limits=LIMITS), theirs


def sent(opcode: int, payload: bytes = b"", **how: Any) -> bytes:
    return frame(opcode, payload, masked=how.pop("masked", False), **how)


def said(document: Any) -> bytes:
    return sent(2, msgspec.msgpack.encode(document))


def piece(data: bytes, transfer: int = 1, *, last: bool = False) -> bytes:
    params = {"transfer": transfer, "data": data, "last": last}
    return said({"jsonrpc": "2.0", "method": "fragment", "params": params})


ENDS = {
    "a masked frame": sent(2, b"\x80", masked=True),
    "a reserved opcode": sent(3),
    "a compressed frame": sent(2, b"\x80", rsv=4),
    "a frame too large": sent(2, bytes(64 * 1024 + 1)),
    "a length of 4 EiB": sent(2, length=b"\x7f\x40" + bytes(7)),
    "5,000 empty fragments": sent(2, fin=False) + sent(0, fin=False) * 5000,
    "a flood of pings": sent(9) * 5000,
    "text where msgpack was asked for": sent(1, b"{}"),
    "an answer to nobody": said({"jsonrpc": "2.0", "id": 99, "result": 1}),
    "a complaint about nothing": said({"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "?"}}),
    "a document too large in pieces": piece(bytes(60_000)) * 5,
    "five transfers": b"".join(piece(b"x", number) for number in range(5)),
    "a close with a code that is none": sent(8, b"\x03\xee"),
    "a polite close": sent(8, b"\x03\xe8bye"),
}


@pytest.mark.parametrize("name", ENDS)
async def test_a_server_that_breaks_the_rules_is_lost(name: str) -> None:
    with trio.fail_after(5):
        async with connected() as (peer, server), trio.open_nursery() as nursery:
            nursery.start_soon(server.send_all, ENDS[name])
            with pytest.raises(LinkLost):
                await peer.run()
            nursery.cancel_scope.cancel()


ANSWERS: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "a result of another type": ({"result": "text"}, ProtocolError, "Expected `int`, got `str`"),
    "an error without data": ({"error": {"code": 7, "message": "no"}}, RemoteError, "no"),
    "an error of a class that is none of ours": (
        {"error": {"code": 7, "message": "no", "data": {"type": "KeyboardInterrupt", "fields": {}}}},
        RemoteError,
        "KeyboardInterrupt: no",
    ),
    "an error whose fields are not its own": (
        {"error": {"code": 7, "message": "no", "data": {"type": "LimitExceeded", "fields": {"name": 3}}}},
        RemoteError,
        "LimitExceeded: no",
    ),
    "an honest error": (
        {
            "error": {
                "code": 7,
                "message": "no",
                "data": {"type": "LimitExceeded", "fields": {"name": "edges", "limit": 3}},
            }
        },
        LimitExceeded,
        "over the limit edges = 3",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_odd_answer_is_an_error_for_its_caller_and_the_connection_goes_on(name: str) -> None:
    answer, error, text = ANSWERS[name]
    with trio.fail_after(5):
        async with connected() as (peer, server), trio.open_nursery() as nursery:
            await nursery.start(peer.run)
            for number in (1, 2):
                nursery.start_soon(server.send_all, said({"jsonrpc": "2.0", "id": number} | answer))
                with pytest.raises(error, match=text):
                    await ask(peer.request)
            nursery.cancel_scope.cancel()


async def ask(request: Callable[..., Any]) -> None:
    await request("add", {"a": 1}, int)
