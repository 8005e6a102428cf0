"""Pausing, resuming and syncing the flow of messages: a pause is owned like everything else."""

import trio
from trio.testing import wait_all_tasks_blocked

from actors import open_graph, open_session


async def test_a_paused_graph_holds_its_publishers_until_the_last_holder_lets_go(autojump_clock):
    async with open_graph() as graph, open_session(graph, name="one") as one, open_session(graph, name="two") as two:
        async with one.publisher("A") as a, one.subscriber("A") as b, trio.open_nursery() as nursery:
            await one.pause()
            async with two.paused():
                nursery.start_soon(a.send, 1)
                await wait_all_tasks_blocked()
                await one.resume()
                await wait_all_tasks_blocked()
                assert a.sent == 0
            assert await b.receive() == 1


async def test_a_pause_ends_with_its_session(autojump_clock):
    async with open_graph() as graph, open_session(graph, name="one") as one:
        async with one.publisher("A") as a, one.subscriber("A") as b, trio.open_nursery() as nursery:
            async with open_session(graph, name="two") as two:
                await two.pause()
                nursery.start_soon(a.send, 1)
                await wait_all_tasks_blocked()
                assert a.sent == 0
            assert await b.receive() == 1


async def test_a_send_that_is_cancelled_while_paused_reached_nobody(autojump_clock):
    async with open_graph() as graph, open_session(graph, name="one") as one:
        async with one.publisher("A") as a, one.subscriber("A") as b:
            async with one.paused():
                with trio.move_on_after(1):
                    await a.send(1)
            await a.send(2)
            assert await b.receive() == 2


async def test_sync_waits_for_what_was_sent_and_for_no_more(autojump_clock):
    record = []
    async with open_graph() as graph, open_session(graph, name="one") as one:
        async with one.publisher("A") as a, one.subscriber("A") as b, trio.open_nursery() as nursery:

            async def sync():
                await one.sync()
                record.append("synced")

            await a.send(1)
            await a.send(2)
            nursery.start_soon(sync)
            await wait_all_tasks_blocked()
            await a.send(3)
            await b.receive()
            await wait_all_tasks_blocked()
            assert record == []
            await b.receive()
            await wait_all_tasks_blocked()
            assert record == ["synced"]


async def test_sync_does_not_wait_for_subscribers_that_left(autojump_clock):
    # On the mock clock a sync that hangs is too slow at once.
    with trio.fail_after(5):
        async with open_graph() as graph, open_session(graph, name="one") as one:
            async with one.publisher("A") as a, trio.open_nursery() as nursery:
                async with one.subscriber("A"):
                    await a.send(1)
                    nursery.start_soon(one.sync)
                    await wait_all_tasks_blocked()
