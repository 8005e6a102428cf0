"""What every kind of link promises, tried on each of them."""

import contextlib
import gc
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import pytest
import trio
import trio.testing

from transport import LimitExceeded, Limits, Link, LinkClosed

OpenPair = Callable[[Limits], AbstractAsyncContextManager[Any]]

SMALL = Limits(
    client_frame_bytes=64 * 1024,
    server_frame_bytes=64 * 1024,
    fragment_bytes=16 * 1024,
    send_seconds=0.2,
    close_seconds=0.2,
)
BLOCK = bytes(60_000)


async def fill(link: Link) -> None:
    """Send until the other end, which does not read, is in the way."""
    while True:
        await link.send(BLOCK)


async def test_frames_arrive_whole_and_in_order_both_ways_at_once(open_pair: OpenPair) -> None:
    sizes = [0, 1, 5, 124, 125, 126, 127, 65535, 65536, 65537, 300_000, 1024 * 1024]
    frames = [random.Random(size).randbytes(size) for size in sizes * 3]
    random.Random(7).shuffle(frames)

    async def send_all(link: Link) -> None:
        for frame in frames:
            await link.send(frame)

    async def receive_all(link: Link) -> None:
        assert [await link.receive() for _ in frames] == frames

    async with open_pair(Limits()) as pair, trio.open_nursery() as nursery:
        for link in (pair.client, pair.server):
            nursery.start_soon(send_all, link)
            nursery.start_soon(receive_all, link)


async def test_frames_sent_together_arrive_each_for_itself_and_at_most_32_without_a_checkpoint(
    open_pair: OpenPair,
) -> None:
    frames = [b"%d" % number for number in range(100)]

    async with open_pair(Limits()) as pair, trio.open_nursery() as nursery:
        nursery.start_soon(partial(pair.client.send, *frames))
        arrived: list[bytes] = []
        while len(arrived) < len(frames):
            arrived.append(await pair.server.receive())
            in_a_row = 1
            while (frame := pair.server.receive_nowait()) is not None:
                arrived.append(frame)
                in_a_row += 1
            assert in_a_row <= 32
        assert arrived == frames


async def test_text_stays_text(open_pair: OpenPair, kind: str) -> None:
    async with open_pair(Limits()) as pair:
        if kind == "unix":
            with pytest.raises(TypeError, match="msgpack only"):
                await pair.client.send("text")
            return
        for link, other in ((pair.client, pair.server), (pair.server, pair.client)):
            await link.send("naïve ☃ \U0001f600")
            assert await other.receive() == "naïve ☃ \U0001f600"


async def test_a_frame_above_the_limit_is_refused_and_nothing_else_happens(open_pair: OpenPair) -> None:
    async with open_pair(SMALL) as pair:
        for link, other in ((pair.client, pair.server), (pair.server, pair.client)):
            with pytest.raises(LimitExceeded) as caught:
                await link.send(bytes(64 * 1024 + 1))
            assert caught.value.limit == 64 * 1024
            assert caught.value.name == f"{link.role.value}_frame_bytes"
            await link.send(bytes(64 * 1024))
            assert await other.receive() == bytes(64 * 1024)


async def test_the_limit_counts_bytes_not_characters(open_pair: OpenPair, kind: str) -> None:
    if kind == "unix":
        return
    async with open_pair(SMALL) as pair:
        with pytest.raises(LimitExceeded):
            await pair.client.send("é" * (32 * 1024 + 1))


async def test_what_was_sent_before_a_polite_end_arrives(open_pair: OpenPair) -> None:
    async with open_pair(Limits()) as pair:
        await pair.client.send(b"one")
        await pair.client.send(b"two")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pair.client.aclose)
            assert await pair.server.receive() == b"one"
            assert await pair.server.receive() == b"two"
            with pytest.raises(LinkClosed):
                await pair.server.receive()


async def test_what_is_sent_last_arrives_before_the_end(open_pair: OpenPair) -> None:
    async with open_pair(Limits()) as pair, trio.open_nursery() as nursery:
        pair.client.send_last_nowait(b"one", b"two")
        nursery.start_soon(pair.client.aclose)
        assert await pair.server.receive() == b"one"
        assert await pair.server.receive() == b"two"
        with pytest.raises(LinkClosed):
            await pair.server.receive()


async def test_what_is_sent_last_arrives_whole_though_it_has_to_wait(open_pair: OpenPair) -> None:
    frames = [bytes(1024 * 1024)] * 12
    async with open_pair(Limits()) as pair, trio.open_nursery() as nursery:
        pair.client.send_last_nowait(*frames)
        nursery.start_soon(pair.client.aclose)
        assert [await pair.server.receive() for _ in frames] == frames
        with pytest.raises(LinkClosed):
            await pair.server.receive()


async def test_what_is_sent_last_leaves_with_the_goodbye_in_one_write(
    open_pair: OpenPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_pair(Limits()) as pair, trio.open_nursery() as nursery:
        if (guard := getattr(pair.client, "_guard", None)) is None:
            return
        writes: list[bytes] = []
        for name in ("send_nowait", "send_all"):
            monkeypatch.setattr(guard, name, _noting(getattr(guard, name), writes))
        pair.client.send_last_nowait(b"one")
        nursery.start_soon(pair.client.aclose)
        await pair.server.receive()
        with pytest.raises(LinkClosed):
            await pair.server.receive()
    # What could not leave at once is written again; nothing else is.
    assert all(writes[0].endswith(again) for again in writes)


def _noting(function: Callable[[Any], Any], writes: list[bytes]) -> Callable[[Any], Any]:
    def call(data: Any) -> Any:
        writes.append(bytes(data))
        return function(data)

    return call


async def test_what_had_begun_to_leave_when_the_link_was_ended_politely_arrives_whole(open_pair: OpenPair) -> None:
    async with open_pair(Limits()) as pair:
        sent, arrived = 0, 0
        while pair.client.ready:
            pair.client.send_nowait(BLOCK)
            sent += 1
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pair.client.aclose)
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(LinkClosed):
                while True:
                    assert await pair.server.receive() == BLOCK
                    arrived += 1
        assert arrived == sent


async def test_a_goodbye_that_is_answered_waits_for_nothing_else(open_pair: OpenPair) -> None:
    async with open_pair(Limits(close_seconds=1000)) as pair, trio.open_nursery() as nursery:
        nursery.start_soon(pair.client.aclose)
        with trio.fail_after(5), pytest.raises(LinkClosed):
            await pair.server.receive()
        with trio.fail_after(5):
            await pair.server.aclose()
            await pair.client.aclose()


async def test_who_comes_to_receive_while_a_goodbye_waits_for_its_answer_learns_of_the_end(open_pair: OpenPair) -> None:
    async with open_pair(Limits(close_seconds=2)) as pair, trio.open_nursery() as nursery:
        nursery.start_soon(pair.client.aclose)
        await trio.testing.wait_all_tasks_blocked(0.01)

        async def come_late() -> None:
            with pytest.raises(LinkClosed):
                await pair.client.receive()

        with trio.fail_after(1):
            async with trio.open_nursery() as inner:
                inner.start_soon(come_late)
                await trio.testing.wait_all_tasks_blocked(0.01)
                with pytest.raises(LinkClosed):
                    await pair.server.receive()


async def test_a_goodbye_is_answered_though_both_ends_and_whoever_receives_are_cancelled_at_once(
    open_pair: OpenPair,
) -> None:
    async with open_pair(Limits(close_seconds=20)) as pair:
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                for link in (pair.client, pair.server):
                    nursery.start_soon(link.receive)
                await trio.testing.wait_all_tasks_blocked(0.01)
                nursery.cancel_scope.cancel()
                nursery.start_soon(pair.server.aclose)
                await pair.client.aclose()


@pytest.mark.parametrize("who", ["client", "server"])
async def test_after_the_end_there_is_only_the_end(open_pair: OpenPair, who: str) -> None:
    async with open_pair(SMALL) as pair:
        ender = getattr(pair, who)
        other = pair.server if who == "client" else pair.client
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ender.aclose, "enough")
            with pytest.raises(LinkClosed):
                await other.receive()
        for link in (ender, other):
            for _ in range(2):
                with pytest.raises(LinkClosed):
                    await link.receive()
                with pytest.raises(LinkClosed):
                    await link.send(b"late")
            link.ping()
            link.abort("again")
            await link.aclose()
            await link.aclose()


async def test_abort_wakes_whoever_waits_at_this_end_with_its_reason(open_pair: OpenPair) -> None:
    reasons: list[str] = []

    async def wait(action: Callable[[], object]) -> None:
        with pytest.raises(LinkClosed) as caught:
            await action()
        reasons.append(caught.value.reason)

    async with open_pair(Limits()) as pair, trio.open_nursery() as nursery:
        nursery.start_soon(wait, pair.client.receive)
        nursery.start_soon(wait, lambda: fill(pair.client))
        await trio.testing.wait_all_tasks_blocked(0.01)
        pair.client.abort("had enough")
    assert reasons == ["had enough"] * 2


async def test_abort_is_seen_by_the_peer(open_pair: OpenPair) -> None:
    async with open_pair(Limits()) as pair:
        pair.client.abort("had enough")
        with pytest.raises(LinkClosed):
            await pair.server.receive()


async def test_a_peer_that_takes_nothing_is_given_up_after_the_deadline(open_pair: OpenPair) -> None:
    async with open_pair(SMALL) as pair:
        with trio.fail_after(5), pytest.raises(LinkClosed, match=r"took nothing for 0\.2 s"):
            await fill(pair.client)
        with pytest.raises(LinkClosed):
            await pair.client.receive()


async def test_a_slow_but_steady_peer_is_not_given_up(open_pair: OpenPair) -> None:
    async def sip(link: Link) -> None:
        for _ in range(15):
            await link.receive()
            await trio.sleep(0.02)

    async with open_pair(SMALL) as pair, trio.open_nursery() as nursery:
        nursery.start_soon(sip, pair.server)
        for _ in range(15):
            await pair.client.send(BLOCK)


async def test_a_cancelled_send_never_tears_a_frame(open_pair: OpenPair) -> None:
    received: list[bytes | str] = []

    async def read_all(link: Link) -> None:
        with contextlib.suppress(LinkClosed):
            while True:
                received.append(await link.receive())

    async with open_pair(Limits()) as pair:
        with trio.move_on_after(0.05):
            await fill(pair.client)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(read_all, pair.server)
            with contextlib.suppress(LinkClosed):
                await pair.client.send(b"after")
            await pair.client.aclose()
    assert set(received) <= {BLOCK, b"after"}
    assert received


async def test_a_cancelled_receive_loses_nothing(open_pair: OpenPair) -> None:
    async with open_pair(Limits()) as pair:
        for number in range(20):
            with trio.move_on_after(0.001):
                await pair.server.receive()
            await pair.client.send(b"%d" % number)
            assert await pair.server.receive() == b"%d" % number


async def test_a_ping_is_answered_while_the_peer_reads(open_pair: OpenPair) -> None:
    async def read(link: Link) -> None:
        with pytest.raises(LinkClosed):
            await link.receive()

    async with open_pair(SMALL) as pair, trio.open_nursery() as nursery:
        nursery.start_soon(read, pair.server)
        nursery.start_soon(read, pair.client)
        before = pair.client.last_heard
        with trio.fail_after(2):
            while pair.client.last_heard == before:
                pair.client.ping()
                await trio.sleep(0.01)
        await pair.client.aclose()


async def test_nothing_is_left_behind(open_pair: OpenPair, descriptors: Callable[[], int]) -> None:
    async def once() -> None:
        async with open_pair(SMALL) as pair:
            await pair.client.send(b"hello")
            await pair.server.receive()

    await once()
    gc.collect()
    before = descriptors(), trio.lowlevel.current_statistics().tasks_living
    for _ in range(3):
        await once()
    gc.collect()
    assert (descriptors(), trio.lowlevel.current_statistics().tasks_living) == before


async def test_cancelling_the_body_closes_the_link_quickly(open_pair: OpenPair) -> None:
    with trio.fail_after(2), trio.move_on_after(0.05):
        async with open_pair(SMALL) as pair:
            await pair.client.receive()
