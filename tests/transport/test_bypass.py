"""Large bytes beside a link: handed over in order, without waiting, and nothing stays of what nobody takes."""

import os

import pytest

from transport import Bypass, bypass_pair
from transport._bypass import _GONE, KEPT

LARGE = os.urandom(3_000_001)


@pytest.fixture
def ends():
    before = len(os.listdir("/proc/self/fd"))
    pair = bypass_pair()
    ends = tuple(map(Bypass, pair))
    yield ends
    for each in (*ends, *pair):
        each.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_what_one_end_posts_the_other_fetches_whole_and_both_ways(ends):
    here, there = ends
    first, second = here.post(LARGE), here.post(b"")
    back = there.post(b"back")
    assert there.fetch(first).take() == LARGE
    assert there.fetch(second).take() == b""
    assert here.fetch(back).take() == b"back"


def test_what_nobody_fetches_is_dropped_by_the_next_that_somebody_does(ends):
    here, there = ends
    numbers = [here.post(bytes([each])) for each in range(5)]
    assert there.fetch(numbers[3]).take() == b"\x03"
    with pytest.raises(LookupError):
        there.fetch(numbers[1])


def test_it_never_waits_and_says_when_there_is_no_more_room(ends):
    here, there = ends
    numbers = []
    while (number := here.post(b"x")) is not None:
        numbers.append(number)
        assert len(numbers) < 100_000
    assert there.fetch(numbers[0]).take() == b"x"
    again = here.post(b"y")
    assert again is not None
    assert there.fetch(again).take() == b"y"


def test_what_did_not_arrive_is_an_error_and_a_file_that_cannot_be_made_is_none(ends, monkeypatch):
    here, there = ends
    with pytest.raises(LookupError):
        there.fetch(1)

    def refuse(name, flags):
        raise OSError("too many open files")

    monkeypatch.setattr(os, "memfd_create", refuse)
    assert here.post(LARGE) is None


def test_without_anybody_at_the_other_end_nothing_is_posted():
    one, other = bypass_pair()
    other.close()
    assert Bypass(one).post(LARGE) is None
    one.close()


def test_where_the_system_has_no_memory_files_there_is_no_such_way(monkeypatch):
    monkeypatch.delattr(os, "memfd_create")
    assert bypass_pair() is None


def files_made(monkeypatch):
    made = []
    create = os.memfd_create
    monkeypatch.setattr(os, "memfd_create", lambda *args: made.append(args) or create(*args))
    return made


def test_a_file_is_filled_again_when_it_was_read_and_what_came_before_stays_as_it_was(ends, monkeypatch):
    here, there = ends
    made = files_made(monkeypatch)
    came = [there.fetch(here.post(bytes([each]) * (each + 1))).take() for each in range(200)]
    assert came == [bytes([each]) * (each + 1) for each in range(200)]
    assert len(made) == 1
    numbers = [here.post(bytes([each])) for each in range(3)]
    assert len(made) == 3
    assert [there.fetch(number).take() for number in numbers] == [b"\0", b"\1", b"\2"]


def test_what_was_dropped_unread_frees_its_file_too(ends, monkeypatch):
    here, there = ends
    made = files_made(monkeypatch)
    for _ in range(10):
        numbers = [here.post(b"x") for _ in range(3)]
        assert there.fetch(numbers[-1]).take() == b"x"
    assert len(made) == 3


def test_what_waits_to_be_taken_keeps_its_file_until_then_or_until_nobody_has_it(ends, monkeypatch):
    here, there = ends
    made = files_made(monkeypatch)
    waiting = [there.fetch(here.post(bytes([each]))) for each in range(3)]
    assert len(made) == 3
    assert [len(posted) for posted in waiting] == [1, 1, 1]
    assert waiting.pop(1).take() == b"\1"
    there.fetch(here.post(b"x")).take()
    assert len(made) == 3
    assert [posted.take() for posted in waiting] == [b"\0", b"\2"]
    waiting += [there.fetch(here.post(b"y")) for _ in range(2)]
    waiting.clear()
    for _ in range(10):
        numbers = [here.post(b"z") for _ in range(3)]
        assert [there.fetch(number).take() for number in numbers] == [b"z", b"z", b"z"]
    assert len(made) == 3


def test_what_cannot_be_told_at_once_is_told_later(ends, monkeypatch):
    here, there = ends
    made = files_made(monkeypatch)
    waiting = [there.fetch(here.post(b"x")) for _ in range(3)]
    with pytest.raises(BlockingIOError):
        while True:
            there._socket.send(_GONE.pack(0))
    waiting.clear()
    assert sorted(there._done) == [1, 2, 3]
    there.fetch(here.post(b"y")).take()
    assert there._done == []
    numbers = [here.post(b"z") for _ in range(4)]
    assert len(made) == 4
    assert [there.fetch(number).take() for number in numbers] == [b"z"] * 4


def test_larger_bytes_take_the_place_of_smaller_and_no_more_is_kept_than_the_bound(ends):
    here, there = ends
    before = len(os.listdir("/proc/self/fd"))
    for size in (1, 20, 4, 31, 40, 2):
        numbers = [here.post(bytes([each]) * (size * 2**20)) for each in range(3)]
        for each, number in enumerate(numbers):
            assert there.fetch(number).take() == bytes([each]) * (size * 2**20)
        here.post(b"")
        assert here._kept <= KEPT
        assert sum(map(len, there._theirs.values())) <= KEPT
    assert len(os.listdir("/proc/self/fd")) - before <= 2 * KEPT // 2**18
