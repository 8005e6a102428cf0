"""What a guarded stream adds to the one beneath: deadlines, a budget, a reason for its end, and force."""

import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import trio
import trio.testing

from transport import LimitExceeded
from transport._link._guard import GuardedStream, force_close


class Stuck(trio.abc.Stream):
    """Takes one chunk and then nothing; never has anything to read."""

    def __init__(self) -> None:
        self.taken = 0
        self.closed = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        if self.taken:
            await trio.sleep_forever()
        self.taken += len(data)
        await trio.lowlevel.checkpoint()

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        await trio.sleep_forever()

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Stuck:
    stream = Stuck()
    known = force_close

    def force(stream: trio.abc.Stream) -> None:
        if isinstance(stream, Stuck):
            stream.closed = True
        else:
            known(stream)

    monkeypatch.setattr("transport._link._guard.force_close", force)
    return stream


async def test_a_send_that_makes_progress_has_the_deadline_for_each_chunk(
    stuck: Stuck, autojump_clock: trio.testing.MockClock
) -> None:
    guard = GuardedStream(stuck, send_seconds=7)
    with pytest.raises(trio.BrokenResourceError, match="took nothing for 7 s"):
        await guard.send_all(bytes(200_000))
    assert stuck.taken == 64 * 1024
    assert trio.current_time() == 7
    assert stuck.closed
    with pytest.raises(trio.BrokenResourceError, match="took nothing for 7 s"):
        await guard.send_all(b"x")


async def test_a_cancelled_send_ends_the_stream(stuck: Stuck, autojump_clock: trio.testing.MockClock) -> None:
    guard = GuardedStream(stuck, send_seconds=7)
    with trio.move_on_after(3):
        await guard.send_all(bytes(200_000))
    assert guard.fault == "a send was interrupted"
    assert stuck.closed


async def test_the_first_reason_counts() -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    guard = GuardedStream(ours, 1)
    guard.abort("first")
    guard.abort("second")
    await guard.aclose()
    assert guard.fault == "first"
    with pytest.raises(trio.BrokenResourceError, match="first"):
        await guard.receive_some()
    assert await theirs.receive_some() == b""


async def test_what_is_unread_comes_again_first() -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    guard = GuardedStream(ours, 1)
    await theirs.send_all(b"later")
    guard.unread(b"b")
    guard.unread(b"a")
    assert await guard.receive_some() == b"ab"
    assert await guard.receive_some() == b"later"


async def test_whoever_goes_over_the_budget_is_cut_off_before_anybody_sees_it() -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    guard = GuardedStream(ours, 1)

    def meter(data: bytes, now: float) -> None:
        raise LimitExceeded("client_frame_bytes", 3)

    guard.meter = meter
    await theirs.send_all(b"four")
    with pytest.raises(trio.BrokenResourceError, match="over the limit client_frame_bytes = 3"):
        await guard.receive_some()
    with pytest.raises(trio.BrokenResourceError):
        await theirs.send_all(b"more")


async def test_everything_that_arrives_moves_last_heard(autojump_clock: trio.testing.MockClock) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    guard = GuardedStream(ours, 1)
    await trio.sleep(5)
    assert guard.last_heard == 0
    await theirs.send_all(b"x")
    await guard.receive_some()
    assert guard.last_heard == 5


Ends = tuple[trio.abc.Stream, trio.abc.Stream]


async def tcp() -> Ends:
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    client = await trio.open_tcp_stream(*listener.socket.getsockname())
    server = await listener.accept()
    listener.socket.close()
    return client, server


async def unix() -> Ends:
    left, right = trio.socket.socketpair()
    return trio.SocketStream(left), trio.SocketStream(right)


async def memory() -> Ends:
    return trio.testing.memory_stream_pair()


@pytest.fixture(params=[tcp, unix, memory], ids=["tcp", "unix", "memory"])
async def ends(request: pytest.FixtureRequest) -> AsyncIterator[Ends]:
    open_ends: Callable[[], Awaitable[Ends]] = request.param
    pair = await open_ends()
    yield pair
    for stream in pair:
        await trio.aclose_forcefully(stream)


async def test_force_wakes_readers_and_writers_at_once(ends: Ends) -> None:
    guard = GuardedStream(ends[0], send_seconds=60)
    woken: list[str] = []

    async def wait(action: Callable[[], Awaitable[object]]) -> None:
        with pytest.raises(trio.BrokenResourceError, match="by force"):
            await action()
        woken.append("woken")

    async def fill() -> None:
        while True:
            await guard.send_all(bytes(1_000_000))

    with trio.fail_after(2):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait, guard.receive_some)
            if not isinstance(ends[0], trio.StapledStream):
                nursery.start_soon(wait, fill)
            await trio.testing.wait_all_tasks_blocked(0.02)
            guard.abort("by force")
    assert set(woken) == {"woken"}


async def test_a_reset_is_an_end_with_a_reason(ends: Ends) -> None:
    ours, theirs = ends
    if not isinstance(theirs, trio.SocketStream):
        return
    guard = GuardedStream(ours, 1)
    await guard.send_all(b"unread")
    theirs.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    theirs.socket.close()
    with pytest.raises(trio.BrokenResourceError):
        while await guard.receive_some():
            pass
        await guard.send_all(b"x")
    assert guard.fault in ("Connection reset by peer", "Broken pipe")


async def test_many_small_sends_let_others_run(ends: Ends) -> None:
    guard, turns = GuardedStream(ends[0], 5), 0

    async def other() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async def read() -> None:
        while True:
            await ends[1].receive_some()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        nursery.start_soon(read)
        for _ in range(200):
            await guard.send_all(b"x")
        nursery.cancel_scope.cancel()
    assert turns >= 10


def test_a_stream_that_cannot_be_forced_is_a_bug() -> None:
    with pytest.raises(TypeError, match="cannot force Stuck to close"):
        force_close(Stuck())


async def test_what_was_said_before_the_other_end_went_is_received_though_a_send_finds_it_gone_first() -> None:
    here, there = socket.socketpair()
    guard = GuardedStream(trio.SocketStream(trio.socket.from_stdlib_socket(here)), send_seconds=7)
    received = []

    async def receive() -> None:
        with pytest.raises(trio.BrokenResourceError, match="Broken pipe"):
            while True:
                received.append(await guard.receive_some())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(receive)
        await trio.testing.wait_all_tasks_blocked()
        there.sendall(b"released by an operator")
        there.close()
        with pytest.raises(trio.BrokenResourceError, match="Broken pipe"):
            guard.send_nowait(b"a credit")
    assert received == [b"released by an operator"]
