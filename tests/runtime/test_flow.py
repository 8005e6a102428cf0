"""Pausing, resuming and syncing the flow of messages, in one process and across wires: a pause is owned, too."""

import trio
from trio.testing import wait_all_tasks_blocked

from actors import open_graph, open_session
from transport import memory_links


async def test_a_paused_graph_holds_its_publishers_until_the_last_holder_lets_go(ends):
    one, two = ends.publishing, ends.subscribing
    async with one.publisher("A") as a, two.subscriber("A") as b, trio.open_nursery() as nursery:
        await one.pause()
        async with two.paused():
            nursery.start_soon(a.send, 1)
            await ends.settle()
            await one.resume()
            await ends.settle()
            assert b.queued == 0
        assert await b.receive() == 1


async def test_a_pause_ends_with_its_session(ends):
    one, two = ends.publishing, ends.subscribing
    async with one.publisher("A") as a, two.subscriber("A") as b, trio.open_nursery() as nursery:
        async with ends.hall.join(ends.ways[1], "three") as three:
            await three.pause()
            nursery.start_soon(a.send, 1)
            await ends.settle()
            assert b.queued == 0
        assert await b.receive() == 1


async def test_a_send_that_is_cancelled_while_paused_reached_nobody(autojump_clock):
    async with open_graph() as graph, open_session(graph, name="one") as one:
        async with one.publisher("A") as a, one.subscriber("A") as b:
            async with one.paused():
                with trio.move_on_after(1):
                    await a.send(1)
            await a.send(2)
            assert await b.receive() == 2


async def test_sync_waits_for_what_was_sent_and_for_no_more(ends):
    one, two = ends.publishing, ends.subscribing
    record = []
    async with one.publisher("A") as a, two.subscriber("A") as b, trio.open_nursery() as nursery:

        async def sync():
            await one.sync()
            record.append("synced")

        await a.send(1)
        await a.send(2)
        nursery.start_soon(sync)
        assert await b.receive() == 1
        await ends.settle()
        assert record == []
        await a.send(3)
        assert await b.receive() == 2
        while not record:
            await trio.lowlevel.checkpoint()
        assert await b.receive() == 3


async def test_sync_waits_for_messages_that_it_overtakes_on_their_way_to_the_graph(hall, monkeypatch):
    async with hall.join("memory", "one") as one, hall.join("local", "two") as two:
        async with one.publisher("A") as a, two.subscriber("A") as b, trio.open_nursery() as nursery:
            record = []

            async def take():
                await wait_all_tasks_blocked()
                record.append("taken")
                assert await b.receive() == large

            nursery.start_soon(take)
            # Nothing leaves at once, and this in many pieces, behind whatever is asked.
            monkeypatch.setattr(type(memory_links()[0]), "ready", False)
            large = bytes(2_000_000)
            await a.send(large)
            await one.sync()
            assert record == ["taken"]


async def test_sync_does_not_wait_for_subscribers_that_left(ends):
    one, two = ends.publishing, ends.subscribing
    async with one.publisher("A") as a, trio.open_nursery() as nursery:
        async with two.subscriber("A"):
            await a.send(1)
            nursery.start_soon(one.sync)
            await wait_all_tasks_blocked()


async def test_sync_in_a_pause_does_not_wait_for_what_the_pause_holds(ends):
    one, two = ends.publishing, ends.subscribing
    async with one.publisher("A") as a, two.subscriber("A") as b, trio.open_nursery() as nursery:
        async with one.paused():
            nursery.start_soon(a.send, 1)
            await ends.settle()
            await one.sync()
            assert b.queued == 0
        assert await b.receive() == 1


async def test_a_pause_that_comes_while_a_sync_waits_lets_it_go(ends):
    one, two = ends.publishing, ends.subscribing
    synced = trio.Event()

    async def sync():
        await one.sync()
        synced.set()

    async with two.subscriber("A", max_queue=1) as b, one.publisher("A") as a, trio.open_nursery() as nursery:
        await a.send(1)
        nursery.start_soon(a.send, 2)
        await ends.settle()
        nursery.start_soon(sync)
        await ends.settle()
        assert not synced.is_set()
        async with two.paused():
            assert await b.receive() == 1
            await synced.wait()
        assert await b.receive() == 2
