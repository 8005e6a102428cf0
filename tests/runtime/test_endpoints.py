"""Publishers and subscribers in one process: who hears what, in which order, and who waits for whom."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors import open_graph, open_session


@pytest.fixture
async def session():
    async with open_graph() as graph, open_session(graph, name="one") as session:
        yield session


async def drain(subscriber, count):
    return [await subscriber.receive() for _ in range(count)]


async def test_a_subscriber_hears_its_topic_and_everything_upstream_once(session):
    await session.connect_many([("A", "B"), ("A", "C"), ("B", "D"), ("C", "D")])
    async with session.subscriber("D") as diamond, session.subscriber("B") as middle, session.publisher("A") as a:
        for number in range(3):
            await a.send(number)
        assert await drain(diamond, 3) == [0, 1, 2]
        assert await drain(middle, 3) == [0, 1, 2]
        async with session.publisher("C") as c:
            await c.send("from c")
        assert await diamond.receive() == "from c"
        assert middle.received == 3


async def test_edges_come_and_go_while_messages_flow(session):
    async with session.subscriber("B") as b, session.publisher("A") as a:
        await a.send("to nobody")
        await session.connect("A", "B")
        await a.send("heard")
        await session.disconnect("A", "B")
        await a.send("to nobody")
        await session.connect("A", "B")
        await a.send("heard again")
        assert await drain(b, 2) == ["heard", "heard again"]


async def test_a_publisher_waits_for_the_slowest_and_then_everyone_gets_it_in_one_step(session, autojump_clock):
    async with (
        session.subscriber("A", max_queue=1) as slow,
        session.subscriber("A", max_queue=9) as quick,
        session.publisher("A") as a,
        trio.open_nursery() as nursery,
    ):
        await a.send(1)
        nursery.start_soon(a.send, 2)
        await wait_all_tasks_blocked()
        assert a.sent == 1
        assert await quick.receive() == 1
        assert await slow.receive() == 1
        await wait_all_tasks_blocked()
        assert a.sent == 2
        assert await drain(quick, 1) == await drain(slow, 1) == [2]


async def test_a_cancelled_send_reached_nobody(session, autojump_clock):
    async with (
        session.subscriber("A", max_queue=1) as full,
        session.subscriber("A", max_queue=9) as empty,
        session.publisher("A") as a,
    ):
        await a.send(1)
        with trio.move_on_after(1) as scope:
            await a.send(2)
        assert scope.cancelled_caught
        assert await full.receive() == 1
        await a.send(3)
        assert await drain(full, 1) == [3]
        assert await drain(empty, 2) == [1, 3]


async def test_a_subscriber_that_leaves_stops_being_waited_for_at_once(session, autojump_clock):
    async with session.publisher("A") as a, trio.open_nursery() as nursery:
        async with session.subscriber("A", max_queue=1):
            await a.send(1)
            nursery.start_soon(a.send, 2)
            await wait_all_tasks_blocked()
            assert a.sent == 1
        await wait_all_tasks_blocked()
        assert a.sent == 2


async def test_an_edge_that_goes_stops_being_waited_for_at_once(session, autojump_clock):
    await session.connect("A", "B")
    async with session.publisher("A") as a, session.subscriber("B", max_queue=1), trio.open_nursery() as nursery:
        await a.send(1)
        nursery.start_soon(a.send, 2)
        await wait_all_tasks_blocked()
        assert a.sent == 1
        await session.disconnect("A", "B")
        await wait_all_tasks_blocked()
        assert a.sent == 2


async def test_a_leaky_subscriber_keeps_the_newest_and_counts_the_rest(session):
    async with session.subscriber("A", leaky=True, max_queue=2) as leaky, session.publisher("A") as a:
        for number in range(5):
            await a.send(number)
        assert await drain(leaky, 2) == [3, 4]
        assert leaky.dropped == 3


async def test_endpoints_are_in_snapshots_while_they_are_open(session):
    async with session.subscriber("A", float, leaky=True, max_queue=7), session.publisher("B", int):
        endpoints = (await session.snapshot()).sessions[session.id].endpoints
        assert [(e.topic, e.direction, e.message_type, e.leaky, e.max_queue) for e in endpoints] == [
            ("A", "subscriber", "float", True, 7),
            ("B", "publisher", "int", False, 32),
        ]
    assert (await session.snapshot()).sessions[session.id].endpoints == ()


async def test_after_its_block_an_endpoint_refuses(session):
    async with session.subscriber("A") as a, session.publisher("A") as b:
        pass
    with pytest.raises(trio.ClosedResourceError):
        await a.receive()
    with pytest.raises(trio.ClosedResourceError):
        await b.send(1)


async def test_a_receiver_that_waits_is_woken_by_the_end_of_its_block(session, autojump_clock):
    outcome = []

    async def wait(subscriber):
        with pytest.raises(trio.ClosedResourceError):
            await subscriber.receive()
        outcome.append("closed")

    async with trio.open_nursery() as nursery:
        async with session.subscriber("A") as a:
            nursery.start_soon(wait, a)
            await wait_all_tasks_blocked()
    assert outcome == ["closed"]


async def test_a_busy_pair_lets_others_run_at_least_every_32_messages(session):
    """One scheduler pass a batch: a fast publisher must not starve heartbeats."""
    turns = 0

    async def count_turns():
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with (
        session.publisher("A") as a,
        session.subscriber("A", max_queue=1000) as b,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(count_turns)
        await trio.lowlevel.checkpoint()
        before = turns
        for number in range(320):
            await a.send(number)
        assert turns - before >= 9  # ten passes, of which one may be under way
        before = turns
        assert await drain(b, 320) == list(range(320))
        assert turns - before >= 9  # ten passes, of which one may be under way
        nursery.cancel_scope.cancel()


async def test_send_and_receive_are_always_cancellation_points(session):
    async with session.publisher("A") as a, session.subscriber("A") as b:
        await a.send(1)
        for use in (lambda: a.send(2), b.receive):
            with trio.CancelScope() as scope:
                scope.cancel()
                await use()
            assert scope.cancelled_caught
        assert a.sent == 1
        assert await b.receive() == 1
