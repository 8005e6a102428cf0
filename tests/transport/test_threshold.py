"""How a client asks for a websocket, and which answers it takes for a yes."""

import math
from functools import partial

import pytest
import trio
import trio.testing

from transport import HandshakeRefused, Limits
from transport._guard import GuardedStream
from transport._handshake import new_key, question
from transport._http import HEAD_END, read_head, switching
from transport._policy import HandshakePolicy, new_token
from transport._stream_link import in_own_nursery
from transport._websocket import client_link

UNMASKED_HELLO = b"\x82\x05hello"


class Failed(Exception):
    """The handshake came to nothing."""


async def asked(stream: trio.abc.Stream) -> str:
    """Receive a question; gives its key."""
    head = b""
    while HEAD_END not in head:
        head += await stream.receive_some()
    (key,) = read_head(head).every("sec-websocket-key")
    return key


async def first_frame(answer: bytes | None, piece: int = 1000, **headers: str | None) -> object:
    """Have a client ask, answer it in pieces, and give the first frame that it receives.

    Without an *answer* it is a yes with other *headers*, None for one that is left out.
    """
    ours, theirs = trio.testing.memory_stream_pair()

    async def serve() -> None:
        key = await asked(theirs)
        said = switching(key, "trellis.v1").removesuffix(HEAD_END)
        for name, value in headers.items():
            lines = [line for line in said.split(b"\r\n") if not line.startswith(name.encode() + b":")]
            said = b"\r\n".join(lines + ([] if value is None else [f"{name}: {value}".encode()]))
        whole = said + HEAD_END + UNMASKED_HELLO if answer is None else answer
        for start in range(0, len(whole), piece):
            await theirs.send_all(whole[start : start + piece])
        await theirs.send_eof()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        async with in_own_nursery(
            partial(client_link, GuardedStream(ours, 1), "localhost", None, Limits(), math.inf, Failed)
        ) as link:
            return await link.receive()


async def outcome(answer: bytes | None, piece: int = 1000, **headers: str | None) -> object:
    """As `first_frame`, or the error as itself."""
    try:
        return await first_frame(answer, piece, **headers)
    except ExceptionGroup as group:
        (error,) = group.exceptions
        return error


@pytest.mark.parametrize("piece", [1, 5, 7, 1000])
async def test_frames_behind_the_head_are_left_for_the_link(piece: int) -> None:
    assert await outcome(None, piece) == b"hello"


@pytest.mark.parametrize("piece", [1, 7, 1000])
@pytest.mark.parametrize("length", ["Content-Length: 2\r\n", ""], ids=["counted", "until the end"])
async def test_a_refusal_is_read_whole(piece: int, length: str) -> None:
    refused = await outcome(f"HTTP/1.1 401 Unauthorized\r\n{length}\r\nno".encode(), piece)
    assert isinstance(refused, HandshakeRefused)
    assert refused.args == (401, "no")


@pytest.mark.parametrize(
    "more", ["Content-Length: 0\r\n", "", "Transfer-Encoding: chunked\r\n", "Content-Length: 9\r\n"], ids=repr
)
async def test_a_refusal_without_a_reason_that_can_be_read_is_one_all_the_same(more: str) -> None:
    refused = await outcome(f"HTTP/1.1 502 \r\n{more}\r\n".encode())
    assert isinstance(refused, HandshakeRefused)
    assert refused.args == (502, "no reason given")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Upgrade", None),
        ("Upgrade", "h2c"),
        ("Connection", None),
        ("Connection", "close"),
        ("Sec-WebSocket-Accept", None),
        ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("Sec-WebSocket-Protocol", None),
        ("Sec-WebSocket-Protocol", "trellis.v2"),
        ("Sec-WebSocket-Extensions", "permessage-deflate"),
    ],
)
async def test_a_yes_that_lacks_something_is_none(name: str, value: str | None) -> None:
    error = await outcome(None, **{name: value})
    assert isinstance(error, Failed)
    assert error.args == (f"it switched with a wrong {name}",)


async def test_a_proxy_may_say_yes_in_its_own_words() -> None:
    assert await outcome(None, Upgrade="WebSocket", Connection="keep-alive, upgrade") == b"hello"


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9.6\r\n", b"\x15\x03\x01\x00\x02\x02\x16", b"HTTP/1.0 200 OK\r\n\r\n"]
)
async def test_what_cannot_become_an_answer_is_not_waited_for(answer: bytes) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    await theirs.send_all(answer)
    with pytest.raises(Failed, match="no HTTP"):
        async with in_own_nursery(
            partial(client_link, GuardedStream(ours, 1), "localhost", None, Limits(), math.inf, Failed)
        ):
            pass


@pytest.mark.parametrize("token", [None, new_token()])
def test_a_door_takes_what_a_client_asks(token: str | None) -> None:
    policy = HandshakePolicy(token=token or new_token())
    head = read_head(question("127.0.0.1:1", new_key(), token))
    refusal = policy.verdict(head, "127.0.0.1")
    assert (refusal and refusal.status) == (None if token else 401)


def test_no_two_keys_are_alike() -> None:
    assert len({new_key() for _ in range(100)}) == 100


def test_the_answer_of_a_door_proves_that_it_read_the_key_as_the_standard_s_example_does() -> None:
    lines = switching("dGhlIHNhbXBsZSBub25jZQ==", "trellis.v1").split(b"\r\n")
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in lines
    assert lines[-2:] == [b"", b""]
