"""Calls and casts: what is sent, in which order, what comes back, and what a mailbox holds."""

import traceback

import pytest
import trio
import trio.testing

from actors import Actor, ActorCrashed, ActorStopped, open_actor_nursery


class Counter(Actor):
    def __init__(self, start: int = 0) -> None:
        self.total = start

    async def add(self, amount: int, *, twice: bool = False) -> int:
        self.total += amount * (2 if twice else 1)
        return self.total

    async def fail(self, error: Exception) -> None:
        raise error


class Slow(Actor):
    mailbox_bound = 3

    def __init__(self) -> None:
        self.gate = trio.Event()
        self.done = []

    async def work(self, item: object) -> object:
        await self.gate.wait()
        self.done.append(item)
        return item

    async def open(self) -> None:
        self.gate.set()


async def test_a_call_returns_what_the_method_returned():
    async with open_actor_nursery() as nursery:
        counter = await nursery.start(Counter, 10)
        assert await counter.call(Counter.add, 1) == 11
        assert await counter.call(Counter.add, 1, twice=True) == 13


async def test_messages_of_one_sender_are_handled_in_order_calls_and_casts_alike():
    async with open_actor_nursery() as nursery:
        counter = await nursery.start(Counter)
        await counter.cast(Counter.add, 1)
        counter.cast_nowait(Counter.add, 10)
        assert await counter.call(Counter.add, 100) == 111


async def test_an_expected_error_reaches_the_caller_as_itself_and_the_actor_lives():
    error = ValueError("no")
    async with open_actor_nursery() as nursery:
        counter = await nursery.start(Counter, 1)
        with pytest.raises(ValueError, match="no") as caught:
            await counter.call(Counter.fail, error)
        assert caught.value is error
        assert await counter.call(Counter.add, 1) == 2


async def test_the_traceback_of_an_error_shows_where_in_the_actor_it_was_raised():
    async with open_actor_nursery() as nursery:
        counter = await nursery.start(Counter)
        with pytest.raises(ValueError, match="deep") as caught:
            await counter.call(Counter.fail, ValueError("deep"))
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert "fail" in names


async def test_an_unexpected_error_crashes_the_actor_and_is_behind_what_the_caller_gets():
    class Strict(Counter):
        expected = (KeyError,)

    async with open_actor_nursery() as nursery:
        strict = await nursery.start(Strict, 10, restart="transient")
        assert await strict.call(Strict.add, 1) == 11
        with pytest.raises(KeyError):
            await strict.call(Strict.fail, KeyError("expected"))
        assert await strict.call(Strict.add, 1) == 12
        with pytest.raises(ActorCrashed) as caught:
            await strict.call(Strict.fail, ValueError("unexpected"))
        assert caught.value.path == "actors/Strict"
        assert isinstance(caught.value.__cause__, ValueError)
        assert await strict.call(Strict.add, 1) == 11, "a new life, from the same arguments"


async def test_a_call_of_the_wrong_shape_is_told_to_its_caller_and_harms_nobody():
    async with open_actor_nursery() as nursery:
        counter = await nursery.start(Counter)
        with pytest.raises(TypeError, match="amount"):
            await counter.call(Counter.add)
        assert await counter.call(Counter.add, 1) == 1


async def test_a_call_through_a_base_class_runs_the_override():
    class Doubling(Counter):
        async def add(self, amount: int, *, twice: bool = False) -> int:
            return await super().add(amount * 2, twice=twice)

    async with open_actor_nursery() as nursery:
        doubling = await nursery.start(Doubling)
        assert await doubling.call(Counter.add, 1) == 2
        assert await doubling.call(Doubling.add, 1) == 4


async def test_a_function_of_another_class_is_refused_at_the_caller():
    async with open_actor_nursery() as nursery:
        counter = await nursery.start(Counter)
        with pytest.raises(TypeError, match=r"Slow\.work is no method of Counter"):
            await counter.call(Slow.work, 1)
        with pytest.raises(TypeError, match="no method"):
            await counter.cast(Slow.work, 1)
        with pytest.raises(TypeError, match="no method"):
            counter.cast_nowait(Slow.work, 1)


async def test_a_bound_method_is_refused_with_a_word_on_what_to_pass():
    async with open_actor_nursery() as nursery:
        counter = await nursery.start(Counter)
        with pytest.raises(TypeError, match=r"pass the function of the class, Counter\.add"):
            await counter.call(Counter().add, 1)


async def test_a_mailbox_that_could_hold_nothing_is_refused():
    class Mute(Counter):
        mailbox_bound = 0

    async with open_actor_nursery() as nursery:
        with pytest.raises(ValueError, match="at least one message"):
            await nursery.start(Mute)


async def test_cast_nowait_refuses_when_the_mailbox_is_full_and_cast_waits_for_room():
    async with open_actor_nursery() as nursery, trio.open_nursery() as tasks:
        slow = await nursery.start(Slow)
        slow.cast_nowait(Slow.work, 0)
        await trio.testing.wait_all_tasks_blocked()
        for item in (1, 2, 3):
            slow.cast_nowait(Slow.work, item)
        with pytest.raises(trio.WouldBlock):
            slow.cast_nowait(Slow.work, 4)
        tasks.start_soon(slow.cast, Slow.work, 4)
        await trio.testing.wait_all_tasks_blocked()
        assert slow.status().mailbox_depth == slow.status().mailbox_bound == 3
        _actor(slow).gate.set()
        assert await slow.call(Slow.work, 5) == 5
        assert _actor(slow).done == [0, 1, 2, 3, 4, 5]


async def test_senders_who_wait_for_room_are_let_in_in_order_and_cannot_be_overtaken():
    async with open_actor_nursery() as nursery, trio.open_nursery() as tasks:
        slow = await nursery.start(Slow)
        for item in range(4):
            await slow.cast(Slow.work, item)
            await trio.testing.wait_all_tasks_blocked()
        for item in range(4, 10):
            tasks.start_soon(slow.call if item % 2 else slow.cast, Slow.work, item)
            await trio.testing.wait_all_tasks_blocked()
        _actor(slow).gate.set()
        await trio.testing.wait_all_tasks_blocked()
        assert _actor(slow).done == list(range(10))


async def test_a_cancelled_cast_has_not_been_sent():
    async with open_actor_nursery() as nursery:
        slow = await nursery.start(Slow)
        for item in range(4):
            await slow.cast(Slow.work, item)
            await trio.testing.wait_all_tasks_blocked()
        with trio.CancelScope() as outside:
            outside.cancel()
            await slow.cast(Slow.work, "cancelled before")
        with trio.move_on_after(0):
            await slow.cast(Slow.work, "cancelled while it waited")
        _actor(slow).gate.set()
        await slow.call(Slow.open)
        assert _actor(slow).done == [0, 1, 2, 3]


async def test_a_cast_that_is_cancelled_before_it_begins_is_not_sent_though_there_is_room():
    async with open_actor_nursery() as nursery:
        counter = await nursery.start(Counter)
        with trio.CancelScope() as scope:
            scope.cancel()
            await counter.cast(Counter.add, 1)
        assert scope.cancelled_caught
        assert await counter.call(Counter.add, 0) == 0


async def test_a_call_whose_caller_is_cancelled_in_the_queue_is_taken_back(autojump_clock):
    async with open_actor_nursery() as nursery:
        slow = await nursery.start(Slow)
        slow.cast_nowait(Slow.work, "first")
        await trio.testing.wait_all_tasks_blocked()
        with trio.move_on_after(1) as scope:
            await slow.call(Slow.work, "late")
        assert scope.cancelled_caught
        assert slow.status().mailbox_depth == 0
        _actor(slow).gate.set()
        await slow.call(Slow.open)
        assert _actor(slow).done == ["first"]


async def test_the_room_of_a_call_that_was_taken_back_goes_to_who_waited_longest():
    async with open_actor_nursery() as nursery, trio.open_nursery() as tasks:
        slow = await nursery.start(Slow)
        for item in range(3):
            slow.cast_nowait(Slow.work, item)
            await trio.testing.wait_all_tasks_blocked()
        impatient = trio.CancelScope()
        for scope, item in [(impatient, "impatient"), (trio.CancelScope(), "patient")]:
            tasks.start_soon(_call_in, scope, slow, item)
            await trio.testing.wait_all_tasks_blocked()
        assert slow.status().mailbox_depth == 3
        impatient.cancel()
        await trio.testing.wait_all_tasks_blocked()
        _actor(slow).gate.set()
        await slow.call(Slow.open)
        assert _actor(slow).done == [0, 1, 2, "patient"]


async def test_a_call_that_was_begun_is_finished_though_its_caller_has_gone(autojump_clock):
    async with open_actor_nursery() as nursery:
        slow = await nursery.start(Slow)
        with trio.move_on_after(1):
            await slow.call(Slow.work, "begun")
        _actor(slow).gate.set()
        assert await slow.call(Slow.work, "next") == "next"
        assert _actor(slow).done == ["begun", "next"]


async def test_an_actor_that_is_gone_answers_at_once():
    async with open_actor_nursery() as nursery:
        counter = await nursery.start(Counter)
        await counter.stop()
        with pytest.raises(ActorStopped):
            await counter.call(Counter.add, 1)
        with pytest.raises(ActorStopped):
            await counter.cast(Counter.add, 1)
        with pytest.raises(ActorStopped, match="actors/Counter"):
            counter.cast_nowait(Counter.add, 1)


async def test_what_is_in_the_mailbox_of_an_actor_that_stops_is_answered():
    answers = []

    async def ask(slow, item):
        try:
            await slow.call(Slow.work, item)
        except ActorStopped:
            answers.append(item)

    async def tell(slow):
        with pytest.raises(ActorStopped):
            await slow.cast(Slow.work, "outside")
        answers.append("outside")

    async with open_actor_nursery() as nursery, trio.open_nursery() as tasks:
        slow = await nursery.start(Slow)
        for item in range(5):
            tasks.start_soon(ask, slow, item)
        await trio.testing.wait_all_tasks_blocked()
        tasks.start_soon(tell, slow)
        await trio.testing.wait_all_tasks_blocked()
        await slow.stop()
        await trio.testing.wait_all_tasks_blocked()
        assert sorted(answers, key=str) == [0, 1, 2, 3, 4, "outside"]


class Steps(trio.abc.Instrument):
    """How much `count` grows within one step of any task, at most."""

    def __init__(self, count):
        self.count = count
        self.before = self.longest = 0

    def before_task_step(self, task):
        self.before = self.count()

    def after_task_step(self, task):
        self.longest = max(self.longest, self.count() - self.before)


async def test_a_sender_who_never_waits_still_lets_others_run_every_32_casts():
    class Sink(Actor):
        mailbox_bound = 10_000

        async def take(self) -> None: ...

    sent = 0
    async with open_actor_nursery() as nursery:
        sinks = [await nursery.start(Sink) for _ in range(3)]
        steps = Steps(lambda: sent)
        trio.lowlevel.add_instrument(steps)
        for number in range(500):
            await sinks[number % 3].cast(Sink.take)
            sent += 1
        trio.lowlevel.remove_instrument(steps)
    assert 1 < steps.longest <= 32


async def test_an_actor_with_much_to_do_lets_others_run_every_32_messages():
    class Busy(Actor):
        mailbox_bound = 1000

        async def work(self) -> None: ...

    async with open_actor_nursery() as nursery:
        busy = await nursery.start(Busy)
        for _ in range(200):
            busy.cast_nowait(Busy.work)
        steps = Steps(lambda: busy.status().handled)
        trio.lowlevel.add_instrument(steps)
        await busy.call(Busy.work)
        trio.lowlevel.remove_instrument(steps)
    assert 1 < steps.longest <= 32


def _actor(ref):
    return ref._cell.life.actor


async def _call_in(scope, ref, item):
    with scope:
        await ref.call(Slow.work, item)
