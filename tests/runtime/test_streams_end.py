"""However a session ends while its messages flow, nothing of it stays, and those who still talk do not notice."""

import itertools
from functools import partial

import attrs
import pytest
import trio
from halls import open_hall
from trio.testing import wait_all_tasks_blocked

from actors import (
    InputStream,
    MessageTypeNotPortable,
    NormalTermination,
    OutputStream,
    SessionLost,
    SessionReleased,
    Unit,
    open_runner,
    publisher,
    serve_unix,
    serve_websocket,
    subscriber,
)
from actors._graph._wire._pump import Pump
from transport import Peer, memory_links

FAR = ("memory", "child", "websocket", "unix")


async def flood(messages):
    for number in itertools.count():
        await messages.send(number)


async def swallow(messages):
    async for _ in messages:
        pass


def left_over(hall):
    """Endpoints, inboxes and pauses of the graph."""
    sessions = hall.graph.snapshot().sessions.values()
    return [e for s in sessions for e in s.endpoints], hall.graph._supervisor.router._inboxes


async def until_nothing_is_left(hall):
    while left_over(hall) != ([], {}):
        await trio.lowlevel.checkpoint()


async def end_by_release(hall, session):
    async with hall.join("local", "operator") as operator:
        await operator.release(str(session.id))


async def end_by_a_broken_link(hall, session):
    session._line._peer.abort("the cable")


@pytest.mark.parametrize("end", [end_by_release, end_by_a_broken_link])
@pytest.mark.parametrize("way", FAR)
@pytest.mark.parametrize("busy", [True, False], ids=["a busy reader", "no reader"])
async def test_a_session_that_is_ended_in_full_flow_leaves_nothing(hall, way, end, busy):
    told = []

    async def talk():
        try:
            async with hall.join(way, "talker") as session, session.publisher("A") as a, session.subscriber("A") as b:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(flood, a)
                    if busy:
                        nursery.start_soon(swallow, b)
                    while a.sent < 30:
                        await trio.lowlevel.checkpoint()
                    hall.nursery.start_soon(end, hall, session)
        except (SessionLost, SessionReleased) as error:
            told.append(type(error))

    async with hall.join("memory", "other") as other, other.publisher("A") as a, other.subscriber("B") as b:
        await talk()
        async with other.publisher("B") as c:
            await c.send("still here")
            assert await b.receive() == "still here"
        await a.send("to nobody")
    await until_nothing_is_left(hall)
    assert len(told) == 1


async def test_a_server_that_goes_in_full_flow_tells_everyone_who_waits(autojump_clock):
    told = []

    async def use(act, messages):
        try:
            await act(messages)
        except SessionLost:
            told.append(act)
            raise

    async with open_hall() as hall:
        with pytest.raises(SessionLost):
            async with hall.join("memory", "one") as one, one.publisher("A") as a, one.subscriber("B") as b:
                async with one.subscriber("A", max_queue=1), trio.open_nursery() as nursery:
                    nursery.start_soon(use, flood, a)
                    nursery.start_soon(use, swallow, b)
                    await wait_all_tasks_blocked()
                    hall.graph._supervisor.close()
    assert set(told) == {flood, swallow}


class CancelAt(trio.abc.Instrument):
    """Cancels a scope before the n-th step that any task takes."""

    def __init__(self, scope, step):
        self.scope, self.left = scope, step

    def before_task_step(self, task):
        if self.left == 0:
            self.scope.cancel()
        self.left -= 1


@pytest.mark.parametrize("way", ["local", "memory", "child"])
async def test_cancelled_at_any_step_an_endpoint_is_gone_and_nobody_waits_for_it(way):
    async def attempt(hall):
        async with hall.join(way, "victim") as session:
            async with session.subscriber("A", max_queue=2) as b, session.publisher("A") as a:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(partial(send_all, a, 5))
                    assert [await b.receive() for _ in range(5)] == list(range(5))
                await session.sync()

    async def send_all(messages, count):
        for number in range(count):
            await messages.send(number)

    async with open_hall() as hall, hall.join("local", "beside") as beside, beside.publisher("A") as a:
        for step in range(3000):
            with trio.CancelScope() as scope:
                instrument = CancelAt(scope, step)
                trio.lowlevel.add_instrument(instrument)
                try:
                    await attempt(hall)
                finally:
                    trio.lowlevel.remove_instrument(instrument)
            await a.send("whoever is left")
            if not scope.cancel_called:
                break
            await wait_all_tasks_blocked()
            endpoints, inboxes = left_over(hall)
            assert ([e.topic for e in endpoints], inboxes) == (["A"], {})
            assert [info.name for info in hall.graph.sessions()] == ["beside"]
        assert 10 < step < 2999


@pytest.mark.parametrize("way", ["local", "memory", "child"])
async def test_an_opening_that_is_cancelled_at_any_step_leaves_no_endpoint(way):
    async with open_hall() as hall, hall.join(way, "stays") as session:
        for step in range(500):
            with trio.CancelScope() as scope:
                instrument = CancelAt(scope, step)
                trio.lowlevel.add_instrument(instrument)
                try:
                    async with session.subscriber("A", max_queue=1), session.publisher("A"):
                        pass
                finally:
                    trio.lowlevel.remove_instrument(instrument)
            assert left_over(hall) == ([], {})
            assert hall.graph._supervisor._members[session.id].flows == {}
            if not scope.cancel_called:
                break
        assert 1 < step < 499


class OneMessage:
    """An endpoint with one message to send."""

    queued_for_pump = False
    dropped = 0

    def __init__(self, number):
        self.number, self.waiting = number, [b"\xc0"]

    @property
    def pending(self):
        return bool(self.waiting)

    def batch(self, max_bytes):
        taken, self.waiting = self.waiting, []
        return taken


class Crowded:
    """A peer that has room from a moment on, and remembers what it was told."""

    bypass = None

    def __init__(self):
        self.room, self.told = trio.Event(), []

    def has_room(self, *, bulk):
        return self.room.is_set()

    async def wait_room(self, *, bulk):
        await self.room.wait()

    def notify(self, method, params, **_):
        self.told.append(params["endpoint"])


async def test_what_leaves_at_once_leaves_once_although_the_pump_has_just_been_woken_for_it():
    peer = Crowded()
    pump = Pump(peer, opaque=False)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pump.run)
        pump.announce(OneMessage(1), now=False)
        pump.announce(OneMessage(2), now=True)
        await wait_all_tasks_blocked()
        assert peer.told == []
        peer.room.set()
        pump.announce(OneMessage(3), now=True)
        assert peer.told == [1, 2, 3]
        await wait_all_tasks_blocked()
        pump.announce(OneMessage(4), now=False)
        assert peer.told == [1, 2, 3]
        await wait_all_tasks_blocked()
        assert peer.told == [1, 2, 3, 4]
        nursery.cancel_scope.cancel()


async def test_what_many_endpoints_have_to_send_leaves_a_batch_a_turn():
    peer = Peer(memory_links()[0])
    pump = Pump(peer, opaque=False)
    for number in range(50):
        pump.announce(OneMessage(number), now=False)
    queued = [0]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pump.run)
        while queued[-1] < 50:
            await trio.lowlevel.checkpoint()
            queued.append(len(peer._sender))
        nursery.cancel_scope.cancel()
    # Tasks run in any order within a turn: last in one and first in the next is twice between two looks.
    assert max(after - before for before, after in itertools.pairwise(queued)) <= 2


async def test_a_fast_publisher_does_not_keep_the_requests_of_others_waiting(hall):
    """One request takes a bounded number of turns of the loop, however much flows."""
    async with hall.join("memory", "busy") as busy, hall.join("memory", "calm") as calm:
        async with busy.publisher("A") as a, busy.subscriber("A") as b, trio.open_nursery() as nursery:
            nursery.start_soon(flood, a)
            nursery.start_soon(swallow, b)
            while b.received < 100:
                await trio.lowlevel.checkpoint()
            for session in (calm, busy):
                received = b.received
                for _ in range(20):
                    await session.upstream("A")
                # A request and its answer pass by what flows: no more than a few batches go meanwhile.
                assert b.received - received < 20 * 20 * 32
            assert b.received > 100
            nursery.cancel_scope.cancel()


async def test_a_busy_remote_publisher_and_its_reader_pass_the_turn_at_least_every_32_messages(hall):
    turns = 0

    async def count_turns():
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with hall.join("memory", "one") as one:
        async with one.publisher("A") as a, one.subscriber("A", max_queue=1000) as b:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(count_turns)
                before = turns
                for number in range(320):
                    await a.send(number)
                assert turns - before >= 9
                while b.queued < 320:
                    await trio.lowlevel.checkpoint()
                before = turns
                for _ in range(320):
                    await b.receive()
                assert turns - before >= 9
                nursery.cancel_scope.cancel()


@attrs.frozen
class Reading:
    value: int


class Source(Unit):
    OUTPUT = OutputStream(Reading)

    @publisher(OUTPUT)
    async def count(self):
        for value in range(100):
            yield self.OUTPUT, Reading(value)


class Sink(Unit):
    INPUT = InputStream(Reading)

    async def initialize(self):
        self.seen = []

    @subscriber(INPUT)
    async def take(self, reading: Reading):
        self.seen.append(reading.value)
        if reading.value == 99:
            raise NormalTermination


@pytest.mark.parametrize("way", ["websocket", "unix"])
async def test_a_pipeline_runs_attached_to_a_graph_elsewhere_and_others_listen_in(hall, way):
    door = await (
        hall.nursery.start(serve_websocket, hall.graph)
        if way == "websocket"
        else hall.nursery.start(serve_unix, hall.graph, f"{hall.folder}/door")
    )
    source, sink = Source(), Sink()
    async with (
        hall.join("local", "viewer") as viewer,
        viewer.subscriber("SOURCE/OUTPUT", Reading, max_queue=1000) as tap,
    ):
        async with open_runner(
            SOURCE=source, SINK=sink, graph=door.url, token=door.token, connections=[(source.OUTPUT, sink.INPUT)]
        ) as runner:
            await runner.wait()
        assert sink.seen == list(range(100))
        assert [(await tap.receive()).value for _ in range(100)] == list(range(100))
    assert left_over(hall) == ([], {})


async def test_a_unit_whose_stream_cannot_cross_is_refused_before_it_starts(hall):
    class Opaque:
        pass

    class Secretive(Unit):
        OUTPUT = OutputStream(Opaque)

        @publisher(OUTPUT)
        async def never(self):
            raise AssertionError("it ran")
            yield

    door = await hall.nursery.start(serve_websocket, hall.graph)
    with pytest.raises(MessageTypeNotPortable, match="U/OUTPUT"):
        async with open_runner(U=Secretive(), graph=door.url, token=door.token):
            raise AssertionError("it opened")
    assert hall.graph.sessions() == ()
