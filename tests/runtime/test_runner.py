"""Pipelines as stories: they start whole, run, change while they run, fail with their cause, and leave nothing."""

import threading
import weakref

import attrs
import pytest
import trio
import trio.testing

from actors import (
    AddressTaken,
    Collection,
    Complete,
    CycleError,
    InputRelay,
    InputStream,
    InputTopic,
    InvalidComponent,
    InvalidSettings,
    NormalTermination,
    OutputStream,
    OutputTopic,
    SettingsRefused,
    ThreadAbandoned,
    Topic,
    Unit,
    open_graph,
    open_runner,
    open_session,
    publisher,
    run,
    subscriber,
    task,
    thread,
)


@attrs.frozen
class CountSettings:
    until: int = 5


class Count(Unit):
    SETTINGS = CountSettings
    OUTPUT = OutputStream(int)

    @publisher(OUTPUT)
    async def count(self):
        for number in range(self.settings.until):
            yield self.OUTPUT, number


@attrs.frozen
class GainSettings:
    gain: float = attrs.field(default=1.0, validator=attrs.validators.gt(0))


class Gain(Unit):
    SETTINGS = GainSettings
    INPUT_SETTINGS = InputStream(GainSettings)
    INPUT = InputStream(int)
    OUTPUT = OutputStream(float)

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def scale(self, value):
        yield self.OUTPUT, value * self.settings.gain


class State:
    def __init__(self):
        self.seen = []


class Collect(Unit):
    STATE = State
    SETTINGS = CountSettings
    INPUT = InputStream(float)

    @subscriber(INPUT)
    async def take(self, value):
        self.state.seen.append(value)
        if len(self.state.seen) == self.settings.until:
            raise NormalTermination


class Inner(Collection):
    INPUT = InputTopic(int)
    OUTPUT = OutputTopic(float)
    GAIN = Gain(GainSettings(gain=2.0))

    def network(self):
        return ((self.INPUT, self.GAIN.INPUT), (self.GAIN.OUTPUT, self.OUTPUT))


class System(Collection):
    COUNT = Count(CountSettings())
    INNER = Inner()
    COLLECT = Collect(CountSettings())

    def network(self):
        return ((self.COUNT.OUTPUT, self.INNER.INPUT), (self.INNER.OUTPUT, self.COLLECT.INPUT))


async def test_a_pipeline_runs_through_nested_collections_and_loses_nothing():
    system = System()
    async with open_runner(SYS=system) as runner:
        await runner.wait()
    assert system.COLLECT.state.seen == [0.0, 2.0, 4.0, 6.0, 8.0]


async def test_its_session_owns_the_network_and_describes_it():
    async with open_graph() as graph:
        async with open_runner(SYS=System(), graph=graph, name="pipeline"):
            snapshot = graph.snapshot()
            (session,) = snapshot.sessions.values()
            assert session.name == "pipeline"
            assert set(session.metadata.components) == {
                "SYS",
                "SYS/COUNT",
                "SYS/INNER",
                "SYS/INNER/GAIN",
                "SYS/COLLECT",
            }
            assert len(session.edges) == 4
            assert {endpoint.topic for endpoint in session.endpoints} == {
                "SYS/COUNT/OUTPUT",
                "SYS/INNER/GAIN/INPUT",
                "SYS/INNER/GAIN/INPUT_SETTINGS",
                "SYS/INNER/GAIN/OUTPUT",
                "SYS/COLLECT/INPUT",
            }
        assert graph.snapshot().sessions == {}
        assert graph.snapshot().graph == {}


async def test_a_cyclic_network_names_the_path_and_starts_nothing():
    class Circle(Collection):
        X = Topic(int)
        Y = Topic(int)
        COUNT = Count(CountSettings())

        def network(self):
            return ((self.COUNT.OUTPUT, self.X), (self.X, self.Y), (self.Y, self.X))

    async with open_graph() as graph:
        with pytest.raises(CycleError) as caught:
            async with open_runner(SYS=Circle(), graph=graph):
                raise AssertionError("it started")
        assert set(caught.value.path) == {"SYS/X", "SYS/Y"}
        assert graph.snapshot().sessions == {}


def test_a_unit_with_two_settings_is_refused():
    with pytest.raises(InvalidComponent, match="Gain"):
        Gain(GainSettings(), GainSettings())


async def test_an_error_in_a_unit_leaves_as_itself_and_says_where():
    class Faulty(Unit):
        INPUT = InputStream(int)

        @subscriber(INPUT)
        async def fail(self, value):
            raise ValueError(f"cannot take {value}")

    class Broken(Collection):
        COUNT = Count(CountSettings())
        FAULTY = Faulty()

        def network(self):
            return ((self.COUNT.OUTPUT, self.FAULTY.INPUT),)

    async with open_graph() as graph:
        with pytest.raises(ValueError, match="cannot take 0") as caught:
            async with open_runner(SYS=Broken(), graph=graph) as runner:
                await runner.wait()
        assert "in unit SYS/FAULTY, task fail, message of type int" in caught.value.__notes__
        assert graph.snapshot().sessions == {}


async def test_an_error_in_initialize_starts_nothing_and_leaves_as_itself():
    class Unready(Unit):
        async def initialize(self):
            raise OSError("no such device")

    async with open_graph() as graph:
        with pytest.raises(OSError, match="no such device") as caught:
            async with open_runner(SYS=Unready(), graph=graph):
                raise AssertionError("it started")
        assert "in unit SYS, initialize" in caught.value.__notes__
        assert graph.snapshot().sessions == {}


async def test_units_shut_down_in_reverse_order_however_the_block_ends(autojump_clock):
    record = []

    class Noted(Unit):
        async def initialize(self):
            record.append(f"+{self.name}")

        async def shutdown(self):
            await trio.sleep(1)
            record.append(f"-{self.name}")

        @task
        async def wait(self):
            await trio.sleep_forever()

    with trio.CancelScope() as scope:
        async with open_runner(A=Noted(), B=Noted()):
            scope.cancel()
            await trio.sleep_forever()
    assert record == ["+A", "+B", "-B", "-A"]


async def test_complete_ends_its_task_only_and_the_last_task_ends_the_run():
    class Brief(Unit):
        STATE = State

        @task
        async def quick(self):
            raise Complete

        @task
        async def slow(self):
            await trio.lowlevel.checkpoint()
            self.state.seen.append("slow")

    brief = Brief()
    async with open_runner(SYS=brief) as runner:
        await runner.wait()
    assert brief.state.seen == ["slow"]


async def test_settings_change_between_two_messages_never_inside_one():
    class Slow(Gain):
        STATE = State

        @subscriber(Gain.INPUT)
        async def watch(self, value):
            before = self.settings.gain
            await trio.sleep(0.1)
            self.state.seen.append((before, self.settings.gain))

    async with open_graph() as graph:
        unit = Slow(GainSettings())
        async with open_runner(SYS=unit, graph=graph), open_session(graph, name="operator") as operator:
            async with operator.publisher("SYS/INPUT") as messages:
                await messages.send(1)
                await trio.testing.wait_all_tasks_blocked(0.01)
                assert await operator.update_setting("SYS", "gain", 3) == {"gain": 3.0}
                assert unit.state.seen == [(1.0, 1.0)]
                await messages.send(1)
                await trio.sleep(0.2)
    assert unit.state.seen == [(1.0, 1.0), (3.0, 3.0)]


async def test_settings_come_through_the_stream_as_well_and_are_reported():
    async with open_graph() as graph:
        unit = Gain(GainSettings())
        async with open_runner(SYS=unit, graph=graph), open_session(graph, name="operator") as operator:
            async with operator.watch_settings() as settings:
                assert (await settings.receive())[1].readable == {"gain": 1.0}
                async with operator.publisher("SYS/INPUT_SETTINGS", GainSettings) as stream:
                    await stream.send(GainSettings(gain=4.0))
                assert (await settings.receive())[1].readable == {"gain": 4.0}
    assert unit.settings.gain == 4.0


async def test_settings_that_do_not_fit_are_refused_and_the_old_ones_stand():
    async with open_graph() as graph:
        unit = Gain(GainSettings())
        async with open_runner(SYS=unit, COUNT=Count(CountSettings()), graph=graph):
            async with open_session(graph, name="operator") as operator:
                with pytest.raises(InvalidSettings):
                    await operator.update_setting("SYS", "gain", -1)
                with pytest.raises(SettingsRefused, match="INPUT_SETTINGS"):
                    await operator.update_setting("COUNT", "until", 7)
                assert unit.settings.gain == 1.0


async def test_a_collection_takes_no_settings_while_it_runs():
    async with open_graph() as graph, open_runner(SYS=System(), graph=graph):
        async with open_session(graph, name="operator") as operator:
            with pytest.raises(SettingsRefused, match="SYS/INNER refused: it is a collection"):
                await operator.update_setting("SYS/INNER", "gain", 1)


async def test_two_runners_with_colliding_names_are_refused_naming_the_holder():
    async with open_graph() as graph, open_runner(SYS=Gain(GainSettings()), graph=graph, name="first"):
        with pytest.raises(AddressTaken) as caught:
            async with open_runner(SYS=Gain(GainSettings()), graph=graph, name="second"):
                raise AssertionError("it started")
        assert caught.value.holders == (("SYS", "first"),)


async def test_an_instance_runs_once():
    unit = Count(CountSettings())
    async with open_runner(SYS=unit) as runner:
        await runner.wait()
    with pytest.raises(InvalidComponent, match="runs once"):
        async with open_runner(SYS=unit):
            raise AssertionError("it started")


async def test_a_pipeline_joins_others_by_their_topics():
    collect = Collect(CountSettings(until=5))
    async with open_graph() as graph:
        async with open_runner(B=collect, graph=graph, name="late", connections=[("A/OUTPUT", "B/INPUT")]) as late:
            async with open_runner(A=Count(CountSettings()), graph=graph, name="early"):
                await late.wait()
    assert collect.state.seen == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("generates", [True, False])
async def test_a_unit_holds_a_message_no_longer_than_it_handles_it(generates):
    class Plain(Unit):
        INPUT = InputStream(set)

        @subscriber(INPUT)
        async def take(self, message):
            taken.append(len(message))

    class Generating(Unit):
        INPUT = InputStream(set)
        OUTPUT = OutputStream(int)

        @subscriber(INPUT)
        @publisher(OUTPUT)
        async def take(self, message):
            taken.append(len(message))
            yield self.OUTPUT, len(message)

    taken = []
    async with open_graph() as graph, open_runner(SYS=(Generating if generates else Plain)(), graph=graph):
        async with open_session(graph, name="one") as one, one.publisher("SYS/INPUT") as source:
            message = {1, 2}
            held = weakref.ref(message)
            await source.send(message)
            del message
            await trio.testing.wait_all_tasks_blocked()
            assert taken == [2]
            assert held() is None


@pytest.mark.parametrize("copied", [True, False])
async def test_a_relay_takes_on_one_side_and_sends_on_the_other(copied):
    class Inside(Unit):
        STATE = State
        INPUT = InputStream(list)

        @subscriber(INPUT)
        async def take(self, value):
            self.state.seen.append(value)
            raise NormalTermination

    class Walled(Collection):
        IN = InputRelay(list, copy_on_forward=copied)
        INSIDE = Inside()

        def network(self):
            return ((self.IN, self.INSIDE.INPUT),)

    walled = Walled()
    message = [1, 2]
    async with open_graph() as graph, open_runner(SYS=walled, graph=graph) as runner:
        async with open_session(graph, name="one") as one, one.publisher("SYS/IN") as source:
            await source.send(message)
            await runner.wait()
    (seen,) = walled.INSIDE.state.seen
    assert seen == message
    assert (seen is message) is not copied


async def test_a_message_that_a_relay_cannot_copy_ends_the_run_and_says_where():
    class Walled(Collection):
        IN = InputRelay(object)

    async with open_graph() as graph, open_session(graph, name="one") as one, one.publisher("SYS/IN") as source:
        with pytest.raises(TypeError, match="lock") as caught:
            async with open_runner(SYS=Walled(), graph=graph) as runner:
                await source.send(threading.Lock())
                await trio.sleep_forever()
    assert "in relay SYS/IN, message of type lock" in caught.value.__notes__
    assert [(failure.address, failure.error) for failure in runner.failures] == [("SYS/IN", caught.value)]


async def test_settings_from_the_stream_that_a_unit_cannot_take_end_the_run_and_say_where():
    async with open_graph() as graph, open_session(graph, name="one") as one:
        async with one.publisher("SYS/INPUT_SETTINGS") as stream:
            with pytest.raises(InvalidComponent, match="takes GainSettings, not str") as caught:
                async with open_runner(SYS=Gain(GainSettings()), graph=graph) as runner:
                    await stream.send("loud")
                    await trio.sleep_forever()
    assert "in unit SYS, settings, message of type str" in caught.value.__notes__
    assert [(failure.address, failure.error) for failure in runner.failures] == [("SYS", caught.value)]


async def test_a_thread_is_told_to_stop_and_waited_for():
    record = []
    started, token = trio.Event(), trio.lowlevel.current_trio_token()

    class Threaded(Unit):
        @thread
        def spin(self, stopping):
            token.run_sync_soon(started.set)
            record.append("stopped" if stopping.wait(10) else "timed out")

    async with open_runner(SYS=Threaded()):
        await started.wait()
    assert record == ["stopped"]


async def test_a_threads_error_ends_the_run_as_itself():
    class Threaded(Unit):
        @thread
        def spin(self):
            raise OSError("no device")

    with pytest.raises(OSError, match="no device") as caught:
        async with open_runner(SYS=Threaded()) as runner:
            await runner.wait()
    assert "in unit SYS, task spin" in caught.value.__notes__


async def test_a_thread_that_does_not_listen_is_abandoned_and_named(monkeypatch):
    monkeypatch.setattr("actors._runtime._thread_task.GRACE", 0.05)
    started, release = trio.Event(), threading.Event()
    token = trio.lowlevel.current_trio_token()

    class Deaf(Unit):
        @thread
        def spin(self, stopping):
            token.run_sync_soon(started.set)
            release.wait(10)

    with pytest.raises(ThreadAbandoned, match="thread spin of unit SYS"):
        async with open_runner(SYS=Deaf()):
            await started.wait()
    release.set()


def test_a_component_without_a_name_is_refused_and_it_is_said_how_it_gets_one():
    for start in (run, open_runner):
        with pytest.raises(TypeError, match=r"a component is given by a name, as in SYS=\w+\(\)"):
            start(Gain(GainSettings()))
