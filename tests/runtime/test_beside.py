"""Large messages that came beside the link: who has them when, and what is nobody's any more."""

import numpy as np
import pytest

from actors._data import Form, Outlet, RemoteSubscriber, Tally, Unfit, open_trusted, packing_of, seal_trusted
from actors._data._letter import ChildLetter, ValueLetter
from transport import Bypass, bypass_pair

ARRAY = np.arange(10_000.0)


@pytest.fixture
def ways():
    pair = bypass_pair()
    ends = tuple(map(Bypass, pair))
    yield ends
    for each in (*ends, *pair):
        each.close()


def sent(ways, array):
    here, there = ways
    return there.fetch(here.post(here.store(seal_trusted(array))))


def test_what_is_passed_on_is_not_what_subscribers_here_write_into(ways):
    letter = ChildLetter("A", sent(ways, ARRAY))
    first = letter.value(object)
    passed_on = b"".join(letter.packed(Form.PICKLE))
    first[:] = 0
    np.testing.assert_array_equal(open_trusted(passed_on, object), ARRAY)


async def test_a_subscriber_takes_a_message_when_it_receives_it_and_a_leaky_one_drops_it_where_it_is(ways):
    subscriber = RemoteSubscriber(
        1, "A", object, lambda raw: open_trusted(raw, object), 2, leaky=True, grant=lambda *_: None, detach=lambda: None
    )
    subscriber.offer([sent(ways, ARRAY * each) for each in range(5)], 0)
    files = len(ways[1]._theirs)
    assert files <= 5
    np.testing.assert_array_equal(await subscriber.receive(), ARRAY * 3)
    last = await subscriber.receive()
    for _ in range(5):
        sent(ways, ARRAY).take()
    np.testing.assert_array_equal(last, ARRAY * 4)
    assert len(ways[1]._theirs) == files


def test_a_large_message_leaves_at_once_when_none_is_on_the_way_and_else_with_others(ways):
    here, _ = ways
    told = []
    bounds = (32, False, Tally(10**9), lambda source, now: told.append(now), pytest.fail)
    outlet = Outlet(1, Form.PICKLE, here.store, *bounds)
    letter = ValueLetter("A", object, ARRAY)
    for taken in (1, 4, 4):
        for _ in range(taken):
            outlet.put(outlet.content_of(letter))
            outlet.announce(now=False)
        assert len(outlet.batch(1000)) == taken
    assert told == [True, False, False, False, True, False, False, False, True]


def test_small_messages_wait_for_others_of_the_same_turn():
    told = []
    bounds = (32, False, Tally(10**9), lambda source, now: told.append(now), pytest.fail)
    outlet = Outlet(1, Form.PICKLE, b"".join, *bounds)
    for _ in range(8):
        outlet.put(outlet.content_of(ValueLetter("A", object, 1)))
        outlet.announce(now=False)
    assert told == [False] * 8
    assert len(outlet.batch(1000)) == 8


LARGE_VALUES = [
    bytes(range(256)) * 300,
    ARRAY,
    ARRAY.reshape(10, 1000).T,
    np.arange(40_000.0)[::2],
    np.arange(20_000).astype("M8[s]"),
    np.full((2, 40_000), "ab"),
    np.zeros((0, 70_000)),
    b"small",
    np.float64(1),
]


@pytest.mark.parametrize("value", LARGE_VALUES, ids=repr)
def test_in_pieces_a_value_is_what_it_is_in_one(value):
    packing = packing_of("A", type(value))
    packed = packing.pack(value, Form.MSGPACK)
    pieces = packing.pieces(value)
    assert b"".join(pieces) == packed
    assert len(pieces) == (1 if len(packed) < 65_536 else 2)
    np.testing.assert_array_equal(packing.unpack(packed, Form.MSGPACK), value)


def test_what_cannot_cross_is_refused_in_pieces_too():
    with pytest.raises(Unfit, match="where bytes is due"):
        packing_of("A", bytes).pieces(bytearray(100_000))
    with pytest.raises(Unfit, match="an array of object cannot cross a wire"):
        packing_of("A", np.ndarray).pieces(np.full(10_000, None))
