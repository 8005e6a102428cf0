"""Whoever posts memory files may be hostile: it loses its connection, and keeps neither memory nor descriptors here."""

import fcntl
import mmap
import os
import socket
import struct
import tempfile

import pytest

from transport import Bypass, ProtocolError, bypass_pair
from transport._bypass._bypass import LARGE

GRAIN = 256 * 1024
SEALED = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
MOST = 2**20


def descriptors():
    return {int(name): os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if _open(name)}


def _open(name):
    return os.path.exists(f"/proc/self/fd/{name}")


@pytest.fixture
def prey():
    """An end of ours that trusts nobody, and the bare socket of the other."""
    pair = bypass_pair()
    ends = Prey(*pair)
    yield ends
    ends.way.close()
    for each in pair:
        each.close()


class Prey:
    def __init__(self, ours, theirs):
        self.faults = []
        self.way = Bypass(ours, most=MOST, in_place=False, abort=self.faults.append)
        self.socket = theirs

    def say(self, said, *files):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack(f"{len(files)}i", *files))] if files else []
        self.socket.sendmsg([said], rights)

    def hear(self):
        self.way._hear()


def memory_file(size=GRAIN, seals=SEALED):
    descriptor = os.memfd_create("hostile", os.MFD_ALLOW_SEALING)
    os.truncate(descriptor, size)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor


def posted(number=1, name=1, size=GRAIN):
    return struct.pack("<QQQ", number, name, size)


def unsealed():
    return memory_file(seals=0)


def only_against_growing():
    return memory_file(seals=fcntl.F_SEAL_GROW)


def a_plain_file():
    with tempfile.TemporaryFile() as file:
        file.truncate(GRAIN)
        return os.dup(file.fileno())


def a_pipe():
    reading, writing = os.pipe()
    os.close(writing)
    return reading


def a_device():
    return os.open("/dev/zero", os.O_RDWR)


def empty():
    return memory_file(size=0)


def tiny():
    return memory_file(size=4096)


def much_too_large():
    return memory_file(size=MOST + GRAIN)


KINDS = [unsealed, only_against_growing, a_plain_file, a_pipe, a_device, empty, tiny, much_too_large]


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_what_is_no_memory_file_of_a_sealed_and_usual_size_ends_the_connection(prey, make):
    file = make()
    before = descriptors()
    prey.say(posted(), file)
    prey.hear()
    assert len(prey.faults) == 1
    assert "broke the rules of memory files" in prey.faults[0]
    assert descriptors().keys() <= before.keys()
    os.close(file)
    with pytest.raises(ProtocolError):
        prey.way.fetch(1)
    assert prey.way.store([bytes(LARGE)]) is None


def test_more_descriptors_than_one_end_the_connection_and_none_stays_open(prey):
    files = [memory_file() for _ in range(3)]
    before = descriptors()
    prey.say(posted(), *files)
    prey.hear()
    assert len(prey.faults) == 1
    assert descriptors().keys() <= before.keys()
    for file in files:
        os.close(file)


@pytest.mark.parametrize("said", [b"x", b"x" * 8, b"x" * 4, b"x" * 25, b"x" * 100_000], ids=len)
@pytest.mark.parametrize("files", [0, 1])
def test_a_word_that_there_is_not_ends_the_connection(prey, said, files):
    files = [memory_file() for _ in range(files)]
    before = descriptors()
    prey.say(said, *files)
    prey.hear()
    assert len(prey.faults) == 1
    assert descriptors().keys() <= before.keys()
    for file in files:
        os.close(file)


@pytest.mark.parametrize(
    "words",
    [
        [posted(name=2)],
        [posted(), posted(number=2)],
        [posted(), struct.pack("<I", 1)],
        [posted(size=GRAIN + 1)],
        [posted(size=2**64 - 1)],
        [struct.pack("<Q", 1)],
        [struct.pack("<I", 7)],
    ],
    ids=["a file that there is not", "in use", "gone in use", "too small", "endless", "not posted", "gone twice"],
)
def test_a_word_out_of_place_ends_the_connection(prey, words):
    file = memory_file()
    before = descriptors()
    prey.say(words[0], *([file] if len(words[0]) == 24 and words[0] != posted(name=2) else []))
    for word in words[1:]:
        prey.say(word)
    prey.hear()
    assert len(prey.faults) == 1
    assert descriptors().keys() <= before.keys()
    os.close(file)


def test_files_are_held_up_to_the_bound_and_no_name_is_given_twice(prey):
    files = [memory_file() for _ in range(MOST // GRAIN + 1)]
    for number, file in enumerate(files, 1):
        assert prey.faults == []
        prey.say(posted(number=number, name=number), file)
        prey.hear()
    assert len(prey.faults) == 1
    for file in files:
        os.close(file)


def test_a_name_that_is_taken_ends_the_connection(prey):
    files = [memory_file(), memory_file()]
    for number, file in enumerate(files, 1):
        prey.say(posted(number=number), file)
    prey.hear()
    assert len(prey.faults) == 1
    for file in files:
        os.close(file)


def test_who_floods_is_heard_so_many_words_at_a_time_and_can_keep_nobody(prey):
    """The other end says the next word whenever one was heard: without a bound this would never end."""
    way, heard = prey.way, []

    class Flood:
        def recvmsg(self, *_):
            number = len(heard) + 1
            heard.append(number)
            return struct.pack("<Q", number), [], 0, None

    way._ours.unread.update(dict.fromkeys(range(1, 100_000), object()))
    way._words._socket = Flood()
    way._hear()
    assert len(heard) == 4096
    way._ours.free.clear()


def test_a_sealed_file_cannot_be_made_smaller_and_what_changes_in_it_does_not_change_what_was_taken(prey):
    file = memory_file()
    theirs = mmap.mmap(file, GRAIN)
    theirs[:4] = b"good"
    prey.say(posted(size=4), file)
    came = prey.way.fetch(1).take()
    theirs[:4] = b"evil"
    assert came == b"good"
    with pytest.raises(OSError, match="not permitted"):
        os.truncate(file, 0)
    os.close(file)


def test_our_own_files_cannot_be_made_smaller_by_whoever_they_are_handed_to(prey):
    stored = prey.way.store([bytes(LARGE)])
    prey.way.post(stored)
    _, (file,), _, _ = socket.recv_fds(prey.socket, 100, 1)
    assert fcntl.fcntl(file, fcntl.F_GET_SEALS) == SEALED
    with pytest.raises(OSError, match="not permitted"):
        os.truncate(file, 0)
    os.close(file)
