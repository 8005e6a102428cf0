"""A runner's own life: stopped before its block ends, served when asked, refused whole, then free to run elsewhere."""

import pytest
import trio

from actors import (
    AddressTaken,
    Collection,
    CycleError,
    InputRelay,
    InputStream,
    InvalidComponent,
    InvalidTopic,
    OutputRelay,
    OutputStream,
    SessionReleased,
    Unit,
    main,
    open_graph,
    open_runner,
    open_session,
    publisher,
    serve_websocket,
    subscriber,
    task,
)


class Ticks(Unit):
    OUTPUT = OutputStream(int)

    @publisher(OUTPUT)
    async def tick(self):
        for number in range(10**9):
            yield self.OUTPUT, number


class Record(Unit):
    INPUT = InputStream(int)

    def __init__(self, record=None, **fields):
        super().__init__(**fields)
        self.record = record

    @subscriber(INPUT)
    async def take(self, number):
        self.record.append(number)

    async def shutdown(self):
        self.record.append(f"{self.name} is down")


class Pair(Collection):
    TICKS = Ticks()
    SINK = Record([])

    def network(self):
        return ((self.TICKS.OUTPUT, self.SINK.INPUT),)


async def test_stop_returns_when_all_units_are_down_and_their_endpoints_closed():
    pair = Pair()
    async with open_graph() as graph:
        async with open_runner(SYS=pair, graph=graph, name="pair") as runner:
            await trio.lowlevel.checkpoint()
            await runner.stop()
            assert pair.SINK.record[-1] == "SINK is down"
            await runner.wait()
            (session,) = graph.snapshot().sessions.values()
            assert (session.endpoints, len(session.edges)) == ((), 1)
            assert repr(runner) == "<runner 'pair' stopped, 0 at work>"
            await runner.stop()
        assert pair.SINK.record.count("SINK is down") == 1
        assert graph.snapshot().sessions == {}


async def test_a_runner_serves_its_graph_when_asked_and_says_where(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    async with open_runner(SYS=Record([]), serve=True) as runner:
        assert runner.address.startswith("ws://127.0.0.1:")
        (ticket,) = (tmp_path / "trellis").glob("*.graph")
        assert ticket.stat().st_mode & 0o777 == 0o600
    assert not any((tmp_path / "trellis").iterdir())
    async with open_runner(SYS=Record([])) as runner:
        assert runner.address is None
    with pytest.raises(ValueError, match="served already"):
        async with open_runner(SYS=Record([]), graph="ws://127.0.0.1:1", serve=True):
            raise AssertionError("it started")


async def test_components_that_were_refused_can_run_elsewhere():
    class Circle(Collection):
        SINK = Record([])

        def network(self):
            return (("X", "Y"), ("Y", self.SINK.INPUT), (self.SINK.INPUT, "X")) if self.name == "ROUND" else ()

    unit, circle = Record([]), Circle()
    async with open_graph() as graph, open_runner(SYS=Record([]), graph=graph, name="first"):
        before = graph.snapshot().sessions
        with pytest.raises(AddressTaken) as caught:
            async with open_runner(SYS=unit, OTHER=circle, graph=graph):
                raise AssertionError("it started")
        assert caught.value.holders == (("SYS", "first"),)
        with pytest.raises((CycleError, InvalidComponent)):
            async with open_runner(ROUND=circle, NEW=unit, graph=graph):
                raise AssertionError("it started")
        with pytest.raises(InvalidTopic):
            async with open_runner({"NEW": circle, "": unit}, graph=graph):
                raise AssertionError("it started")
        assert graph.snapshot().sessions == before
        async with open_runner(NEW=unit, OTHER=circle, graph=graph):
            assert circle.SINK.INPUT.address == "OTHER/SINK/INPUT"
            with pytest.raises(InvalidComponent, match="runs once"):
                async with open_runner(AGAIN=unit, graph=graph):
                    raise AssertionError("it started")
            assert unit.address == "NEW"


async def test_one_whose_unit_failed_to_initialize_is_used_up():
    class Unready(Unit):
        async def initialize(self):
            raise OSError("no such device")

    record, unready = Record([]), Unready()
    with pytest.raises(OSError, match="no such device"):
        async with open_runner(A=record, B=unready):
            raise AssertionError("it started")
    assert record.record == ["A is down"]
    with pytest.raises(InvalidComponent, match="runs once"):
        async with open_runner(A=record):
            raise AssertionError("it started")


async def test_a_runner_that_an_operator_releases_takes_its_units_down_and_says_by_whom():
    record = Record([])
    async with open_graph() as graph, open_session(graph, name="operator") as operator:
        with pytest.raises(SessionReleased) as caught:
            async with open_runner(SYS=record, graph=graph, name="pipeline"):
                await operator.release("pipeline")
                await trio.sleep_forever()
        assert caught.value.by == "operator"
    assert record.record == ["SYS is down"]


async def test_an_exception_of_the_body_leaves_as_itself():
    record = Record([])
    mine = KeyError("mine")
    with pytest.raises(KeyError) as caught:
        async with open_runner(SYS=record):
            raise mine
    assert caught.value is mine
    assert record.record == ["SYS is down"]


async def test_inside_trio_a_main_function_is_refused_and_nothing_starts():
    class Window(Unit):
        @main
        def show(self):
            raise AssertionError("it ran")

    with pytest.raises(InvalidComponent, match=r"Window\.show: needs the main thread, which Trio has here"):
        async with open_runner(SYS=Window()):
            raise AssertionError("it started")


async def test_units_of_one_run_have_one_main_function_at_most():
    from actors._runtime._placement import place

    class Window(Unit):
        @main
        def show(self): ...

    class Two(Collection):
        A = Window()
        B = Window()

    with pytest.raises(InvalidComponent, match="a process has one"):
        place([Two()], main_thread=True)


async def test_streams_and_relays_have_the_queues_that_they_declare():
    class Narrow(Unit):
        NEWEST = InputStream(int, leaky=True, max_queue=3)
        ALL = InputStream(int, max_queue=5)

        @subscriber(NEWEST)
        async def take_newest(self, number): ...

        @subscriber(ALL)
        async def take_all(self, number): ...

    class Walled(Collection):
        IN = InputRelay(int, leaky=True, max_queue=7)
        OUT = OutputRelay(int, max_queue=9)
        NARROW = Narrow()

    async with open_graph() as graph, open_runner(SYS=Walled(), graph=graph):
        (session,) = graph.snapshot().sessions.values()
        queues = {
            endpoint.topic: (endpoint.leaky, endpoint.max_queue)
            for endpoint in session.endpoints
            if endpoint.direction == "subscriber"
        }
        assert queues == {
            "SYS/NARROW/NEWEST": (True, 3),
            "SYS/NARROW/ALL": (False, 5),
            "SYS/IN": (True, 7),
            "SYS/OUT/inside": (False, 9),
        }


async def test_no_task_is_left_behind():
    before = trio.lowlevel.current_statistics().tasks_living

    class Works(Unit):
        @task
        async def work(self):
            await trio.sleep_forever()

    for _ in range(3):
        async with open_runner(SYS=Works(), PAIR=Pair()):
            await trio.lowlevel.checkpoint()
    assert trio.lowlevel.current_statistics().tasks_living == before


async def test_a_runner_joins_a_graph_elsewhere_and_its_messages_cross():
    pair = Pair()
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(serve_websocket, graph)
        async with open_session(graph, name="client") as client, client.subscriber("SYS/TICKS/OUTPUT") as heard:
            async with open_runner(SYS=pair, graph=door.url, token=door.token, name="far") as runner:
                assert runner.address == door.url
                assert [await heard.receive() for _ in range(3)] == [0, 1, 2]
                with pytest.raises(AddressTaken) as caught:
                    async with open_runner(SYS=Pair(), graph=door.url, token=door.token, name="second"):
                        raise AssertionError("it started")
                assert {holder for _, holder in caught.value.holders} == {"far"}
        assert pair.SINK.record[-1] == "SINK is down"
        assert graph.snapshot().sessions == {}
        nursery.cancel_scope.cancel()
