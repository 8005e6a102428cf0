"""Large messages that came beside the link: who has them when, and what is nobody's any more."""

from itertools import pairwise

import numpy as np
import pytest
import trio
import trio.testing

from actors._data import (
    Form,
    Outlet,
    RemotePublisher,
    RemoteSubscriber,
    Router,
    Tally,
    Unfit,
    open_trusted,
    packing_of,
    seal_trusted,
)
from actors._data._endpoints import LONG_ONES
from actors._data._letter import ChildLetter, DoorLetter, ValueLetter
from actors._data._local_endpoints import LocalPublisher
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
    told = (lambda *_: None, pytest.fail, pytest.fail)
    subscriber = RemoteSubscriber(1, "A", object, lambda raw: open_trusted(raw, object), 2, True, *told)
    subscriber.offer([sent(ways, ARRAY * each) for each in range(5)], 0)
    files = len(ways[1]._theirs.files)
    assert files <= 5
    np.testing.assert_array_equal(await subscriber.receive(), ARRAY * 3)
    last = await subscriber.receive()
    for _ in range(5):
        sent(ways, ARRAY).take()
    np.testing.assert_array_equal(last, ARRAY * 4)
    assert len(ways[1]._theirs.files) == files


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


async def test_a_value_that_changes_while_its_send_waits_crosses_as_it_is_when_it_leaves():
    packing = packing_of("A", np.ndarray)
    bounds = (1, 10**9, Tally(10**9))
    publisher = RemotePublisher(1, "A", np.ndarray, packing.pieces, b"".join, *bounds, lambda *_: None)
    array = ARRAY.copy()
    await publisher.send(array)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(publisher.send, array)
        await trio.testing.wait_all_tasks_blocked()
        array.shape = (100, 100)
        array[:] = 7
        publisher.granted(1)
    arrived = [packing.unpack(raw, Form.MSGPACK) for raw in publisher.batch(10**9)]
    np.testing.assert_array_equal(arrived[0], ARRAY)
    np.testing.assert_array_equal(arrived[1], np.full((100, 100), 7.0))


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
    assert len(pieces) == (1 if len(packed) < 65_536 else 2)
    for whole in (packed, b"".join(pieces)):
        np.testing.assert_array_equal(packing.unpack(whole, Form.MSGPACK), value)


@pytest.mark.parametrize("shape", [(70_000,), (1, 70_000), (300, 300), (2, 3, 11_000), (1,) * 15 + (70_000,)], ids=str)
@pytest.mark.parametrize("dtype", ["f8", "u1", "c16", "M8[25us]"])
def test_the_cells_of_a_large_array_begin_where_they_can_be_used(dtype, shape):
    array = np.zeros(shape, dtype)
    beginning, _ = packing_of("A", np.ndarray).pieces(array)
    assert len(beginning) % 8 == 0 or array.ndim > 15


def posted(ways, message):
    here, there = ways
    return there.fetch(here.post(here.store(packing_of("A", type(message)).pieces(message))))


def test_an_array_that_came_from_the_server_lies_where_it_came_until_nobody_has_it(ways):
    here, there = ways
    array = packing_of("A", np.ndarray).open(posted(ways, ARRAY))
    np.testing.assert_array_equal(array, ARRAY)
    array[:] = 1
    assert there._theirs.leased
    for each in range(3):
        again = packing_of("A", np.ndarray).open(posted(ways, ARRAY * each))
        np.testing.assert_array_equal(again, ARRAY * each)
    del array, again
    assert not there._theirs.leased
    here._hear()
    assert not here._ours.unread


@pytest.mark.parametrize(
    "value", [bytes(100_000), [ARRAY, 1], np.arange(10_000.0).reshape((1,) * 20 + (-1,))], ids=["bytes", "list", "deep"]
)
def test_whatever_came_beside_the_link_is_what_it_was(ways, value):
    packing, (here, there) = packing_of("A", type(value)), ways
    pieces = packing.pieces(value)
    opened = packing.open(there.fetch(here.post(here.store(pieces))))
    assert type(opened) is type(value)
    assert packing.pack(opened, Form.MSGPACK) == packing.pack(value, Form.MSGPACK)


ARRAYS = [
    ARRAY,
    np.arange(20_000).astype(">f4"),
    np.asfortranarray(ARRAY.reshape(100, 100)),
    np.arange(30_000.0)[::2],
    np.full(9_000, "2024", "M8[D]"),
    np.full(100_000, None),
    np.zeros(9_000, [("a", "<i8"), ("b", "<f8")]),
    ARRAY.reshape((1,) * 40 + (-1,)),
    np.array(ARRAY, np.dtype("f8", metadata={"unit": "V"})),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype.str} {array.ndim}")
def test_between_our_own_processes_an_array_is_what_it_was(ways, array):
    here, there = ways
    stored = here.store(seal_trusted(array))
    arrived = open_trusted(there.fetch(here.post(stored)), object)
    np.testing.assert_array_equal(arrived, array)
    assert (type(arrived), arrived.dtype, arrived.dtype.metadata) == (np.ndarray, array.dtype, array.dtype.metadata)
    assert array.ndim == 1 or arrived.flags.f_contiguous == array.flags.f_contiguous
    assert arrived.flags.writeable
    np.testing.assert_array_equal(open_trusted(b"".join(seal_trusted(array)), object), array)


def test_a_message_of_a_peer_is_copied_once_on_its_way_and_then_given_back(ways):
    here, there = ways
    letter = DoorLetter("A", Form.MSGPACK, posted(ways, ARRAY), 10**6)
    assert here._ours.unread
    onwards = b"".join(letter.packed(Form.MSGPACK))
    np.testing.assert_array_equal(letter.value(np.ndarray), ARRAY)
    del letter
    here._hear()
    assert not here._ours.unread
    assert not there._theirs.leased
    np.testing.assert_array_equal(packing_of("A", np.ndarray).unpack(onwards, Form.MSGPACK), ARRAY)


def test_what_was_weighed_by_its_beginning_begins_so_whatever_its_sender_writes_meanwhile(ways):
    here, _ = ways
    letter = DoorLetter("A", Form.MSGPACK, posted(ways, bytes(200_000)), 10**6)
    (file,) = here._ours.unread.values()
    file.memory[:200_005] = b"\x90" * 200_005
    onwards = b"".join(letter.packed(Form.MSGPACK))
    assert letter.value(bytes)[100:] == onwards[105:] == b"\x90" * 199_900
    assert onwards[:5] == packing_of("A", bytes).pieces(bytes(200_000))[0]


def test_a_large_message_of_many_parts_is_weighed_after_it_was_copied(ways):
    here, there = ways
    parts = b"\xdd" + (100_000).to_bytes(4) + b"\x90" * 100_000
    with pytest.raises(Unfit, match="parts"):
        DoorLetter("A", Form.MSGPACK, there.fetch(here.post(here.store([parts]))), 10**6)


async def test_whoever_sends_large_messages_lets_others_run_more_often(ways):
    here, _ = ways
    router = Router(lambda topic: ())
    bounds = (32, False, Tally(10**9), lambda source, now: None, pytest.fail)
    router.attach("A", Outlet(1, Form.PICKLE, here.store, *bounds))
    publisher = LocalPublisher(router, "A", object)
    turns = [0]

    async def notes():
        while publisher.sent < 20:
            turns.append(publisher.sent)
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(notes)
        for _ in range(20):
            await publisher.send(ARRAY)
    # Trio runs what is due in any order: one of them may come late, and the next early.
    assert max(later - before for before, later in pairwise(turns)) <= 2 * LONG_ONES


def test_what_cannot_cross_is_refused_in_pieces_too():
    with pytest.raises(Unfit, match="where bytes is due"):
        packing_of("A", bytes).pieces(bytearray(100_000))
    with pytest.raises(Unfit, match="an array of object cannot cross a wire"):
        packing_of("A", np.ndarray).pieces(np.full(10_000, None))
