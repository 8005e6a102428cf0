"""Large messages of sessions on one machine go in memory files, and whoever misuses that loses his connection only."""

import fcntl
import gc
import os
import socket
import struct
import sys
import tempfile
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pytest
import trio
import trio.testing

from actors import MessageRefused, open_graph, open_session, serve_unix, serve_websocket
from actors._graph._wire._streams import Streams
from transport import Bypass, Limits, Posted

pytestmark = pytest.mark.usefixtures("old_objects_left_alone")

SIZES = [1, 300_000, 2, 65_536, 1_000_000, 3, 65_000, 5_000_000, 13_000_000]


def descriptors():
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture
def posted(monkeypatch):
    """The sizes of what came beside a link."""
    sizes, make = [], Posted.__init__

    def counted(self, number, size, *rest):
        sizes.append(size)
        make(self, number, size, *rest)

    monkeypatch.setattr(Posted, "__init__", counted)
    return sizes


@asynccontextmanager
async def door(limits=None):
    """A graph at a Unix socket; nothing of it is left afterwards."""
    before = descriptors()
    # A socket's path may be 107 bytes long, and pytest's own folders are not short.
    with tempfile.TemporaryDirectory() as folder, trio.fail_after(20):
        async with open_graph(limits=limits) as graph, trio.open_nursery() as nursery:
            served = await nursery.start(serve_unix, graph, Path(folder) / "door")
            yield Hall(graph, nursery, served.url, limits or Limits())
            nursery.cancel_scope.cancel()
    # Trio's own, made when it is first needed, and what a thread of it may still hold.
    assert descriptors() <= before


class Hall:
    def __init__(self, graph, nursery, url, limits):
        self.graph, self.nursery, self.url, self.limits = graph, nursery, url, limits

    def join(self, name):
        return open_session(self.url, name=name, limits=self.limits)


async def test_they_cross_whole_and_in_order_with_small_ones_between_them(posted):
    async with (
        door() as hall,
        hall.join("one") as one,
        hall.join("two") as two,
        one.publisher("A", bytes) as sender,
        two.subscriber("A", bytes) as receiver,
    ):
        # What asks for the way is answered between two documents.
        await one.sync()
        for size in SIZES:
            await sender.send(bytes([size % 251]) * size)
            assert await receiver.receive() == bytes([size % 251]) * size
    # Each comes twice, to the server and to the subscriber; more than a quarter of all room goes over the link.
    assert [size - 5 for size in posted[::2]] == [300_000, 65_536, 1_000_000, 5_000_000]
    assert posted[::2] == posted[1::2]


async def test_each_who_takes_an_array_has_it_for_himself_whatever_comes_after(posted):
    async with (
        door() as hall,
        hall.join("one") as one,
        hall.join("two") as two,
        one.publisher("A", np.ndarray) as sender,
        one.subscriber("A", np.ndarray) as first,
        two.subscriber("A", np.ndarray) as second,
        open_session(hall.graph, name="here") as here,
        here.subscriber("A", np.ndarray) as local,
    ):
        await one.sync()
        taken = []
        for number in range(8):
            array = np.full(30_000, number, np.float64)
            await sender.send(array)
            array[:] = -1
            taken.append([await each.receive() for each in (first, second, local)])
            taken[-1][0][:] += 100
        seen = [[set(array) for array in each] for each in taken]
        # What lies in a memory file keeps that open.
        taken.clear()
    for number, (mine, theirs, ours) in enumerate(seen):
        assert mine == {100.0 + number}
        assert theirs == ours == {float(number)}
    assert len(posted) == 3 * 8


async def test_those_who_come_by_other_ways_get_the_same(posted):
    async with door() as hall, hall.join("one") as one:
        web = await hall.nursery.start(serve_websocket, hall.graph)
        async with (
            open_session(web.url, name="two", token=web.token) as two,
            one.publisher("A", bytes) as sender,
            two.subscriber("A", bytes) as receiver,
            two.publisher("B", bytes) as back,
            one.subscriber("B", bytes) as home,
        ):
            await one.sync()
            await sender.send(bytes(400_000))
            assert await receiver.receive() == bytes(400_000)
            await back.send(bytes(500_000))
            assert await home.receive() == bytes(500_000)
    assert len(posted) == 2


def refuse(*_):
    raise OSError("too many open files")


@pytest.mark.parametrize("lacking", ["memory files", "sockets", "open files"])
async def test_where_something_is_lacking_everything_goes_over_the_link(monkeypatch, posted, lacking):
    match lacking:
        case "memory files":
            monkeypatch.delattr(os, "memfd_create")
        case "sockets":
            monkeypatch.setattr(socket, "socketpair", refuse)
        case "open files":
            monkeypatch.setattr(os, "memfd_create", refuse)
    async with (
        door() as hall,
        hall.join("one") as one,
        one.publisher("A", bytes) as sender,
        one.subscriber("A", bytes) as receiver,
    ):
        await one.sync()
        for size in SIZES:
            await sender.send(bytes(size))
            assert await receiver.receive() == bytes(size)
    assert posted == []


async def test_who_has_no_endpoints_is_given_no_descriptor():
    async with door() as hall:
        async with hall.join("one") as one:
            before = descriptors()
            await one.connect("A", "B")
            assert descriptors() == before
            async with one.publisher("A"):
                await one.sync()
                # At each end the way itself, and room for one file that comes.
                assert descriptors() == before + 4


async def test_what_a_subscriber_does_not_take_waits_in_no_more_memory_than_the_bound(posted):
    async with (
        door(Limits(beside_bytes=4 * 2**20)) as hall,
        hall.join("one") as one,
        hall.join("two") as two,
        one.publisher("A", bytes) as sender,
        two.subscriber("A", bytes, max_queue=8) as receiver,
    ):
        await one.sync()
        for number in range(8):
            await sender.send(bytes([number]) * 1_000_000)
        while receiver.queued < 8:
            await trio.lowlevel.checkpoint()
        assert [(await receiver.receive())[0] for _ in range(8)] == [*range(8)]
    # The server had room for four; the publisher's files were filled again.
    assert 8 <= len(posted) < 16


async def test_what_comes_for_a_subscriber_that_has_left_gives_its_memory_back(monkeypatch):
    late, take = [], Streams.take
    monkeypatch.setattr(Streams, "take", lambda *args: late.append(args))
    ways, make = [], Bypass.__init__
    monkeypatch.setattr(
        Bypass, "__init__", lambda self, *args, **kwargs: ways.append(self) or make(self, *args, **kwargs)
    )
    async with (
        door() as hall,
        open_session(hall.graph, name="one") as one,
        hall.join("two") as two,
        one.publisher("A", bytes) as sender,
    ):
        async with two.subscriber("A", bytes):
            await two.sync()
            for _ in range(8):
                await sender.send(bytes(100_000))
            await trio.testing.wait_all_tasks_blocked()
        [ours] = [way for way in ways if way._ours.unread]
        assert len(ours._ours.unread) == 8
        for args in late:
            take(*args)
        ours._hear()
        assert not ours._ours.unread


async def test_a_message_that_would_take_too_much_memory_ends_its_publisher_whichever_way_it_came(posted):
    async with (
        door(Limits(decoded_bytes=20_000_000)) as hall,
        hall.join("one") as one,
        hall.join("two") as two,
        two.subscriber("A", bytes) as honest,
        two.publisher("A", bytes) as sender,
    ):
        with pytest.raises(MessageRefused, match="it is large, and has more than 10000 parts"):
            async with one.publisher("A") as greedy:
                await one.sync()
                await greedy.send([[] for _ in range(300_000)])
        await sender.send(b"x")
        assert await honest.receive() == b"x"
    assert len(posted) == 1


# -- hostile clients -----------------------------------------------------------------------------------------


class Bare:
    """A client that knows nothing but the wire."""

    def __init__(self, sock):
        self.socket = sock
        self.beside = None
        self.received = bytearray()

    async def send(self, frame):
        await self.socket.send(struct.pack("!I", len(frame)) + frame)

    async def say(self, method, **params):
        await self.send(msgspec.msgpack.encode({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))

    async def tell(self, endpoint, *messages):
        params = {"endpoint": endpoint, "messages": messages}
        await self.send(msgspec.msgpack.encode({"jsonrpc": "2.0", "method": "message", "params": params}))

    async def hear(self):
        """The next document; None at the end, which must have another reason than that nothing was heard from here."""
        while (frame := await self.frame()) == b"\xc0":
            await self.send(b"\xc3")
        return None if frame is None else msgspec.msgpack.decode(frame)

    async def frame(self):
        """The next frame; None at the end. A descriptor that comes along is kept."""
        while len(self.received) < 4 or len(self.received) < 4 + int.from_bytes(self.received[:4], "big"):
            try:
                data, rights, _, _ = await self.socket.recvmsg(65_536, socket.CMSG_LEN(40))
            except ConnectionResetError:
                return None
            for _, _, raw in rights:
                (number,) = struct.unpack("i", raw)
                assert self.beside is None
                self.beside = socket.socket(fileno=number)
            if not data:
                return None
            self.received += data
        end = 4 + int.from_bytes(self.received[:4], "big")
        frame = bytes(self.received[4:end])
        del self.received[:end]
        return frame

    async def ended(self):
        while await self.hear() is not None:
            pass
        return True


@asynccontextmanager
async def bare_client(hall, *, asks=True):
    """One that has a publisher at B, number 1, and a way beside its link if it *asks* for one."""
    with trio.socket.socket(socket.AF_UNIX) as sock:
        await sock.connect(hall.url.removeprefix("unix://"))
        bare = Bare(sock)
        await bare.say("open", name="bare")
        assert "result" in await bare.hear()
        await bare.say("open_endpoint", topic="B", direction="publisher", number=1)
        assert "result" in await bare.hear()
        if asks:
            await bare.send(b"\xc2")
            assert await bare.hear() is True
        try:
            yield bare
        finally:
            if asks:
                bare.beside.close()


@asynccontextmanager
async def honest_pair(hall):
    """Two who send each other large messages while others misbehave, before and after."""
    async with hall.join("one") as one, hall.join("two") as two:
        async with one.publisher("A", bytes) as sender, two.subscriber("A", bytes) as receiver:
            await one.sync()
            await sender.send(bytes(100_000))
            yield two
            await sender.send(bytes(200_000))
            assert len(await receiver.receive()) == 100_000
            assert len(await receiver.receive()) == 200_000


def beside(number):
    return msgspec.msgpack.Ext(3, struct.pack(">Q", number))


def give(sock, said, *files):
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack(f"{len(files)}i", *files))] if files else []
    sock.sendmsg([said], rights)


POSTED = struct.pack("<QQQ", 1, 1, 100_000)


def a_word_that_there_is_not(sock):
    give(sock, b"what?")


def a_file_on_disk(sock):
    with tempfile.TemporaryFile() as file:
        file.truncate(256 * 1024)
        give(sock, POSTED, file.fileno())


def memory_that_can_be_taken_away(sock):
    file = os.memfd_create("hostile", os.MFD_ALLOW_SEALING)
    os.truncate(file, 256 * 1024)
    give(sock, POSTED, file)
    os.close(file)


def many_descriptors(sock):
    give(sock, POSTED, 0, 1, 2)


def more_than_there_is(sock):
    give(sock, POSTED)


MISDEEDS = [
    a_word_that_there_is_not,
    a_file_on_disk,
    memory_that_can_be_taken_away,
    many_descriptors,
    more_than_there_is,
]


@pytest.mark.parametrize("misdeed", MISDEEDS, ids=lambda each: each.__name__)
async def test_a_misdeed_beside_the_link_ends_that_connection_and_nobody_else_notices(misdeed):
    async with door() as hall, honest_pair(hall), bare_client(hall) as bare:
        misdeed(bare.beside)
        await bare.tell(1, beside(1))
        assert await bare.ended()


async def test_a_misdeed_is_found_out_when_the_server_has_something_to_hand_over(posted):
    async with door() as hall, honest_pair(hall) as two, bare_client(hall) as bare:
        await bare.say("open_endpoint", topic="C", direction="subscriber", number=2)
        assert "result" in await bare.hear()
        a_word_that_there_is_not(bare.beside)
        async with two.publisher("C", bytes) as sender:
            await sender.send(bytes(100_000))
            assert await bare.ended()


@pytest.mark.parametrize("asks", [True, False])
async def test_a_number_under_which_nothing_came_ends_the_endpoint_and_is_never_passed_on(asks):
    async with (
        door() as hall,
        honest_pair(hall) as two,
        two.subscriber("B") as other,
        bare_client(hall, asks=asks) as bare,
    ):
        await bare.say("open_endpoint", topic="B", direction="publisher", number=2)
        assert "result" in await bare.hear()
        await bare.tell(2, beside(1))
        told = await bare.hear()
        assert told["method"] == "endpoint_ended"
        await bare.tell(1, "honest")
        assert await other.receive() == "honest"


def post_memory(sock, raw):
    file = os.memfd_create("hostile", os.MFD_ALLOW_SEALING)
    os.truncate(file, 256 * 1024)
    os.pwrite(file, raw, 0)
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
    give(sock, struct.pack("<QQQ", 1, 1, len(raw)), file)
    os.close(file)


NO_MESSAGES = {
    "nothing": b"",
    "no msgpack": b"\xc1" * 100,
    "two": b"\x01\x02",
    "a part of one": b"\xdc\xff\xff\x01",
    "less than it says": b"\xc6\0\1\0\0" + bytes(60_000),
    "more than it says": b"\xc6\0\1\0\0" + bytes(70_000),
    "what stands for another": b"\xd7\x03" + bytes(8),
    "nested too deeply": b"\x91" * 800 + b"\xc0",
    "nested without end": b"\x91" * 100_000 + b"\xc0",
}


@pytest.mark.parametrize("raw", NO_MESSAGES.values(), ids=NO_MESSAGES)
@pytest.mark.parametrize("way", ["a socket", "the web"])
async def test_what_is_no_message_beside_the_link_ends_its_publisher_and_is_never_passed_on(way, raw):
    async with door() as hall:
        web = await hall.nursery.start(serve_websocket, hall.graph)
        join = hall.join if way == "a socket" else partial(open_session, web.url, token=web.token)
        async with join(name="two") as two, two.subscriber("B") as other, bare_client(hall) as bare:
            await bare.say("open_endpoint", topic="B", direction="publisher", number=2)
            assert "result" in await bare.hear()
            post_memory(bare.beside, raw)
            await bare.tell(2, beside(1))
            told = await bare.hear()
            assert told["method"] == "endpoint_ended"
            await bare.tell(1, "honest")
            assert await other.receive() == "honest"


@pytest.fixture(params=[1, 3], ids=["the usual stack", "a stack that is told to be larger"])
def stack(request):
    """The server's; its readers in other processes have the usual one."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000 * request.param)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.parametrize("way", ["a socket", "the web"])
async def test_what_is_nested_too_deeply_for_the_stack_of_a_reader_ends_its_publisher_and_is_never_passed_on(
    way, stack
):
    async with door() as hall:
        web = await hall.nursery.start(serve_websocket, hall.graph)
        join = hall.join if way == "a socket" else partial(open_session, web.url, token=web.token)
        async with join(name="two") as two, two.subscriber("B") as other, bare_client(hall) as bare:
            await bare.say("open_endpoint", topic="B", direction="publisher", number=2)
            assert "result" in await bare.hear()
            await bare.tell(2, msgspec.Raw(b"\x91" * 800 + b"\xc0"))
            told = await bare.hear()
            assert told["method"] == "endpoint_ended"
            deep = [bytes(300)]
            for _ in range(60):
                deep = [deep]
            await bare.tell(1, deep)
            assert await other.receive() == deep


async def test_what_is_larger_than_a_document_may_be_is_no_more_let_in_beside_the_link():
    async with door(Limits(client_document_bytes=250_000)) as hall, honest_pair(hall), bare_client(hall) as bare:
        post_memory(bare.beside, msgspec.msgpack.encode(bytes(250_001)))
        await bare.tell(1, beside(1))
        assert await bare.ended()


async def test_what_is_larger_than_a_document_may_be_does_not_leave_beside_the_link_either(posted):
    async with (
        door(Limits(server_document_bytes=200_000)) as hall,
        hall.join("two") as two,
        open_session(hall.graph, name="here") as here,
        here.publisher("A", bytes) as sender,
        two.subscriber("A", bytes) as receiver,
    ):
        await two.sync()
        await sender.send(bytes(190_000))
        assert await receiver.receive() == bytes(190_000)
        await sender.send(bytes(200_001))
        with pytest.raises(MessageRefused, match="server_document_bytes"):
            await receiver.receive()
    assert len(posted) == 1


async def test_descriptors_that_come_over_the_link_itself_are_nobodys_and_do_no_harm():
    async with door() as hall, honest_pair(hall) as two, two.subscriber("B") as other, bare_client(hall) as bare:
        before = descriptors()
        frame = msgspec.msgpack.encode(
            {"jsonrpc": "2.0", "method": "message", "params": {"endpoint": 1, "messages": ["honest"]}}
        )
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("3i", 0, 1, 2))]
        await bare.socket.sendmsg([struct.pack("!I", len(frame)) + frame], rights)
        assert await other.receive() == "honest"
        assert descriptors() == before


async def test_what_comes_for_a_publisher_that_is_over_gives_its_memory_back():
    async with door() as hall, bare_client(hall) as bare:
        await bare.say("close_endpoint", endpoint=1)
        assert "result" in await bare.hear()
        post_memory(bare.beside, msgspec.msgpack.encode(bytes(100)))
        await bare.tell(1, beside(1))
        await bare.say("sync")
        assert "result" in await bare.hear()
        assert bare.beside.recv(100, socket.MSG_DONTWAIT) == struct.pack("<Q", 1)


async def test_who_asks_again_is_given_nothing_more():
    async with door() as hall, bare_client(hall) as bare:
        first = bare.beside
        for _ in range(3):
            await bare.send(b"\xc2")
        await bare.say("open_endpoint", topic="B", direction="publisher", number=2)
        assert "result" in await bare.hear()
        assert bare.beside is first


async def test_who_hangs_up_beside_the_link_gets_everything_over_it():
    async with door() as hall, honest_pair(hall) as two, bare_client(hall) as bare:
        await bare.say("open_endpoint", topic="C", direction="subscriber", number=2)
        assert "result" in await bare.hear()
        bare.beside.close()
        async with two.publisher("C", bytes) as sender:
            await sender.send(bytes(70_000))
            told = await bare.hear()
            assert told["params"]["messages"] == [bytes(70_000)]
            await bare.say("grant", endpoint=2, count=1)


async def test_a_server_that_gives_no_socket_is_left():
    listener = trio.socket.socket(socket.AF_UNIX)
    with tempfile.TemporaryDirectory() as folder, trio.fail_after(20), listener:
        from transport import LinkClosed, connect_unix

        await listener.bind(f"{folder}/door")
        listener.listen()
        async with connect_unix(f"{folder}/door") as link:
            server, _ = await listener.accept()
            with server, tempfile.TemporaryFile() as file:
                assert link.ask_bypass()
                assert not link.ask_bypass()
                assert await server.recv(100) == b"\0\0\0\1\xc2"
                before = descriptors()
                rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", file.fileno()))]
                await server.sendmsg([b"\0\0\0\1\xc3"], rights)
                with pytest.raises(LinkClosed, match="no way beside the link"):
                    await link.receive()
                assert link.bypass is None
                assert descriptors() == before - 1  # the link's own
