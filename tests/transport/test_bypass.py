"""Large bytes beside a link: handed over in order, without waiting, and nothing stays of what nobody takes."""

import gc
import os
import resource
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from transport import Bypass, ProtocolError, bypass_pair
from transport._bypass._bypass import LARGE
from transport._bypass._bypass_words import GONE
from transport._bypass._own_files import FILES, KEPT
from transport._bypass._their_files import LEASES

NOW = socket.MSG_DONTWAIT

pytestmark = pytest.mark.usefixtures("old_objects_left_alone")


def large(number, size=LARGE):
    """Bytes that are large enough, and no others' like them."""
    return bytes([number]) * size


@pytest.fixture
def ends():
    # What earlier tests left to the collector, a child's pipe for one, must not go in between.
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    pair = bypass_pair()
    ends = tuple(map(Bypass, pair))
    yield ends
    for each in (*ends, *pair):
        each.close()
    assert len(os.listdir("/proc/self/fd")) == before


def post(end, *parts):
    stored = end.store(parts)
    return None if stored is None else end.post(stored)


def test_what_one_end_posts_the_other_fetches_whole_and_both_ways(ends):
    here, there = ends
    random = os.urandom(3_000_001)
    first, second = post(here, random), post(here, b"head", bytearray(large(1)), memoryview(b"tail"))
    back = post(there, large(2))
    assert there.fetch(first).take() == random
    assert there.fetch(second).take() == b"head" + large(1) + b"tail"
    assert here.fetch(back).take() == large(2)


def test_what_is_small_goes_another_way(ends):
    here, _ = ends
    assert here.store([large(0, LARGE - 1)]) is None
    assert len(here.store([large(0, LARGE - 1), b"x"])) == LARGE


def test_what_nobody_fetches_is_dropped_by_the_next_that_somebody_does(ends):
    here, there = ends
    numbers = [post(here, large(each)) for each in range(5)]
    assert there.fetch(numbers[3]).take() == large(3)
    with pytest.raises(ProtocolError):
        there.fetch(numbers[1])


def test_it_never_waits_and_what_cannot_be_posted_can_go_another_way(ends):
    here, there = ends
    with pytest.raises(BlockingIOError):
        while True:
            here._words._socket.send(GONE.pack(0), NOW)
    stored = here.store([large(7)])
    assert here.post(stored) is None
    assert stored.read() == large(7)
    del stored
    while True:
        try:
            there._words._socket.recv(8, NOW)
        except BlockingIOError:
            break
    assert there.fetch(post(here, large(8))).take() == large(8)


def test_what_did_not_arrive_is_an_error_and_a_file_that_cannot_be_made_is_none(ends, monkeypatch):
    here, there = ends
    with pytest.raises(ProtocolError):
        there.fetch(1)

    def refuse(name, flags):
        raise OSError("too many open files")

    monkeypatch.setattr(os, "memfd_create", refuse)
    assert here.store([large(0)]) is None


def test_a_file_for_which_there_is_no_memory_leaves_no_descriptor(ends, monkeypatch):
    def refuse(descriptor, start, size):
        raise OSError("no memory")

    here, _ = ends
    before = os.listdir("/proc/self/fd")
    monkeypatch.setattr(os, "posix_fallocate", refuse)
    assert here.store([large(0)]) is None
    assert os.listdir("/proc/self/fd") == before
    assert here._ours.made == 0


def test_without_anybody_at_the_other_end_nothing_is_posted():
    one, other = bypass_pair()
    other.close()
    end = Bypass(one)
    assert post(end, large(0)) is None
    end.close()
    one.close()


def test_where_the_system_has_no_memory_files_there_is_no_such_way(monkeypatch):
    monkeypatch.delattr(os, "memfd_create")
    assert bypass_pair() is None


WITHOUT_THEM = """
import fcntl, os
del os.memfd_create, os.posix_fallocate
for name in [name for name in vars(fcntl) if "SEAL" in name]:
    delattr(fcntl, name)
import transport
assert transport.bypass_pair() is None
"""


def test_where_the_system_has_no_words_for_them_either_everything_else_is_there():
    subprocess.run([sys.executable, "-c", WITHOUT_THEM], check=True)


def test_it_never_waits_however_long_sockets_of_this_program_wait_otherwise():
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(3600)
    try:
        pair = bypass_pair()
        handed_over = socket.socket(fileno=os.dup(pair[1].fileno()))
    finally:
        socket.setdefaulttimeout(before)
    ends = [Bypass(each) for each in (pair[0], handed_over)]
    for end in ends:
        end._hear()
    for each in (*ends, *pair, handed_over):
        each.close()


def test_what_a_fork_of_this_process_lets_go_is_not_given_back(ends):
    here, there = ends
    held = [there.fetch(post(here, large(1))).lease(), there.fetch(post(here, large(2)))]
    child = os.fork()
    if not child:
        held.clear()
        gc.collect()
        os._exit(0)
    os.waitpid(child, 0)
    here._hear()
    assert len(here._ours.unread) == 2
    assert bytes(held[0]) == large(1)
    assert held[1].take() == large(2)


@contextmanager
def no_more_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    taken = []
    try:
        with pytest.raises(OSError, match="Too many open files"):
            while True:
                taken.append(os.dup(0))
        yield
    finally:
        for each in taken:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_files_that_come_when_there_are_no_more_descriptors_are_let_in(ends):
    here, there = ends
    numbers = [post(here, large(each)) for each in range(3)]
    with no_more_descriptors():
        for each, number in enumerate(numbers):
            assert there.fetch(number).take() == large(each)
        assert there.store([large(9)]) is None


def test_a_file_takes_no_descriptor_at_either_end(ends):
    here, there = ends
    before = len(os.listdir("/proc/self/fd"))
    held = [there.fetch(post(here, large(each))) for each in range(8)]
    assert len(os.listdir("/proc/self/fd")) == before
    assert [each.take() for each in held] == [large(each) for each in range(8)]


def maps():
    with open("/proc/self/maps") as lines:
        return sum("memfd:trellis" in line for line in lines)


def test_a_map_stays_as_long_as_somebody_looks_at_it_and_no_longer():
    gc.collect()
    before = maps()
    pair = bypass_pair()
    here, there = (Bypass(each) for each in pair)
    held = there.fetch(post(here, large(1))).lease()
    for each in (here, there, *pair):
        each.close()
    assert maps() == before + 1
    del held
    assert maps() == before


def files_made(monkeypatch):
    made = []
    create = os.memfd_create
    monkeypatch.setattr(os, "memfd_create", lambda *args: made.append(args) or create(*args))
    return made


def test_a_file_is_filled_again_when_it_was_read_and_what_came_before_stays_as_it_was(ends, monkeypatch):
    here, there = ends
    made = files_made(monkeypatch)
    came = [there.fetch(post(here, large(each, LARGE + each))).take() for each in range(200)]
    assert came == [large(each, LARGE + each) for each in range(200)]
    assert len(made) == 1
    numbers = [post(here, large(each)) for each in range(3)]
    assert len(made) == 3
    assert [there.fetch(number).take() for number in numbers] == [large(0), large(1), large(2)]


def test_what_was_read_may_be_heard_when_nobody_waits_and_then_storing_waits_for_no_word(ends, monkeypatch):
    here, there = ends
    heard, hear = [], here._words.hear
    monkeypatch.setattr(here._words, "hear", lambda take: (heard.append(len(here._ours.free)), hear(take)))
    here.look_ahead()
    assert heard == []
    there.fetch(post(here, large(1))).take()
    assert heard == [0]
    for _ in range(3):
        here.look_ahead()
    assert heard == [0, 0]
    there.fetch(post(here, large(2))).take()
    assert heard == [0, 0]
    here.close()
    here.look_ahead()
    assert heard == [0, 0]


def test_what_was_stored_and_never_left_or_dropped_unread_frees_its_file_too(ends, monkeypatch):
    here, there = ends
    made = files_made(monkeypatch)
    for _ in range(10):
        assert len(here.store([large(0)])) == LARGE
        numbers = [post(here, large(1)) for _ in range(3)]
        assert there.fetch(numbers[-1]).take() == large(1)
    assert len(made) == 3


def test_what_waits_to_be_taken_keeps_its_file_until_then_or_until_nobody_has_it(ends, monkeypatch):
    here, there = ends
    made = files_made(monkeypatch)
    waiting = [there.fetch(post(here, large(each))) for each in range(3)]
    assert len(made) == 3
    assert [len(posted) for posted in waiting] == [LARGE] * 3
    assert waiting.pop(1).take() == large(1)
    there.fetch(post(here, large(3))).take()
    assert len(made) == 3
    assert [posted.take() for posted in waiting] == [large(0), large(2)]
    waiting += [there.fetch(post(here, large(4))) for _ in range(2)]
    waiting.clear()
    for _ in range(10):
        numbers = [post(here, large(5)) for _ in range(3)]
        assert [there.fetch(number).take() for number in numbers] == [large(5)] * 3
    assert len(made) == 3


def test_what_cannot_be_told_at_once_is_told_later(ends, monkeypatch):
    here, there = ends
    made = files_made(monkeypatch)
    waiting = [there.fetch(post(here, large(0))) for _ in range(3)]
    with pytest.raises(BlockingIOError):
        while True:
            there._words._socket.send(GONE.pack(0), NOW)
    waiting.clear()
    assert sorted(there._theirs.done) == [1, 2, 3]
    while True:
        try:
            here._words._socket.recv(8, NOW)
        except BlockingIOError:
            break
    there.fetch(post(here, large(1))).take()
    assert there._theirs.done == []
    numbers = [post(here, large(2)) for _ in range(4)]
    assert len(made) == 4
    assert [there.fetch(number).take() for number in numbers] == [large(2)] * 4


def test_larger_bytes_take_the_place_of_smaller_and_no_more_is_kept_than_the_bound():
    before = len(os.listdir("/proc/self/fd"))
    pair = bypass_pair()
    here, there = (Bypass(each, most=8 * KEPT) for each in pair)
    for size in (1, 20, 4, 31, 40, 50, 2):
        numbers = [post(here, large(each, size * 2**20)) for each in range(3)]
        for each, number in enumerate(numbers):
            assert there.fetch(number).take() == large(each, size * 2**20)
        here.store([large(0)])
        assert here._ours.made <= KEPT
        there._hear()
        assert sum(len(file.memory) for file in there._theirs.files.values()) <= KEPT
    for each in (here, there, *pair):
        each.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_no_more_files_are_made_than_the_bound_whoever_does_not_read_them():
    pair = bypass_pair()
    here = Bypass(pair[0], most=2**20)
    numbers = [post(here, large(each)) for each in range(6)]
    assert numbers == [1, 2, 3, 4, None, None]
    assert here.store([large(0, 2**19)]) is None
    for each in (here, *pair):
        each.close()


def test_no_more_files_are_made_than_so_many_and_those_that_are_free_make_room(ends):
    here, there = ends
    numbers = [post(here, large(each)) for each in range(FILES + 1)]
    assert numbers == [*range(1, FILES + 1), None]
    there.fetch(numbers[-2]).take()
    assert there.fetch(post(here, large(1, 2**20))).take() == large(1, 2**20)
    there._hear()
    assert len(there._theirs.files) == FILES


# -- in place ------------------------------------------------------------------------------------------------


def test_what_is_used_in_place_can_be_written_to_and_is_given_back_with_the_last_look_at_it(ends, monkeypatch):
    here, there = ends
    made = files_made(monkeypatch)
    whole = there.fetch(post(here, large(1))).lease()
    part = whole[10:20]
    del whole
    part[0] = 99
    for each in range(3):
        there.fetch(post(here, large(each))).take()
    assert bytes(part) == bytes([99]) + large(1, 9)
    assert len(made) == 2
    del part
    gc.collect()
    here._hear()
    assert len(here._ours.free) == 2
    assert not there._theirs.leased


def test_when_much_is_in_use_what_comes_is_copied_so_that_files_can_be_filled_again(ends):
    here, there = ends
    held = [there.fetch(post(here, large(each))).lease() for each in range(LEASES + 3)]
    assert [type(each) for each in held] == [memoryview] * LEASES + [bytearray] * 3
    assert [bytes(each) for each in held] == [large(each) for each in range(LEASES + 3)]
    held.clear()
    assert isinstance(there.fetch(post(here, large(0))).lease(), memoryview)


def test_an_end_that_trusts_nobody_always_copies():
    pair = bypass_pair()
    here, there = Bypass(pair[0]), Bypass(pair[1], in_place=False)
    assert isinstance(there.fetch(post(here, large(1))).lease(), bytearray)
    for each in (here, there, *pair):
        each.close()


def test_what_is_in_use_stays_when_the_way_has_ended():
    pair = bypass_pair()
    here, there = (Bypass(each) for each in pair)
    held = there.fetch(post(here, large(1))).lease()
    for each in (here, there, *pair):
        each.close()
    assert bytes(held) == large(1)
