"""Publishers and subscribers, in one process and across wires: who hears what, in which order, who waits for whom."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors import open_graph, open_session
from actors._data import RemoteSubscriber


async def drain(subscriber, count):
    return [await subscriber.receive() for _ in range(count)]


@pytest.fixture
async def session():
    async with open_graph() as graph, open_session(graph, name="one") as session:
        yield session


async def test_a_subscriber_hears_its_topic_and_everything_upstream_once(ends):
    here, there = ends.publishing, ends.subscribing
    await here.connect_many([("A", "B"), ("A", "C"), ("B", "D"), ("C", "D")])
    async with there.subscriber("D") as diamond, there.subscriber("B") as middle, here.publisher("A") as a:
        for number in range(3):
            await a.send(number)
        assert await drain(diamond, 3) == [0, 1, 2]
        assert await drain(middle, 3) == [0, 1, 2]
        async with here.publisher("C") as c:
            await c.send("from c")
        assert await diamond.receive() == "from c"
        assert middle.received == 3


async def test_edges_come_and_go_while_messages_flow(ends):
    here, there = ends.publishing, ends.subscribing
    async with there.subscriber("B") as b, here.publisher("A") as a:
        for edge, message in ((False, "to nobody"), (True, "heard"), (False, "to nobody"), (True, "heard again")):
            await (here.connect if edge else here.disconnect)("A", "B")
            await a.send(message)
            # What a session changes does not wait for its own messages; who wants that order syncs.
            if not edge:
                await here.sync()
            else:
                assert await b.receive() == message


async def test_a_publisher_waits_for_the_slowest_and_then_everyone_gets_it_in_one_step(ends):
    here, there = ends.publishing, ends.subscribing
    async with (
        there.subscriber("A", max_queue=1) as slow,
        there.subscriber("A", max_queue=9) as quick,
        here.publisher("A") as a,
        trio.open_nursery() as nursery,
    ):
        await a.send(1)
        nursery.start_soon(a.send, 2)
        assert await quick.receive() == 1
        await ends.settle()
        assert quick.queued == 0
        assert await slow.receive() == 1
        assert await drain(quick, 1) == await drain(slow, 1) == [2]


async def test_no_more_than_a_queue_waits_wherever_it_is(ends):
    here, there = ends.publishing, ends.subscribing
    async with there.subscriber("A", max_queue=3) as slow, there.subscriber("A", max_queue=99) as quick:
        async with here.publisher("A") as a, trio.open_nursery() as nursery:

            async def send():
                for number in range(10):
                    await a.send(number)

            nursery.start_soon(send)
            assert await drain(quick, 3) == [0, 1, 2]
            await ends.settle()
            assert (slow.queued, quick.queued) == (3, 0)
            assert await drain(slow, 10) == list(range(10))
            assert await drain(quick, 7) == list(range(3, 10))


async def test_a_cancelled_send_reached_nobody(ends):
    here, there = ends.publishing, ends.subscribing
    async with there.subscriber("A", max_queue=1) as full, there.subscriber("A", max_queue=99) as empty:
        async with here.publisher("A") as a:
            sent = []
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as nursery:

                    async def send():
                        # A remote publisher has a window of its own to fill before it waits.
                        for number in range(100):
                            await a.send(number)
                            sent.append(number)

                    nursery.start_soon(send)
                    await ends.settle()
                    assert 1 <= len(sent) < 100
                    scope.cancel()
            await trio.lowlevel.checkpoint()
            count = len(sent)
            assert a.sent == count
            for number in range(count):
                assert await full.receive() == await empty.receive() == number
            await a.send("after")
            assert await full.receive() == await empty.receive() == "after"


async def test_a_subscriber_that_leaves_stops_being_waited_for_at_once(ends):
    here, there = ends.publishing, ends.subscribing
    async with there.subscriber("A", max_queue=9) as stays, here.publisher("A") as a, trio.open_nursery() as nursery:
        async with there.subscriber("A", max_queue=1):
            await a.send(1)
            nursery.start_soon(a.send, 2)
            assert await stays.receive() == 1
            await ends.settle()
            assert stays.queued == 0
        assert await stays.receive() == 2


async def test_an_edge_that_goes_stops_being_waited_for_at_once(ends):
    here, there = ends.publishing, ends.subscribing
    await here.connect("A", "B")
    async with there.subscriber("A", max_queue=9) as stays, here.publisher("A") as a:
        async with there.subscriber("B", max_queue=1) as slow, trio.open_nursery() as nursery:
            await a.send(1)
            nursery.start_soon(a.send, 2)
            assert await stays.receive() == 1
            await ends.settle()
            assert stays.queued == 0
            await here.disconnect("A", "B")
            assert await stays.receive() == 2
            assert await slow.receive() == 1


async def test_a_leaky_subscriber_keeps_the_newest_and_counts_the_rest(ends):
    here, there = ends.publishing, ends.subscribing
    async with there.subscriber("A", leaky=True, max_queue=2) as leaky, there.subscriber("A") as all_of_it:
        async with here.publisher("A") as a:
            for number in range(5):
                await a.send(number)
            assert await drain(all_of_it, 5) == [0, 1, 2, 3, 4]
            while leaky.queued + leaky.dropped < 5:
                await trio.lowlevel.checkpoint()
            assert await drain(leaky, 2) == [3, 4]
            assert leaky.dropped == 3


async def test_endpoints_are_in_snapshots_while_they_are_open(ends):
    session = ends.subscribing
    async with session.subscriber("A", float, leaky=True, max_queue=7), session.publisher("B", int) as publisher:
        endpoints = (await session.snapshot()).sessions[session.id].endpoints
        assert [(e.topic, e.direction, e.message_type, e.leaky, e.max_queue) for e in endpoints] == [
            ("A", "subscriber", "float", True, 7),
            ("B", "publisher", "int", False, getattr(publisher, "window", 32)),
        ]
    assert (await session.snapshot()).sessions[session.id].endpoints == ()


async def test_after_its_block_an_endpoint_refuses(ends):
    async with ends.subscribing.subscriber("A") as a, ends.publishing.publisher("A") as b:
        pass
    with pytest.raises(trio.ClosedResourceError):
        await a.receive()
    with pytest.raises(trio.ClosedResourceError):
        await b.send(1)


async def test_a_receiver_that_waits_is_woken_by_the_end_of_its_block(ends):
    outcome = []

    async def wait(subscriber):
        with pytest.raises(trio.ClosedResourceError):
            await subscriber.receive()
        outcome.append("closed")

    async with trio.open_nursery() as nursery:
        async with ends.subscribing.subscriber("A") as a:
            nursery.start_soon(wait, a)
            await wait_all_tasks_blocked()
    assert outcome == ["closed"]


async def test_a_subscriber_that_is_closed_early_is_waited_for_no_more(ends):
    here, there = ends.publishing, ends.subscribing
    async with there.subscriber("A", max_queue=1) as gone, there.subscriber("A", max_queue=99) as stays:
        async with here.publisher("A") as a:
            gone.close(trio.ClosedResourceError("enough"))
            for number in range(50):
                await a.send(number)
            assert await drain(stays, 50) == list(range(50))
            with pytest.raises(trio.ClosedResourceError, match="enough"):
                await gone.receive()


async def test_what_was_sent_arrives_before_the_block_of_its_publisher_is_left(ends):
    here, there = ends.publishing, ends.subscribing
    async with there.subscriber("A", max_queue=99) as b:
        async with here.publisher("A") as a:
            for number in range(20):
                await a.send(number)
        assert await drain(b, 20) == list(range(20))


async def test_large_messages_arrive_without_others_that_push_them(ends):
    async with ends.subscribing.subscriber("A", bytes) as b, ends.publishing.publisher("A", bytes) as a:
        sent = [bytes([number]) * 300_000 for number in range(5)] + [bytes([number]) * 40_000 for number in range(5)]
        for message in sent:
            await a.send(message)
        assert await drain(b, 10) == sent


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


async def test_send_and_receive_are_always_cancellation_points(ends):
    async with ends.publishing.publisher("A") as a, ends.subscribing.subscriber("A") as b:
        await a.send(1)
        for use in (lambda: a.send(2), b.receive):
            with trio.CancelScope() as scope:
                scope.cancel()
                await use()
            assert scope.cancelled_caught
        assert a.sent == 1
        assert await b.receive() == 1


async def test_a_subscriber_across_a_wire_grants_half_its_queue_at_once_and_the_last_of_it_soon():
    grants, later = [], []
    tell = (lambda *grant: grants.append(grant), later.append, pytest.fail)
    subscriber = RemoteSubscriber(1, "A", object, lambda raw: raw, 6, False, *tell)
    subscriber.offer([1, 2, 3, 4, 5], 0)
    assert [await subscriber.receive() for _ in range(4)] == [1, 2, 3, 4]
    assert (grants, later) == ([(3, True)], [])
    assert await subscriber.receive() == 5
    assert (grants, later) == ([(3, True)], [subscriber])
    for _ in range(2):
        subscriber.give_back()
    assert grants == [(3, True), (2, True)]
