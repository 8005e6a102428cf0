"""A large map is encoded a few entries at a time, and comes out as if it had been encoded in one go."""

import msgspec
import pytest

from graphmeta import at_once
from graphmeta._bytes._encoding import encode_map_slices

ENCODERS = {"msgpack": msgspec.msgpack.encode, "json": msgspec.json.encode}


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("count", [0, 1, 14, 15, 16, 30, 31, 65_535, 65_536])
def test_the_bytes_are_those_of_the_whole_map(encoding, count):
    values = {f"U{n}": {"gain": n} for n in range(count)}
    assert at_once(encode_map_slices(values, encoding)) == ENCODERS[encoding](values)


@pytest.mark.parametrize("encoding", ENCODERS)
def test_it_pauses_at_least_every_fifteen_entries(encoding):
    values = {f"U{n}": n for n in range(100)}
    pauses = list(encode_map_slices(values, encoding))
    assert [len(some) for some in pauses] == [15] * 6 + [10]
