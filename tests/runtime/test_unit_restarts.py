"""Units that fail and come back: what their restart policy promises, what is kept, and what is told."""

from typing import get_args, get_type_hints

import attrs
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors import (
    Backoff,
    Collection,
    Complete,
    InputStream,
    InvalidComponent,
    OutputStream,
    Supervision,
    TooManyRestarts,
    Unit,
    open_graph,
    open_runner,
    open_session,
    publisher,
    subscriber,
    task,
)


class Heard:
    def __init__(self):
        self.lives = []
        self.seen = []


class Fragile(Unit):
    """Fails on odd numbers. What all its lives saw is kept outside of its state."""

    RESTART = "transient"
    STATE = dict
    INPUT = InputStream(int)

    def __init__(self, heard=None, **fields):
        super().__init__(**fields)
        self.heard = heard

    async def initialize(self):
        self.heard.lives.append(dict(self.state))
        self.state["begun"] = True

    async def shutdown(self):
        self.heard.lives.append("shut down")

    @subscriber(INPUT)
    async def take(self, number):
        self.heard.seen.append(number)
        if number % 2:
            raise ValueError(f"{number} is odd")


async def test_a_restart_loses_the_message_in_hand_only_and_begins_with_a_fresh_state(autojump_clock):
    heard = Heard()
    async with open_graph() as graph, open_session(graph, name="one") as one:
        async with open_runner(SYS=Fragile(heard), graph=graph) as runner, one.publisher("SYS/INPUT") as numbers:
            for number in (0, 1, 2, 4):
                await numbers.send(number)
            await trio.sleep(1)
            await numbers.send(6)
            await wait_all_tasks_blocked()
            assert heard.seen == [0, 1, 2, 4, 6]
            assert heard.lives == [{}, "shut down", {}]
            (failure,) = runner.failures
            assert failure.address == "SYS"
            assert str(failure) == "SYS: ValueError: 1 is odd"
            assert failure.error.__notes__ == ["in unit SYS, task take, message of type int"]
            assert "1 restart" in str(runner.tree())


async def test_publishers_wait_for_a_unit_that_is_coming_back(autojump_clock):
    class Narrow(Fragile):
        INPUT = InputStream(int, max_queue=1)

        @subscriber(INPUT)
        async def take(self, number):
            await super().take(number)

    heard = Heard()
    supervision = Supervision(backoff=Backoff(first=5, jitter=0))
    async with open_graph() as graph, open_session(graph, name="one") as one:
        async with open_runner(SYS=Narrow(heard), graph=graph, supervision=supervision):
            async with one.publisher("SYS/INPUT") as numbers:
                began = trio.current_time()
                for number in (1, 2, 4):
                    await numbers.send(number)
                assert trio.current_time() - began == pytest.approx(5)
                await trio.sleep(1)
    assert heard.seen == [1, 2, 4]


async def test_too_many_restarts_end_the_run_with_the_units_own_error(autojump_clock):
    heard = Heard()
    async with open_graph() as graph, open_session(graph, name="one") as one, one.publisher("SYS/INPUT") as numbers:
        with pytest.raises(ValueError, match="7 is odd"):
            async with open_runner(SYS=Fragile(heard), graph=graph, supervision=Supervision(max_restarts=2)):
                for number in (3, 5, 7, 9):
                    await numbers.send(number)
                await trio.sleep_forever()
    assert heard.seen == [3, 5, 7]


@pytest.mark.parametrize(("pause", "borne"), [(3, True), (1, False)])
async def test_restarts_are_counted_within_the_window_of_the_runs_supervision(pause, borne, autojump_clock):
    heard, failed = Heard(), []
    supervision = Supervision(max_restarts=1, within=2)
    async with open_graph() as graph, open_session(graph, name="one") as one, one.publisher("SYS/INPUT") as numbers:
        try:
            async with open_runner(SYS=Fragile(heard), graph=graph, supervision=supervision):
                for number in (3, 5, 7):
                    await numbers.send(number)
                    await trio.sleep(pause)
        except ValueError as error:
            failed.append(str(error))
    assert (heard.seen, failed) == (([3, 5, 7], []) if borne else ([3, 5], ["5 is odd"]))


async def test_a_temporary_unit_is_done_without(autojump_clock):
    class Optional(Fragile):
        RESTART = "temporary"

    heard = Heard()
    async with open_graph() as graph, open_session(graph, name="one") as one, one.publisher("SYS/INPUT") as numbers:
        async with open_runner(SYS=Optional(heard), graph=graph) as runner:
            for number in range(100):  # more than its queue holds: nobody waits for it
                await numbers.send(number)
            await runner.wait()
            assert [str(failure) for failure in runner.failures] == ["SYS: ValueError: 1 is odd"]
    assert heard.seen == [0, 1]


async def test_a_permanent_unit_begins_anew_when_its_tasks_have_ended(autojump_clock):
    class Again(Unit):
        RESTART = "permanent"
        lives = 0

        @task
        async def work(self):
            self.lives += 1
            if self.lives == 3:
                await trio.sleep_forever()

    unit = Again()
    async with open_runner(SYS=unit) as runner:
        with trio.move_on_after(5):
            await runner.wait()
    assert unit.lives == 3

    class Hectic(Unit):
        RESTART = "permanent"

        @task
        async def work(self):
            pass

    with pytest.raises(TooManyRestarts):
        async with open_runner(SYS=Hectic()) as runner:
            await runner.wait()


async def test_a_task_that_was_complete_is_not_begun_again(autojump_clock):
    record = []

    class Two(Unit):
        RESTART = "transient"
        OUTPUT = OutputStream(int)

        @publisher(OUTPUT)
        async def count(self):
            record.append("count")
            yield self.OUTPUT, 1
            raise Complete

        @task
        async def fail_once(self):
            await trio.sleep(1)
            record.append("fail")
            if record.count("fail") == 1:
                raise OSError("once")

    async with open_runner(SYS=Two()) as runner:
        await runner.wait()
    assert record == ["count", "fail", "fail"]


async def test_those_started_after_a_unit_can_be_restarted_with_it(autojump_clock):
    record = []

    class Member(Unit):
        RESTART = "transient"

        async def initialize(self):
            record.append(self.name)

        @task
        async def work(self):
            await trio.sleep(1)
            if self.name == "B" and record.count("B") == 1:
                raise OSError("once")
            await trio.sleep(5)

    class Three(Collection):
        A = Member()
        B = Member()
        C = Member()

    async with open_runner(SYS=Three(), supervision=Supervision("rest_for_one")) as runner:
        await runner.wait()
    assert record == ["A", "B", "C", "B", "C"]


async def test_settings_that_were_taken_outlive_a_restart(autojump_clock):
    @attrs.frozen
    class Gain:
        gain: float = 1.0

    class Live(Fragile):
        SETTINGS = Gain
        INPUT_SETTINGS = InputStream(Gain)

    unit = Live(Heard())
    async with open_graph() as graph, open_session(graph, name="one") as one:
        async with open_runner(SYS=unit, graph=graph) as runner, one.publisher("SYS/INPUT") as numbers:
            await one.update_setting("SYS", "gain", 3)
            await numbers.send(1)
            await trio.sleep(1)
            assert len(runner.failures) == 1
            assert (await one.settings())["SYS"].readable == {"gain": 3.0}
            assert await one.update_setting("SYS", "gain", 4) == {"gain": 4.0}


async def test_several_causes_leave_in_one_group_whole(autojump_clock):
    class Falls(Unit):
        @task
        async def fall(self):
            await trio.sleep(1)
            raise ValueError(self.name)

    class Shuts(Unit):
        async def shutdown(self):
            raise OSError("device is gone")

        @task
        async def wait(self):
            await trio.sleep_forever()

    with pytest.raises(ExceptionGroup) as caught:
        async with open_runner(A=Falls(), B=Falls(), C=Shuts()) as runner:
            await runner.wait()
    notes = {error.__notes__[0] for error in caught.value.exceptions}
    assert notes == {"in unit A, task fall", "in unit B, task fall", "in unit C, shutdown"}
    assert {type(error) for error in caught.value.exceptions} == {ValueError, OSError}


async def test_an_error_of_a_frozen_class_carries_its_note_as_well():
    @attrs.frozen
    class Frozen(Exception):
        reason: str

    class Falls(Unit):
        @task
        async def fall(self):
            raise Frozen("cold")

    with pytest.raises(Frozen) as caught:
        async with open_runner(SYS=Falls()) as runner:
            await runner.wait()
    assert caught.value.__notes__[0] == "in unit SYS, task fall"


@pytest.mark.parametrize("words", ["always", None])
def test_a_restart_policy_that_is_none_is_refused_with_the_class(words):
    with pytest.raises(InvalidComponent, match=r"Wrong\.RESTART: is .*; there are never, temporary"):
        type("Wrong", (Unit,), {"RESTART": words})


def test_units_and_actors_know_the_same_policies():
    from actors._floor import Restart
    from graphmeta import Component

    for policy in get_args(Restart):
        type("Right", (Unit,), {"RESTART": policy})
    assert set(get_args(Restart)) == set(get_args(get_type_hints(Component)["RESTART"]))


async def test_the_cause_that_a_unit_gave_its_error_arrives_with_it():
    cause = KeyError("the root of it")

    class Falls(Unit):
        @task
        async def fall(self):
            raise ValueError("wrong") from cause

    with pytest.raises(ValueError, match="wrong") as caught:
        async with open_runner(SYS=Falls()) as runner:
            await runner.wait()
    assert caught.value.__cause__ is cause
