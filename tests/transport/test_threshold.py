"""How much of a stream the websocket library sees: the head of the handshake, and not a byte more."""

import pytest
import trio
import trio.testing

from transport._doors._http import switching
from transport._doors._websocket import _Threshold
from transport._link._guard import GuardedStream

SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
REFUSED = b"HTTP/1.1 401 Unauthorized\r\n\r\n"


async def passed(sent: bytes, piece: int) -> tuple[bytes, bytes]:
    """Send in pieces; gives what the library got, and what was left for the link."""
    ours, theirs = trio.testing.memory_stream_pair()
    guard, got = GuardedStream(ours, 1), b""
    threshold = _Threshold(guard, lambda: None)
    for start in range(0, len(sent), piece):
        await theirs.send_all(sent[start : start + piece])
        with trio.move_on_after(1):
            piece_of_it = await threshold.receive_some()
            # Nothing would say that the stream has ended.
            assert piece_of_it
            got += piece_of_it
    await theirs.aclose()
    left = b""
    while data := await guard.receive_some():
        left += data
    return got, left


@pytest.mark.parametrize("piece", [1, 5, 7, 1000])
async def test_frames_behind_the_head_are_left_for_the_link(piece: int, autojump_clock: trio.testing.MockClock) -> None:
    assert await passed(SWITCHED + b"frames", piece) == (SWITCHED, b"frames")


@pytest.mark.parametrize("piece", [1, 7, 1000])
async def test_a_refusal_is_passed_on_whole(piece: int, autojump_clock: trio.testing.MockClock) -> None:
    assert await passed(REFUSED + b"no", piece) == (REFUSED + b"no", b"")


def test_the_answer_of_a_door_proves_that_it_read_the_key_as_the_standard_s_example_does() -> None:
    lines = switching("dGhlIHNhbXBsZSBub25jZQ==", "trellis.v1").split(b"\r\n")
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in lines
    assert lines[-2:] == [b"", b""]
