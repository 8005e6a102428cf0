"""One life of an actor: start, readiness, the end, and the order of death."""

import signal
from contextlib import AsyncExitStack
from functools import partial
from itertools import pairwise

import attrs
import pytest
import trio
import trio.testing

from actors import Actor, ActorStopped, NurseryClosed, open_actor_nursery
from actors._floor._supervisor import ENDS_PER_STEP


class Noted(Actor):
    """Writes down what happens to it."""

    def __init__(self, name: str, record: list, error: BaseException | None = None) -> None:
        self.name = name
        self.record = record
        self.error = error

    async def started(self) -> None:
        self.record.append(f"{self.name} started")
        if self.error is not None:
            raise self.error

    async def stopping(self) -> None:
        self.record.append(f"{self.name} stopping")

    async def note(self, text: str) -> None:
        self.record.append(f"{self.name} {text}")

    async def crash(self, error: BaseException) -> None:
        raise error

    async def hang(self) -> None:
        try:
            await trio.sleep_forever()
        finally:
            self.record.append(f"{self.name} cancelled")

    async def leave(self) -> str:
        self.stop()
        return "bye"


async def test_start_returns_when_the_actor_is_ready_and_not_before(autojump_clock):
    class SlowToStart(Actor):
        async def started(self) -> None:
            await trio.sleep(5)

    async with open_actor_nursery() as nursery:
        before = trio.current_time()
        ref = await nursery.start(SlowToStart)
        assert trio.current_time() == before + 5
        assert ref.status().state == "running"


@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary", "never"])
async def test_a_start_up_error_reaches_the_starter_as_itself_and_leaves_nothing(restart):
    error = ValueError("cannot start")
    record = []
    async with open_actor_nursery() as nursery:
        with pytest.raises(ValueError, match="cannot start") as caught:
            await nursery.start(Noted, "a", record, error, name="a", restart=restart)
        assert caught.value is error
        assert nursery.tree().actors == ()
        await nursery.start(Noted, "a", record, name="a")
    assert record == ["a started", "a started", "a stopping"]


async def test_an_error_in_the_constructor_reaches_the_starter_too():
    async with open_actor_nursery() as nursery:
        with pytest.raises(TypeError, match="record"):
            await nursery.start(Noted, "a")


async def test_a_cancelled_start_leaves_nothing_behind(autojump_clock):
    record = []

    class NeverReady(Noted):
        async def started(self) -> None:
            await super().started()
            await trio.sleep_forever()

    async with open_actor_nursery() as nursery:
        with trio.move_on_after(3) as scope:
            await nursery.start(NeverReady, "a", record, name="a")
        assert scope.cancelled_caught
        assert nursery.tree().actors == ()
    assert record == ["a started"]


async def test_constructor_keywords_go_through_partial():
    record = []
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(partial(Noted, record=record), "a")
        assert ref.name == "Noted"
    assert record == ["a started", "a stopping"]


async def test_actors_start_in_order_and_stop_in_reverse_order():
    record = []
    async with open_actor_nursery() as nursery:
        for name in "abc":
            await nursery.start(Noted, name, record, name=name)
    assert record == [
        "a started",
        "b started",
        "c started",
        "c stopping",
        "b stopping",
        "a stopping",
    ]


async def test_they_stop_in_reverse_order_also_when_the_nursery_is_cancelled_from_outside(autojump_clock):
    record = []

    class SlowToStop(Noted):
        async def stopping(self) -> None:
            await trio.sleep(1)
            await super().stopping()

    with trio.move_on_after(1) as scope:
        async with open_actor_nursery() as nursery:
            for name in "abc":
                await nursery.start(SlowToStop, name, record, name=name)
            record.clear()
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert record == ["c stopping", "b stopping", "a stopping"]
    assert trio.current_time() == 4


async def end_by_return(nursery, ref):
    assert await ref.call(Noted.leave) == "bye"


async def end_by_stop(nursery, ref):
    ref.stop_nowait()


async def end_by_error(nursery, ref):
    ref.cast_nowait(Noted.crash, ValueError("x"))


async def end_by_nursery(nursery, ref):
    nursery.cancel_scope.cancel()


IDLE = [(end, False) for end in (end_by_return, end_by_stop, end_by_error, end_by_nursery)]
BUSY = [(end, True) for end in (end_by_stop, end_by_nursery)]


@pytest.mark.parametrize(("end", "busy"), IDLE + BUSY)
async def test_stopping_runs_once_on_every_end(end, busy):
    record = []
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Noted, "a", record, restart="temporary")
        if busy:
            ref.cast_nowait(Noted.hang)
            await trio.testing.wait_all_tasks_blocked()
        await end(nursery, ref)
        with trio.CancelScope(shield=True):
            if end is not end_by_nursery:
                await ref.wait_down()
    assert record == ["a started", *(["a cancelled"] if busy else []), "a stopping"]


async def test_stopping_is_shielded_until_its_grace_is_over(autojump_clock):
    record = []

    class Careful(Noted):
        async def stopping(self) -> None:
            try:
                await trio.sleep(1)
                self.record.append("flushed")
                await trio.sleep_forever()
            finally:
                self.record.append(f"cut short at {trio.current_time():g}")

    with trio.CancelScope() as outside:
        async with open_actor_nursery() as nursery:
            ref = await nursery.start(Careful, "a", record, grace=2.0)
            outside.cancel()
    assert record == ["a started", "flushed", "cut short at 2"]
    assert (await ref.wait_down()).reason == "killed"


async def test_stopping_without_awaits_is_one_step_with_the_end_of_the_loop():
    record = []

    class Bystander(trio.abc.Instrument):
        def before_task_step(self, task):
            record.append(task.name)

    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Noted, "a", record, name="a")
        ref.stop_nowait()
        record.clear()
        trio.lowlevel.add_instrument(Bystander())
        await ref.wait_down()
    first = record.index("a stopping")
    assert record[first - 1] == "actors/a"
    assert record.count("actors/a") <= 2, "one step for the loop's end and stopping, one for the nursery's exit"


async def test_what_started_has_entered_can_be_left_in_stopping():
    record = []

    class Owner(Actor):
        async def started(self) -> None:
            self.stack = AsyncExitStack()
            tasks = await self.stack.enter_async_context(trio.open_nursery())
            tasks.start_soon(trio.sleep_forever)
            self.stack.callback(tasks.cancel_scope.cancel)

        async def stopping(self) -> None:
            await self.stack.aclose()
            record.append("left")

    async with open_actor_nursery() as nursery:
        await nursery.start(Owner)
    assert record == ["left"]


async def test_the_order_of_death_is_tasks_then_stopping_then_children():
    record = []

    class Parent(Noted):
        async def started(self) -> None:
            await super().started()
            self.nursery.start_soon(self.background)
            for name in ("first", "second"):
                await self.nursery.start(Noted, name, self.record, name=name)

        async def background(self) -> None:
            try:
                await trio.sleep_forever()
            finally:
                self.record.append("background cancelled")

        async def stopping(self) -> None:
            # two steps: the background task is cancelled by then, and has ended when this goes on
            await trio.testing.wait_all_tasks_blocked()
            await super().stopping()

    async with open_actor_nursery() as nursery:
        await nursery.start(Parent, "parent", record)
        record.clear()
        await trio.testing.wait_all_tasks_blocked()
    assert record == ["background cancelled", "parent stopping", "second stopping", "first stopping"]


async def test_an_error_in_a_background_task_crashes_the_actor():
    record = []

    class Backed(Noted):
        async def started(self) -> None:
            self.nursery.start_soon(self.crash, ValueError("in the background"))

    with pytest.raises(ValueError, match="in the background") as caught:
        async with open_actor_nursery("app") as nursery:
            await nursery.start(Backed, "a", record, name="backed")
            await trio.sleep_forever()
    assert record == ["a stopping"]
    assert caught.value.__notes__ == ["in actor app/backed"]


async def test_a_crashed_child_crashes_its_parent_and_leaves_as_itself():
    error = ValueError("in the child")

    class Parent(Actor):
        async def started(self) -> None:
            child = await self.nursery.start(Noted, "child", [], name="child")
            child.cast_nowait(Noted.crash, error)

    with pytest.raises(ValueError, match="in the child") as caught:
        async with open_actor_nursery("app") as nursery:
            await nursery.start(Parent, name="parent")
            await trio.sleep_forever()
    assert caught.value is error
    assert error.__notes__ == ["in actor app/parent/child", "in actor app/parent"]


async def test_an_error_of_a_frozen_class_escalates_though_it_takes_no_note():
    class Frozen(Exception):
        def __setattr__(self, name, value):
            raise AttributeError(name)

    error = Frozen()
    with pytest.raises(Frozen) as caught:
        async with open_actor_nursery() as nursery:
            ref = await nursery.start(Noted, "a", [])
            await ref.cast(Noted.crash, error)
            await trio.sleep_forever()
    assert caught.value is error


async def test_an_error_that_cannot_be_printed_does_no_harm(caplog):
    class Unprintable(Exception):
        def __repr__(self):
            raise RuntimeError("no repr")

        __str__ = __repr__

    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Noted, "a", [], restart="temporary")
        await ref.cast(Noted.crash, Unprintable())
        assert (await ref.wait_down()).reason == "crashed"
        assert "Unprintable" in ref.status().last_error


async def test_an_error_of_the_body_leaves_as_itself():
    record = []
    error = KeyError("body")
    with pytest.raises(KeyError) as caught:
        async with open_actor_nursery() as nursery:
            await nursery.start(Noted, "a", record)
            raise error
    assert caught.value is error
    assert error.__context__ is None
    assert record == ["a started", "a stopping"]


async def test_a_group_raised_by_the_body_leaves_as_that_group():
    error = ExceptionGroup("mine", [KeyError("a")])
    with pytest.raises(ExceptionGroup) as caught:
        async with open_actor_nursery():
            raise error
    assert caught.value is error


async def test_two_errors_leave_in_one_group():
    class FailsToStop(Noted):
        async def stopping(self) -> None:
            raise KeyError("stopping")

    with pytest.raises(ExceptionGroup) as caught:
        async with open_actor_nursery() as nursery:
            await nursery.start(FailsToStop, "a", [])
            raise ValueError("body")
    assert [type(error) for error in caught.value.exceptions] == [ValueError, KeyError]


async def test_the_bodys_error_is_enough_if_the_actors_error_is_behind_it():
    class Strict(Noted):
        expected = ()

    error = ValueError("x")
    with pytest.raises(Exception, match="crashed while it handled") as caught:
        async with open_actor_nursery() as nursery:
            ref = await nursery.start(Strict, "a", [])
            await ref.call(Noted.crash, error)
    assert caught.value.__cause__ is error


async def test_an_error_of_the_body_is_not_lost_among_cancellations():
    error = KeyError("cleanup")

    async def body():
        try:
            await trio.sleep_forever()
        finally:
            raise error

    with trio.CancelScope() as scope, pytest.raises(KeyError) as caught:
        async with open_actor_nursery() as nursery:
            await nursery.start(Noted, "a", [])
            scope.cancel()
            await body()
    assert caught.value is error


async def test_an_error_in_stopping_after_a_crash_hides_nothing():
    class Clumsy(Noted):
        async def stopping(self) -> None:
            raise KeyError("second")

    with pytest.raises(ExceptionGroup) as caught:
        async with open_actor_nursery() as nursery:
            ref = await nursery.start(Clumsy, "a", [])
            await ref.cast(Noted.crash, ValueError("first"))
            await trio.sleep_forever()
    assert [str(error) for error in caught.value.exceptions] == ["first", "'second'"]


async def test_a_closed_nursery_starts_nothing():
    async with open_actor_nursery("app") as nursery:
        pass
    with pytest.raises(NurseryClosed, match="app"):
        await nursery.start(Noted, "a", [])
    with pytest.raises(NurseryClosed):
        nursery.start_soon(trio.sleep, 0)
    with pytest.raises(NurseryClosed):
        await nursery.wait_for("a")


async def test_an_actor_is_stopped_at_once_and_waited_for_later(autojump_clock):
    record = []
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Noted, "a", record)
        ref.cast_nowait(Noted.note, "never handled")
        ref.stop_nowait()
        assert ref.status().state == "stopping"
        with pytest.raises(ActorStopped):
            ref.cast_nowait(Noted.note, "too late")
        down = await ref.wait_down()
        assert down.reason == "normal"
        assert down.final
        await ref.stop()
    assert record == ["a started", "a stopping"]


class Resting(Actor):
    """Has nothing to clean up."""

    async def work(self) -> str:
        return "done"


async def test_an_actor_at_rest_that_has_nothing_to_clean_up_is_gone_in_the_step_that_stops_it():
    async with open_actor_nursery() as nursery:
        for number in range(3):
            ref = await nursery.start(Resting, name="one", restart="permanent")
            assert await ref.call(Resting.work) == "done"
            monitor = ref.monitor()
            await trio.testing.wait_all_tasks_blocked()
            ref.stop_nowait()
            assert ref.status().state == "stopped", number
            assert [(down.reason, down.final) async for down in monitor] == [("normal", True)]
            with pytest.raises(ActorStopped):
                await ref.call(Resting.work)


@pytest.mark.parametrize("what", ["a message", "stopping", "a task", "a child"])
async def test_an_actor_that_has_something_left_to_do_is_not_gone_before_it_has_done_it(what):
    class Busy(Resting):
        async def started(self) -> None:
            if what == "a task":
                self.nursery.start_soon(trio.sleep_forever)
            if what == "a child":
                await self.nursery.start(Noted, "child", [])

    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Noted if what == "stopping" else Busy, *(("a", []) if what == "stopping" else ()))
        await trio.testing.wait_all_tasks_blocked()
        if what == "a message":
            ref.cast_nowait(Busy.work)
        ref.stop_nowait()
        assert ref.status().state == "stopping"
        assert (await ref.wait_down()).reason == "normal"


async def test_actors_at_rest_do_not_wait_for_each_other_when_their_nursery_ends():
    turns = 0

    class Counting(trio.abc.Instrument):
        def before_task_step(self, task: trio.lowlevel.Task) -> None:
            nonlocal turns
            turns += task is closing

    async with open_actor_nursery() as nursery:
        for _ in range(100):
            await nursery.start(Resting)
        closing = trio.lowlevel.current_task()
        instrument = Counting()
        trio.lowlevel.add_instrument(instrument)
    trio.lowlevel.remove_instrument(instrument)
    assert turns < 10


async def test_a_nursery_whose_actors_all_rest_lets_others_run_while_it_ends():
    stopped = []

    async def look(refs):
        while len(stopped) < 2 or stopped[-1] < len(refs):
            stopped.append(sum(ref.status().state == "stopped" for ref in refs))
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as others, open_actor_nursery() as nursery:
        others.start_soon(look, [await nursery.start(Resting) for _ in range(200)])
        await trio.lowlevel.checkpoint()
    assert stopped[-1] == 200
    # Two steps at most lie between two looks: who comes first in a turn is thrown anew each time.
    assert max(after - before for before, after in pairwise(stopped)) <= 2 * ENDS_PER_STEP


async def test_an_actor_that_stops_itself_finishes_its_message_first():
    record = []
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Noted, "a", record)
        assert await ref.call(Noted.leave) == "bye"
        assert (await ref.wait_down()).reason == "normal"


async def test_a_handler_may_stop_its_own_actor_through_the_ref():
    class Suicidal(Actor):
        async def end(self) -> None:
            await self.ref.stop()

    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Suicidal)
        with pytest.raises(ActorStopped):
            await ref.call(Suicidal.end)


async def test_a_background_task_may_end_an_idle_actor():
    class Timed(Noted):
        async def started(self) -> None:
            self.nursery.start_soon(self.soon)

        async def soon(self) -> None:
            self.stop()

    record = []
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Timed, "a", record)
        assert (await ref.wait_down()).reason == "normal"
    assert record == ["a stopping"]


async def test_the_nursery_of_an_actor_refuses_to_start_more_once_it_is_closed():
    kept = []

    class Parent(Actor):
        async def started(self) -> None:
            kept.append(self.nursery)

    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Parent)
        await ref.stop()
        with pytest.raises(NurseryClosed):
            kept[0].start_soon(trio.sleep, 0)


async def test_an_actor_has_no_ref_in_its_constructor_and_says_so():
    class Hasty(Actor):
        def __init__(self) -> None:
            self.me = self.ref

    async with open_actor_nursery() as nursery:
        with pytest.raises(RuntimeError, match=r"from started\(\) on"):
            await nursery.start(Hasty)


async def test_a_frozen_attrs_class_can_be_an_actor():
    @attrs.frozen
    class Point(Actor):
        x: int
        y: int

        async def sum(self) -> int:
            return self.x + self.y

    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Point, 1, 2)
        assert await ref.call(Point.sum) == 3


async def test_tasks_of_a_nursery_are_cancelled_when_its_body_ends():
    record = []

    async def background():
        try:
            await trio.sleep_forever()
        finally:
            record.append("cancelled")

    async with open_actor_nursery() as nursery:
        nursery.start_soon(background, name="background")
        await trio.testing.wait_all_tasks_blocked()
    assert record == ["cancelled"]


def _raise_in(record):
    signal.raise_signal(signal.SIGINT)
    record.append("not reached if the code is interruptible")


def test_ctrl_c_in_a_handler_leaves_the_nursery_as_itself_after_stopping_ran():
    record = []

    class Interrupted(Noted):
        async def work(self) -> None:
            _raise_in(self.record)

    async def main():
        async with open_actor_nursery() as nursery:
            ref = await nursery.start(Interrupted, "a", record, restart="permanent")
            ref.cast_nowait(Interrupted.work)
            await trio.sleep_forever()

    with pytest.raises(KeyboardInterrupt):
        trio.run(main)
    assert record == ["a started", "a stopping"]


def test_ctrl_c_in_stopping_waits_until_it_is_over():
    record = []

    class Interrupted(Noted):
        async def stopping(self) -> None:
            _raise_in(self.record)
            await trio.lowlevel.checkpoint()
            self.record.append("stopped")

    async def main():
        async with open_actor_nursery() as nursery:
            await nursery.start(Interrupted, "a", record)
        await trio.sleep_forever()

    with pytest.raises(KeyboardInterrupt):
        trio.run(main)
    assert record == ["a started", "not reached if the code is interruptible", "stopped"]


@pytest.mark.parametrize("presses", [1, 2])
@pytest.mark.parametrize("body_interrupted", [False, True])
def test_ctrl_c_while_a_nursery_closes_leaves_no_actor_untold(presses, body_interrupted):
    record = []

    class Interrupted(Noted):
        async def stopping(self) -> None:
            for _ in range(presses):
                signal.raise_signal(signal.SIGINT)
                await trio.testing.wait_all_tasks_blocked()
            await super().stopping()

    async def main():
        async with open_actor_nursery() as nursery:
            for name in "abc":
                await nursery.start(Interrupted, name, record, name=name)
            record.clear()
            if body_interrupted:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trio.run(main)
    assert record == ["c stopping", "b stopping", "a stopping"]


def test_a_handler_whose_author_protects_it_is_not_interrupted():
    record = []

    class Interrupted(Noted):
        @trio.lowlevel.enable_ki_protection
        async def work(self) -> None:
            _raise_in(self.record)

    async def main():
        async with open_actor_nursery() as nursery:
            ref = await nursery.start(Interrupted, "a", record)
            ref.cast_nowait(Interrupted.work)
            await trio.sleep_forever()

    with pytest.raises(KeyboardInterrupt):
        trio.run(main)
    assert record == ["a started", "not reached if the code is interruptible", "a stopping"]


def test_background_tasks_are_not_protected_from_ctrl_c():
    protected = []

    class Backed(Actor):
        async def started(self) -> None:
            protected.append(trio.lowlevel.currently_ki_protected())
            self.nursery.start_soon(self.look)

        async def look(self) -> None:
            protected.append(trio.lowlevel.currently_ki_protected())

        async def handle(self) -> None:
            protected.append(trio.lowlevel.currently_ki_protected())

        async def stopping(self) -> None:
            protected.append(trio.lowlevel.currently_ki_protected())

    async def main():
        async with open_actor_nursery() as nursery:
            ref = await nursery.start(Backed)
            await trio.testing.wait_all_tasks_blocked()
            await ref.call(Backed.handle)

    trio.run(main)
    assert protected == [False, False, False, True]
