"""Units that end, wait or fail at awkward moments; each story once hung, or took others with it."""

from contextlib import suppress

import attrs
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors import (
    Collection,
    Complete,
    InputStream,
    InvalidComponent,
    NormalTermination,
    OutputStream,
    SettingsRefused,
    Unit,
    open_graph,
    open_runner,
    open_session,
    publisher,
    serve_websocket,
    subscriber,
    task,
)


@attrs.frozen
class Settings:
    gain: float = 1.0


class Live(Unit):
    SETTINGS = Settings
    INPUT_SETTINGS = InputStream(Settings)


async def test_a_setting_asked_of_a_unit_that_ends_is_refused_and_hurts_nobody_else():
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(serve_websocket, graph)
        asked = trio.Event()

        class Slow(Live):
            @subscriber(Live.INPUT_SETTINGS)
            async def take(self, settings):
                asked.set()
                await trio.sleep_forever()

        async def ask(operator):
            with pytest.raises(SettingsRefused):
                await operator.update_setting("SYS", "gain", 2)

        async with open_session(door.url, name="operator", token=door.token) as operator:
            async with trio.open_nursery() as asking:
                async with open_runner(SYS=Slow(Settings()), graph=graph):
                    asking.start_soon(ask, operator)
                    await asked.wait()
            assert await operator.connect("A", "B")
        nursery.cancel_scope.cancel()


async def test_a_subscriber_that_is_complete_is_no_longer_waited_for():
    class Source(Unit):
        OUTPUT = OutputStream(int)

        @publisher(OUTPUT)
        async def count(self):
            for number in range(200):
                yield self.OUTPUT, number

    class Once(Unit):
        INPUT = InputStream(int)

        @subscriber(INPUT)
        async def take(self, value):
            raise Complete

    class All(Unit):
        INPUT = InputStream(int)

        @subscriber(INPUT)
        async def take(self, value):
            if value == 199:
                raise NormalTermination

    class System(Collection):
        SOURCE = Source()
        ONCE = Once()
        ALL = All()

        def network(self):
            return ((self.SOURCE.OUTPUT, self.ONCE.INPUT), (self.SOURCE.OUTPUT, self.ALL.INPUT))

    with trio.fail_after(10):
        async with open_runner(SYS=System()) as runner:
            await runner.wait()


async def test_shutdown_runs_after_the_units_own_tasks_have_unwound():
    record = []

    class Tidy(Unit):
        @task
        async def work(self):
            try:
                await trio.sleep_forever()
            finally:
                # For several turns, so that no order of the tasks hides it if nobody waits for this.
                with trio.CancelScope(shield=True):
                    for _ in range(5):
                        await trio.lowlevel.checkpoint()
                record.append("task")

        async def shutdown(self):
            record.append("shutdown")

    async with open_runner(SYS=Tidy()):
        await wait_all_tasks_blocked()
    assert record == ["task", "shutdown"]


@pytest.mark.parametrize("ending", ["returned", "cancelled", "failed"])
async def test_a_shutdown_that_never_ends_is_given_up_and_the_others_shut_down(ending, autojump_clock):
    record = []

    class Tidy(Unit):
        async def shutdown(self):
            record.append(self.name)

    class Stuck(Tidy):
        async def shutdown(self):
            await super().shutdown()
            await trio.sleep_forever()

    began = trio.current_time()
    with trio.CancelScope() as scope, suppress(KeyError):
        async with open_runner(A=Tidy(), STUCK=Stuck(), B=Tidy()):
            if ending == "cancelled":
                scope.cancel()
                await trio.sleep_forever()
            if ending == "failed":
                raise KeyError
    assert record == ["B", "STUCK", "A"]
    assert trio.current_time() - began == pytest.approx(5)


async def test_a_unit_may_lead_its_output_to_its_own_settings(autojump_clock):
    class Loop(Live):
        INPUT = InputStream(int)
        OUTPUT = OutputStream(Settings)

        @subscriber(INPUT)
        @publisher(OUTPUT)
        async def take(self, value):
            for number in range(100):
                yield self.OUTPUT, Settings(gain=float(number))

    unit = Loop(Settings())
    async with open_graph() as graph:
        links = [("SYS/OUTPUT", "SYS/INPUT_SETTINGS")]
        async with open_runner(SYS=unit, graph=graph, connections=links), open_session(graph, name="one") as one:
            async with one.publisher("SYS/INPUT") as messages:
                await messages.send(1)
                await trio.sleep(1)
    assert unit.settings.gain == 99.0


async def test_a_normal_end_is_one_wherever_it_is_raised():
    class InInitialize(Unit):
        async def initialize(self):
            raise NormalTermination

    class InAGroup(Unit):
        @task
        async def work(self):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.end)

        async def end(self):
            raise NormalTermination

    for unit in (InInitialize(), InAGroup()):
        with trio.fail_after(5):
            async with open_runner(SYS=unit) as runner:
                await runner.wait()

    class InSettings(Live):
        @subscriber(Live.INPUT_SETTINGS)
        async def take(self, settings):
            raise NormalTermination

    async with open_graph() as graph:
        with trio.fail_after(5):
            async with open_runner(SYS=InSettings(Settings()), graph=graph) as runner:
                async with open_session(graph, name="operator") as operator:
                    await operator.update_setting("SYS", "gain", 2)
                    await runner.wait()


async def test_a_refused_report_takes_the_setting_back():
    from transport import Limits

    @attrs.frozen
    class Text:
        text: str = ""

    class Wordy(Unit):
        SETTINGS = Text
        INPUT_SETTINGS = InputStream(Text)

    unit = Wordy(Text())
    async with open_graph(limits=Limits(settings_bytes_per_session=100)) as graph:
        async with open_runner(SYS=unit, graph=graph), open_session(graph, name="operator") as operator:
            with pytest.raises(SettingsRefused):
                await operator.update_setting("SYS", "text", "x" * 200)
            assert unit.settings.text == ""


async def test_a_unit_cannot_send_by_anothers_stream():
    class Other(Unit):
        OUTPUT = OutputStream(int)

    class Thief(Unit):
        OUTPUT = OutputStream(int)

        @publisher(OUTPUT)
        async def send(self):
            yield Other.OUTPUT, 1

    with pytest.raises(InvalidComponent, match="no output of this unit"):
        async with open_runner(SYS=Thief()) as runner:
            await runner.wait()
