"""What passed through endpoints, as any session reads it: counts, queues, drops, waiting, and the loop beneath."""

import time
from uuid import uuid4

import attrs
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors import EndpointStatistics, LoopStatistics, Statistics, open_graph, open_session, rates
from actors._graph._supervisor._loop_meter import WINDOW, LoopMeter


@pytest.fixture
async def session():
    async with open_graph() as graph, open_session(graph, name="one") as session:
        yield session


async def read(session, topic=None):
    found = [each for each in (await session.statistics()).endpoints if topic in (None, each.topic)]
    return found[0] if topic else found


# -- everywhere ----------------------------------------------------------------------------------------------


async def test_messages_queues_and_drops_are_counted_wherever_the_ends_are(ends):
    here, there = ends.publishing, ends.subscribing
    await here.connect_many([("A", "B"), ("A", "C")])
    async with (
        there.subscriber("B", max_queue=4) as careful,
        there.subscriber("C", leaky=True, max_queue=1) as hasty,
        here.publisher("A") as a,
    ):
        for number in range(4):
            await a.send(number)
        await ends.settle()
        # A remote subscriber says what it took when that is half of its queue.
        assert [await careful.receive() for _ in range(2)] == [0, 1]
        await ends.settle()
        for reader in (here, there):
            sending, b, c = await read(reader, "A"), await read(reader, "B"), await read(reader, "C")
            assert (sending.direction, sending.messages, sending.session_name) == ("publisher", 4, "publishing")
            assert (b.direction, b.messages, b.queued, b.max_queue, b.dropped) == ("subscriber", 2, 2, 4, 0)
            assert (c.leaky, c.session, c.session_name) == (True, there.id, "subscribing")
            # Over a wire a leaky subscriber takes at once and drops at its own end.
            assert c.messages + c.queued + c.dropped == 4
        assert await hasty.receive() == 3
    assert await read(there) == []


async def test_readings_of_local_and_remote_sessions_are_the_same(ends):
    async with ends.publishing.publisher("A") as a, ends.subscribing.subscriber("A"):
        await a.send(1)
        await ends.settle()
        one, other = await ends.publishing.statistics(), await ends.subscribing.statistics()
        assert one.endpoints == other.endpoints
        assert one.epoch == other.epoch
        assert one.time <= other.time
        assert [each.messages + each.queued for each in one.endpoints] == [1, 1]


# -- waiting -------------------------------------------------------------------------------------------------


async def test_the_time_that_publishers_wait_is_told_at_both_ends_while_they_still_do(session, autojump_clock):
    async with (
        session.subscriber("A", max_queue=1) as slow,
        session.subscriber("A", max_queue=9),
        session.publisher("A") as a,
        trio.open_nursery() as nursery,
    ):
        await a.send(1)
        assert [each.blocked for each in await read(session)] == [0.0, 0.0, 0.0]
        nursery.start_soon(a.send, 2)
        nursery.start_soon(a.send, 3)
        await trio.sleep(5)
        assert [each.blocked for each in await read(session)] == pytest.approx([10.0, 0.0, 10.0])
        await slow.receive()
        await wait_all_tasks_blocked()
        await trio.sleep(1)
        assert [each.blocked for each in await read(session)] == pytest.approx([11.0, 0.0, 11.0])
        await slow.receive()
        await wait_all_tasks_blocked()
        await trio.sleep(60)
        assert [each.blocked for each in await read(session)] == pytest.approx([11.0, 0.0, 11.0])


async def test_a_held_flow_counts_for_the_publisher_and_for_no_subscriber(session, autojump_clock):
    async with session.subscriber("A"), session.publisher("A") as a, trio.open_nursery() as nursery:
        async with session.paused():
            nursery.start_soon(a.send, 1)
            await trio.sleep(3)
        await wait_all_tasks_blocked()
        assert [each.blocked for each in await read(session)] == pytest.approx([0.0, 3.0])


async def test_a_publisher_that_gives_up_has_waited_too(session, autojump_clock):
    async with session.subscriber("A", max_queue=1), session.publisher("A") as a:
        await a.send(1)
        with trio.move_on_after(2):
            await a.send(2)
        await trio.sleep(5)
        assert [each.blocked for each in await read(session)] == pytest.approx([2.0, 2.0])


# -- rates ---------------------------------------------------------------------------------------------------

EPOCH, SESSION = uuid4(), uuid4()


def endpoint(number, messages=0, dropped=0, blocked=0.0):
    return EndpointStatistics(SESSION, "s", number, f"T{number}", "subscriber", messages, 0, 32, True, dropped, blocked)


def reading(at, *endpoints, busy=0.0, longest=0.0):
    return Statistics(EPOCH, at, LoopStatistics(longest, busy, at), endpoints)


def test_rates_are_differences_over_the_time_between_two_readings():
    earlier = reading(10.0, endpoint(0, 100, 7, 1.5), endpoint(1, 50), busy=1.0)
    later = reading(12.0, endpoint(0, 140, 8, 2.5), endpoint(2, 6), busy=1.5, longest=0.02)
    found = rates(earlier, later)
    assert (found.seconds, found.busy, found.longest) == (2.0, 0.25, 0.02)
    # The second one has gone; the third was not there before, and counts from zero.
    assert [(each.endpoint.endpoint, each.messages, each.dropped, each.blocked) for each in found.endpoints] == [
        (0, 20.0, 0.5, 0.5),
        (2, 3.0, 0.0, 0.0),
    ]


def test_readings_that_cannot_be_compared_are_refused():
    one = reading(10.0)
    for earlier, later in ((one, one), (reading(11.0), one), (one, attrs.evolve(reading(12.0), epoch=uuid4()))):
        with pytest.raises(ValueError, match="reading"):
            rates(earlier, later)


def test_a_loop_that_was_not_counted_in_between_was_at_work_for_no_known_share():
    same = LoopStatistics(0.0, 1.0, 5.0)
    assert rates(attrs.evolve(reading(10.0), loop=same), attrs.evolve(reading(11.0), loop=same)).busy == 0.0


# -- the loop ------------------------------------------------------------------------------------------------


async def test_a_turn_that_holds_everybody_up_is_told(session):
    await session.statistics()
    await trio.lowlevel.checkpoint()
    time.sleep(0.05)  # noqa: ASYNC251 - it is the fault that is to be seen.
    await trio.lowlevel.checkpoint()
    loop = (await session.statistics()).loop
    assert loop.longest >= 0.05
    assert 0.05 <= loop.busy <= loop.counted


async def test_an_idle_graph_that_is_read_has_no_task_more_and_no_deadline():
    async with open_graph() as graph, open_session(graph, name="one") as session:
        before = trio.lowlevel.current_statistics()
        await session.statistics()
        after = trio.lowlevel.current_statistics()
        assert after.tasks_living == before.tasks_living
        assert after.seconds_to_next_deadline == before.seconds_to_next_deadline


def installed():
    """The instruments of this run; Trio has no public way to ask."""
    return trio._core._run.GLOBAL_RUN_CONTEXT.runner.instruments["_all"]


async def test_the_meter_is_in_only_while_it_is_read():
    async with open_graph() as graph, open_session(graph, name="one") as session:
        assert not installed()
        await session.statistics()
        await session.statistics()
        assert len(installed()) == 1
    assert not installed()


async def test_the_meter_leaves_when_nobody_reads_any_more_and_comes_back(monkeypatch):
    now = 100.0
    monkeypatch.setattr("actors._graph._supervisor._loop_meter.time.perf_counter", lambda: now)
    meter = LoopMeter()
    meter.read()
    await trio.lowlevel.checkpoint()
    assert installed()
    now += WINDOW + 1
    await trio.lowlevel.checkpoint()
    assert not installed()
    counted = meter.read().counted
    now += 1
    assert meter.read().counted == counted + 1
    meter.stop()
    meter.stop()
    assert not installed()


async def test_a_long_turn_is_forgotten_after_two_windows_and_not_before_one(monkeypatch):
    now = 100.0
    monkeypatch.setattr("actors._graph._supervisor._loop_meter.time.perf_counter", lambda: now)
    meter = LoopMeter()
    meter.read()
    meter.after_io_wait(0)
    now += 2.0
    meter.before_io_wait(0)
    for seconds, longest in ((0.0, 2.0), (WINDOW - 0.5, 2.0), (WINDOW - 0.5, 2.0), (WINDOW, 0.0)):
        now += seconds
        meter.after_io_wait(0)
        assert meter.read().longest == longest
    meter.stop()
