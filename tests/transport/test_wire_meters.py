"""Counting what arrives, whatever its pieces. No tasks here."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transport import (
    LimitExceeded,
    ProtocolError,
)
from transport._doors._unix import FrameSplitter, pack
from transport._doors._ws_meter import FrameMeter, ResponseMeter
from transport._link._framing import Sign

SIGNS = {b"\xc0": Sign(answer=pack(b"\xc3")), b"\xc2": Sign(answer=pack(b"\xc3"), beside=True), b"\xc3": Sign()}
"""What the link itself says between frames: is anybody there, is there a way beside it, and yes."""


def websocket_frame(size: int, *, opcode: int = 2, fin: bool = True, masked: bool = True) -> bytes:
    mask = 0x80 if masked else 0
    if size < 126:
        length = bytes([mask | size])
    elif size < 65536:
        length = bytes([mask | 126]) + struct.pack("!H", size)
    else:
        length = bytes([mask | 127]) + struct.pack("!Q", size)
    return bytes([(0x80 if fin else 0) | opcode]) + length + b"mask" * masked + bytes(size)


def feed_in_pieces(meter: FrameMeter, data: bytes, cuts: list[int]) -> None:
    at = 0
    for cut in [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]:
        meter.feed(data[at:cut], 0.0)
        at = max(at, cut)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.booleans(), st.booleans()), max_size=12), st.lists(st.integers(0)))
def test_a_meter_sees_the_same_however_the_bytes_arrive(parts: list[tuple[int, bool, bool]], cuts: list[int]) -> None:
    data, begun, worst = b"", 0, 0
    for size, fin, masked in parts:
        data += websocket_frame(size, opcode=0 if begun else 2, fin=fin, masked=masked)
        begun += size
        worst = max(worst, begun)
        begun = 0 if fin else begun
    feed_in_pieces(FrameMeter("limit", max(worst, 1)), data, cuts)
    if worst > 1:
        with pytest.raises(LimitExceeded):
            feed_in_pieces(FrameMeter("limit", worst - 1), data, cuts)


def test_a_meter_refuses_a_large_frame_by_its_header_alone() -> None:
    with pytest.raises(LimitExceeded) as caught:
        FrameMeter("client_frame_bytes", 65536).feed(websocket_frame(65537)[:14], 0.0)
    assert caught.value.args == ("client_frame_bytes", 65536)


def test_control_frames_between_two_fragments_do_not_reset_the_budget() -> None:
    meter = FrameMeter("limit", 1000)
    meter.feed(websocket_frame(600, fin=False) + websocket_frame(5, opcode=9), 0.0)
    with pytest.raises(LimitExceeded):
        meter.feed(websocket_frame(600, opcode=0), 0.0)


def test_heartbeats_for_years_are_no_flood_and_a_flood_is_one() -> None:
    meter, ping = FrameMeter("limit", 1000), websocket_frame(4, opcode=9)
    for second in range(20_000):
        meter.feed(ping * 2, float(second * 5))
    with pytest.raises(ProtocolError, match="flood of control frames"):
        meter.feed(ping * 600, 100_001.0)


def test_a_clients_meter_counts_the_response_first() -> None:
    meter = ResponseMeter(200, 1000)
    meter.feed(b"HTTP/1.1 101 Switching Protocols\r\n", 0.0)
    meter.feed(b"Upgrade: websocket\r\n\r\n" + websocket_frame(999, masked=False), 0.0)
    with pytest.raises(LimitExceeded) as caught:
        meter.feed(websocket_frame(1001, masked=False), 0.0)
    assert caught.value.name == "server_frame_bytes"
    with pytest.raises(LimitExceeded) as caught:
        ResponseMeter(200, 1000).feed(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(300), 0.0)
    assert caught.value.name == "handshake_bytes"


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=300) | st.sampled_from([*SIGNS]), max_size=10), st.lists(st.integers(0)))
def test_a_splitter_gives_the_same_frames_and_signs_however_the_bytes_arrive(
    parts: list[bytes], cuts: list[int]
) -> None:
    splitter, data, at = FrameSplitter("limit", 300), b"".join(map(pack, parts)), 0
    found: list[bytes | Sign] = []
    for cut in [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]:
        splitter.feed(data[at:cut])
        at = max(at, cut)
        found += list(iter(splitter.next, None))
    assert found == [SIGNS.get(part, part) for part in parts]


def test_a_splitter_refuses_a_length_above_the_limit_at_once() -> None:
    splitter = FrameSplitter("client_frame_bytes", 300)
    splitter.feed(struct.pack("!I", 301))
    with pytest.raises(LimitExceeded) as caught:
        splitter.next()
    assert caught.value.args == ("client_frame_bytes", 300)
