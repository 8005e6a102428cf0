"""Large messages that came beside the link: who has them when, and what is nobody's any more."""

import numpy as np
import pytest

from actors._data import Form, RemoteSubscriber, open_trusted, seal_trusted
from actors._data._letter import ChildLetter
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
