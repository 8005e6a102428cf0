"""Components in worker processes of their own: real processes that work, fail, are killed and come back."""

import glob
import os
import re
import signal
import threading
from functools import partial

import attrs
import pytest
import trio

from actors import (
    Backoff,
    Collection,
    Edge,
    InputRelay,
    InputStream,
    InputTopic,
    InvalidComponent,
    InvalidSettings,
    Limits,
    MessageRefused,
    OutputStream,
    OutputTopic,
    SessionLost,
    SessionReleased,
    SettingsRefused,
    Supervision,
    Unit,
    WorkerDied,
    WorkerTraceback,
    main,
    open_graph,
    open_runner,
    open_session,
    publisher,
    serve_websocket,
    subscriber,
    task,
    thread,
)
from graphmeta import down_units, render

AT_ONCE = Supervision(max_restarts=100, backoff=Backoff(first=0))


@attrs.frozen
class Gain:
    gain: int = 1


class Odd:
    """What msgpack cannot carry."""

    def __init__(self, value):
        self.value = value
        self.unordered = {1, 2}


class Amplifier(Unit):
    """Multiplies, and says in which process; fails at what is no number."""

    PROCESS = True
    SETTINGS = Gain
    INPUT_SETTINGS = InputStream(Gain)
    INPUT = InputStream(object)
    OUTPUT = OutputStream(object)

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def amplify(self, odd):
        yield self.OUTPUT, (Odd(odd.value * self.settings.gain), os.getpid())


class Comeback(Amplifier):
    RESTART = "transient"


@pytest.fixture
async def graph():
    with trio.fail_after(30):
        async with open_graph() as graph:
            yield graph


class Client:
    """Sends to ``SYS/INPUT`` and hears from ``SYS/OUTPUT``, in the graph's own process."""

    def __init__(self, session, sender, receiver):
        self.session, self.sender, self.receiver = session, sender, receiver

    async def ask(self, value):
        await self.sender.send(Odd(value))
        odd, pid = await self.receiver.receive()
        assert (type(odd), odd.unordered) == (Odd, {1, 2})
        return odd.value, pid

    async def until_worker(self, present):
        async with self.session.watch() as changes:
            async for _ in changes:
                sessions = {each.name: each for each in (await self.session.snapshot()).sessions.values()}
                worker = sessions.get("runner SYS")
                listens = worker is not None and any(each.topic == "SYS/INPUT" for each in worker.endpoints)
                if listens is present:
                    return


@pytest.fixture
async def client(graph):
    async with (
        open_session(graph, name="client") as session,
        session.publisher("SYS/INPUT") as sender,
        session.subscriber("SYS/OUTPUT") as receiver,
    ):
        yield Client(session, sender, receiver)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def open_descriptors():
    return len(os.listdir("/proc/self/fd"))


async def test_a_unit_works_in_another_process_under_a_session_of_its_own(graph, client):
    before = open_descriptors()
    async with open_runner(SYS=Amplifier(Gain(2)), graph=graph, connections=[("SYS/OUTPUT", "ELSE/IN")]) as runner:
        value, pid = await client.ask(21)
        assert value == 42
        assert pid != os.getpid()
        sessions = {session.name: session for session in graph.snapshot().sessions.values()}
        assert {each.topic for each in sessions["runner SYS"].endpoints} == {
            "SYS/INPUT",
            "SYS/INPUT_SETTINGS",
            "SYS/OUTPUT",
        }
        assert sessions["runner SYS"].peer == f"process {pid}"
        assert (sessions["runner"].edges, sessions["runner"].endpoints) == ((Edge("SYS/OUTPUT", "ELSE/IN"),), ())
        assert set(sessions["runner"].metadata.components) == {"SYS"}
        assert runner.failures == ()
    assert not alive(pid)
    assert [session.name for session in graph.snapshot().sessions.values()] == ["client"]
    assert open_descriptors() == before


async def test_its_settings_are_patched_there_and_reported_and_outlive_its_process(graph, client):
    operator = client.session
    unit = Comeback(Gain(2))
    async with open_runner(SYS=unit, graph=graph, supervision=AT_ONCE):
        _, pid = await client.ask(1)
        assert await operator.update_setting("SYS", "gain", 5) == {"gain": 5}
        assert (await operator.settings())["SYS"].readable == {"gain": 5}
        with pytest.raises(InvalidSettings) as caught:
            await operator.update_setting("SYS", "gain", "loud")
        assert caught.value.__cause__ is None
        assert await client.ask(2) == (10, pid)
        assert unit.settings == Gain(5)
        os.kill(pid, signal.SIGKILL)
        await client.until_worker(False)
        assert (await operator.settings())["SYS"].readable == {"gain": 2}
        await client.until_worker(True)
        value, other = await client.ask(2)
        assert (value, other != pid) == (10, True)
        assert (await operator.settings())["SYS"].readable == {"gain": 5}


def cannot_be_loaded():
    raise RuntimeError("not in this process")


class Unloadable:
    def __reduce__(self):
        return cannot_be_loaded, ()


async def test_a_value_that_its_process_cannot_load_is_refused_and_harms_nothing(graph, client):
    async with open_runner(SYS=Amplifier(Gain(2)), graph=graph) as runner:
        _, pid = await client.ask(1)
        with pytest.raises(SettingsRefused, match="not in this process"):
            await client.session.update_setting("SYS", "gain", Unloadable())
        with pytest.raises(SettingsRefused, match="cannot be sent"):
            await client.session.update_setting("SYS", "gain", threading.Lock())
        assert await client.ask(3) == (6, pid)
        assert runner.failures == ()


class Meter(Unit):
    PROCESS = True
    INPUT = InputStream(Gain)
    OUTPUT = OutputStream(int)

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def read(self, gain):
        yield self.OUTPUT, gain.gain


class Passage(Collection):
    PROCESS = True
    INPUT = InputRelay(Gain)
    METER = Meter()

    def network(self):
        return ((self.INPUT, self.METER.INPUT),)


@pytest.mark.parametrize("unit", [Meter, Passage])
async def test_what_a_stranger_sends_that_is_no_such_message_is_left_out(graph, unit):
    async with trio.open_nursery() as nursery:
        door = await nursery.start(serve_websocket, graph)
        async with (
            open_runner(SYS=unit(), graph=graph, connections=[("SYS/METER/OUTPUT", "SYS/OUTPUT")]) as runner,
            open_session(door.url, name="stranger", token=door.token) as stranger,
            stranger.subscriber("SYS/OUTPUT", int) as answers,
            stranger.publisher("SYS/INPUT") as sender,
        ):
            for message in ("no gain", {"gain": "loud"}, {"gain": 7}):
                await sender.send(message)
            assert await answers.receive() == 7
            # It is told of by another way than the answer, which may be the quicker one.
            while not runner.failures:
                await trio.lowlevel.checkpoint()
            (failure,) = runner.failures
            assert isinstance(failure.error, MessageRefused)
        nursery.cancel_scope.cancel()


async def test_an_error_there_reaches_the_runner_as_itself_with_its_traceback(graph, client):
    with pytest.raises(AttributeError, match="no attribute 'value'") as caught:
        async with open_runner(SYS=Amplifier(), graph=graph) as runner:
            _, pid = await client.ask(1)
            await client.sender.send("no number")
            await trio.sleep_forever()
    assert caught.value.__notes__[0] == "in unit SYS, task amplify, message of type str"
    assert isinstance(caught.value.__cause__, WorkerTraceback)
    assert "odd.value * self.settings.gain" in str(caught.value.__cause__)
    assert [str(failure.error) for failure in runner.failures] == ["'str' object has no attribute 'value'"]
    assert not alive(pid)


async def test_one_that_is_killed_ends_the_run_naming_it_and_nothing_of_it_is_left(graph, client):
    with pytest.raises(WorkerDied) as caught:
        async with open_runner(SYS=Amplifier(), graph=graph) as runner:
            _, pid = await client.ask(1)
            os.kill(pid, signal.SIGKILL)
            await trio.sleep_forever()
    assert (caught.value.address, caught.value.signal) == ("SYS", "SIGKILL")
    assert [failure.error for failure in runner.failures] == [caught.value]
    assert [session.name for session in graph.snapshot().sessions.values()] == ["client"]


async def test_one_that_comes_back_leaves_its_edges_while_it_is_down(graph, client):
    supervision = Supervision(backoff=Backoff(first=0.2, jitter=0))
    async with open_runner(
        SYS=Comeback(), HOME=Where(), graph=graph, supervision=supervision, connections=[("SYS/OUTPUT", "ELSE/IN")]
    ) as runner:
        _, first = await client.ask(1)
        os.kill(first, signal.SIGKILL)
        await client.until_worker(False)
        snapshot = graph.snapshot()
        assert Edge("SYS/OUTPUT", "ELSE/IN") in snapshot.edge_owners
        assert {each.name for each in snapshot.sessions.values()} == {"client", "runner"}
        assert down_units(snapshot) == ("SYS",)
        assert re.search(r"SYS  unit \S*Comeback, down\n", render(snapshot))
        await client.until_worker(True)
        _, second = await client.ask(1)
        assert second != first
        assert down_units(graph.snapshot()) == ()
        assert [type(failure.error) for failure in runner.failures] == [WorkerDied]
        await client.sender.send("no number")
        await client.until_worker(False)
        await client.until_worker(True)
        _, third = await client.ask(1)
        assert third not in (first, second)
        assert [type(failure.error) for failure in runner.failures] == [WorkerDied, AttributeError]


async def test_when_the_graph_is_shut_down_its_workers_go_and_one_reason_leaves(graph):
    async def shut_down():
        with pytest.raises(SessionLost, match="shut down by operator"):
            async with open_session(graph, name="operator") as operator:
                async with operator.subscriber("SYS/OUTPUT") as heard:
                    listening.set()
                    pids.append(await heard.receive())
                await operator.shutdown()
                await trio.sleep_forever()

    pids, listening = [], trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(shut_down)
        await listening.wait()
        with pytest.raises(SessionLost, match="shut down by operator"):
            async with open_runner(SYS=PlainWhere(), graph=graph) as runner:
                await trio.sleep_forever()
    assert runner.failures == ()
    assert not alive(*pids)


async def test_an_operator_may_release_one_which_its_policy_takes_as_a_failure(graph, client):
    async with open_runner(SYS=Comeback(), graph=graph, supervision=AT_ONCE) as runner:
        _, pid = await client.ask(1)
        await client.session.release("runner SYS")
        await client.until_worker(False)
        await client.until_worker(True)
        _, other = await client.ask(1)
        (failure,) = runner.failures
        assert other != pid
        assert (type(failure.error), failure.error.by) == (SessionReleased, "client")


class Spare(Amplifier):
    RESTART = "temporary"


class Once(Unit):
    PROCESS = True
    RESTART = "permanent"
    OUTPUT = OutputStream(int)

    @publisher(OUTPUT)
    async def tell(self):
        yield self.OUTPUT, os.getpid()


async def test_one_may_be_done_without_and_another_begin_anew_when_it_is_done(graph, client):
    once = [("ONCE/OUTPUT", "HEARD")]
    async with client.session.subscriber("HEARD") as heard:
        async with open_runner(SYS=Spare(), ONCE=Once(), graph=graph, supervision=AT_ONCE, connections=once) as runner:
            first, second = await heard.receive(), await heard.receive()
            assert first != second
            await client.sender.send("no number")
            await client.until_worker(False)
            await heard.receive()  # the run goes on
    assert [type(failure.error) for failure in runner.failures] == [AttributeError]


@pytest.mark.parametrize("seconds", [0, 0.05])
async def test_cancelled_while_it_starts_it_leaves_no_process(graph, seconds):
    with trio.move_on_after(seconds) as scope:
        async with open_runner(SYS=Amplifier(), graph=graph):
            raise AssertionError("it started, in no time")
    assert scope.cancelled_caught
    children = [await trio.Path(path).read_text() for path in glob.glob("/proc/self/task/*/children")]
    assert "".join(children).split() == []
    assert graph.snapshot().sessions == {}


class Unready(Unit):
    PROCESS = True

    async def initialize(self):
        raise OSError("no such device")


async def test_one_that_cannot_initialize_starts_nothing_else(graph):
    with pytest.raises(OSError, match="no such device") as caught:
        async with open_runner(A=Unready(), SYS=Amplifier(), graph=graph):
            raise AssertionError("it started")
    assert caught.value.__notes__[0] == "in unit A, initialize"
    assert graph.snapshot().sessions == {}


class Locked(Unit):
    PROCESS = True

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()


async def test_one_that_cannot_be_sent_is_refused_by_name_and_nothing_starts(graph):
    unit = Locked()
    with pytest.raises(InvalidComponent, match=r"Locked\.SYS: cannot be sent to a worker process: .*lock"):
        async with open_runner(SYS=unit, graph=graph):
            raise AssertionError("it started")
    assert graph.snapshot().sessions == {}
    async with open_runner(SYS=unit, graph=graph, force_single_process=True):
        pass


class Where(Unit):
    """Says in which process it lives, once for each of its tasks."""

    OUTPUT = OutputStream(object)

    @publisher(OUTPUT)
    async def tell(self):
        yield self.OUTPUT, (self.name, os.getpid())


class WhereMain(Where):
    @main
    def show(self, stopping):
        assert threading.current_thread() is threading.main_thread()
        stopping.wait()

    @thread
    def spin(self, stopping):
        stopping.wait()


class Box(Collection):
    A = WhereMain()
    B = Where()
    C = WhereMain()

    def process_components(self):
        return (self.C,)

    def network(self):
        return tuple((each.OUTPUT, "HEARD") for each in (self.A, self.B, self.C))


class System(Collection):
    HOME = Where()
    BOX = Box()

    def process_components(self):
        return (self.BOX,)

    def network(self):
        return ((self.HOME.OUTPUT, "HEARD"),)


async def test_a_collection_shares_one_process_but_for_what_has_its_own(graph):
    async with open_session(graph, name="client") as session, session.subscriber("HEARD") as heard:
        async with open_runner(SYS=System(), graph=graph):
            told = dict([await heard.receive() for _ in range(4)])
    assert told["HOME"] == os.getpid()
    assert told["A"] == told["B"]
    assert len(set(told.values())) == 3


async def test_components_are_named_by_the_caller_too_and_must_be_there():
    stranger = Where()
    with pytest.raises(InvalidComponent, match="not among the components"):
        async with open_runner(SYS=System(), process_components=[stranger]):
            raise AssertionError("it started")

    class Wrong(Collection):
        A = Where()

        def process_components(self):
            return (type(self).A,)

    with pytest.raises(InvalidComponent, match="no component of this collection"):
        async with open_runner(SYS=Wrong()):
            raise AssertionError("it started")


async def test_a_worker_joins_a_graph_elsewhere_by_itself(graph, client):
    async with trio.open_nursery() as nursery:
        # Not the loopback, as on another host: runner and worker speak in plain text only because both are told so.
        door = await nursery.start(partial(serve_websocket, graph, host="0.0.0.0", hosts=["0.0.0.0"], insecure=True))
        async with open_session(graph, name="looks") as looks, looks.subscriber("HEARD") as heard:
            plain = PlainWhere()
            there = {"graph": door.url, "token": door.token, "insecure": True}
            async with open_runner(SYS=plain, **there, connections=[("SYS/OUTPUT", "HEARD")]):
                pid = await heard.receive()
                (worker,) = (each for each in graph.sessions() if each.name == "runner SYS")
                assert worker.peer.startswith("127.0.0.1")
                for name in ("cmdline", "environ"):
                    assert door.token not in await trio.Path(f"/proc/{pid}/{name}").read_text()
        nursery.cancel_scope.cancel()


class PlainWhere(Unit):
    PROCESS = True
    OUTPUT = OutputStream(int)

    @publisher(OUTPUT)
    async def tell(self):
        yield self.OUTPUT, os.getpid()
        await trio.sleep_forever()


@attrs.frozen
class Frozen(Exception):
    reason: str


class Freezes(Unit):
    PROCESS = True

    @task
    async def freeze(self):
        raise Frozen("cold")


async def test_notes_come_along_with_errors_of_any_class(graph):
    with pytest.raises(Frozen) as caught:
        async with open_runner(SYS=Freezes(), graph=graph) as runner:
            await runner.wait()
    assert caught.value.__notes__[0] == "in unit SYS, task freeze"


class Echo(Unit):
    PROCESS = True
    INPUT = InputStream(object)
    OUTPUT = OutputStream(object)

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def echo(self, thing):
        yield self.OUTPUT, thing


async def test_a_worker_keeps_to_the_limits_of_its_graph():
    async def send(session):
        async with session.publisher("SYS/INPUT") as sender:
            for number in range(20):
                await sender.send(bytes([number]) * 30_000)

    with trio.fail_after(30):
        async with (
            open_graph(limits=Limits(queue_bytes=50_000)) as graph,
            open_session(graph, name="client") as session,
        ):
            async with session.subscriber("SYS/OUTPUT", max_queue=1) as heard, trio.open_nursery() as nursery:
                async with open_runner(SYS=Echo(), graph=graph):
                    nursery.start_soon(send, session)
                    assert [(await heard.receive())[0] for _ in range(20)] == list(range(20))


class Chain(Collection):
    INPUT = InputTopic(object)
    OUTPUT = OutputTopic(object)
    A = Echo()
    B = Echo()

    def network(self):
        return ((self.INPUT, self.A.INPUT), (self.A.OUTPUT, self.B.INPUT), (self.B.OUTPUT, self.OUTPUT))


@pytest.mark.parametrize("memory_files", [True, False])
async def test_large_messages_cross_whole_and_in_order_and_leave_nothing(graph, client, monkeypatch, memory_files):
    if not memory_files:
        monkeypatch.delattr(os, "memfd_create")
    before = open_descriptors()
    sizes = [1, 300_000, 2, 65_536, 1_000_000, 3]
    if memory_files:
        sizes.append(40_000_000)  # more than a client at a door may send
    with pytest.raises(WorkerDied):
        async with open_runner(SYS=Chain(), graph=graph):
            for size in sizes:
                await client.sender.send(bytes([size % 251]) * size)
            for size in sizes:
                assert await client.receiver.receive() == bytes([size % 251]) * size
            for _ in range(8):
                await client.sender.send(bytes(500_000))
            (worker,) = (each for each in graph.sessions() if each.name == "runner SYS/B")
            pid = int(worker.peer.split()[1])
            for process in (pid, os.getpid()):
                assert "/dev/shm" not in await trio.Path(f"/proc/{process}/maps").read_text()
            # Killed with large messages on their way.
            os.kill(pid, signal.SIGKILL)
            await trio.sleep_forever()
    assert open_descriptors() == before


class Forks(Unit):
    """Has a child of its own, which holds whatever sockets it had."""

    PROCESS = True
    OUTPUT = OutputStream(object)

    @publisher(OUTPUT)
    async def fork(self):
        child = os.fork()
        if child == 0:
            signal.alarm(30)  # whatever becomes of the test
            signal.pause()
        yield self.OUTPUT, (os.getpid(), child)
        await trio.sleep_forever()


async def test_its_end_is_seen_although_a_child_of_its_own_holds_its_sockets(graph):
    async with open_session(graph, name="client") as session, session.subscriber("SYS/OUTPUT") as heard:
        with pytest.raises(WorkerDied):
            async with open_runner(SYS=Forks(), graph=graph):
                pid, child = await heard.receive()
                os.kill(pid, signal.SIGKILL)
                await trio.sleep_forever()
    assert alive(child)
    os.kill(child, signal.SIGKILL)


class Stubborn(Unit):
    PROCESS = True
    OUTPUT = OutputStream(int)

    @publisher(OUTPUT)
    async def block(self):
        yield self.OUTPUT, os.getpid()

    @task
    async def wait(self):
        await trio.sleep_forever()

    async def shutdown(self):
        while True:
            signal.pause()


async def test_one_that_does_not_shut_down_is_killed(graph, monkeypatch):
    monkeypatch.setattr("actors._runtime._company.GRACE", 0.2)
    async with open_session(graph, name="client") as session, session.subscriber("SYS/OUTPUT") as heard:
        async with open_runner(SYS=Stubborn(), graph=graph):
            pid = await heard.receive()
    assert not alive(pid)
