"""Replies that are put off."""

import pytest
import trio
import trio.testing

from actors import Actor, ActorRestarted, ActorStopped, Backoff, Deferred, open_actor_nursery
from actors.testing import record_downs


class Desk(Actor):
    """Hands out what it gets to who asked first."""

    def __init__(self) -> None:
        self.open: list[Deferred[str]] = []
        self.taken: list[bool] = []

    async def ask(self) -> Deferred[str]:
        deferred = Deferred[str]()
        self.open.append(deferred)
        return deferred

    async def settle(self, value: str) -> bool:
        return self.open.pop(0).settle(value)

    async def fail(self, error: Exception) -> bool:
        return self.open.pop(0).fail(error)

    async def settle_twice(self) -> tuple[bool, bool]:
        deferred = self.open.pop(0)
        return deferred.settle("first"), deferred.fail(KeyError("second"))

    async def at_once(self) -> Deferred[str]:
        deferred = Deferred[str]()
        deferred.settle("at once")
        return deferred

    async def at_once_wrong(self) -> Deferred[str]:
        deferred = Deferred[str]()
        deferred.fail(KeyError("at once"))
        return deferred

    async def in_background(self, seconds: float) -> Deferred[str]:
        deferred = Deferred[str]()
        self.nursery.start_soon(self._settle_after, seconds, deferred)
        return deferred

    async def _settle_after(self, seconds: float, deferred: Deferred[str]) -> None:
        await trio.sleep(seconds)
        deferred.settle(f"after {seconds}")

    async def crash(self) -> None:
        raise ValueError("x")


async def test_the_actor_goes_on_while_the_caller_waits(autojump_clock):
    answers = []

    async def ask(ref, seconds):
        answers.append(await ref.call(Desk.in_background, seconds))

    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Desk)
        async with trio.open_nursery() as tasks:
            for seconds in (3, 1, 2):
                tasks.start_soon(ask, ref, seconds)
        assert trio.current_time() == 3
    assert answers == ["after 1", "after 2", "after 3"]


async def test_a_reply_that_is_there_when_the_handler_returns_is_given_at_once():
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Desk)
        assert await ref.call(Desk.at_once) == "at once"
        with pytest.raises(KeyError, match="at once"):
            await ref.call(Desk.at_once_wrong)


async def _ask(ref, answers):
    try:
        answers.append(await ref.call(Desk.ask))
    except Exception as error:
        answers.append(error)


async def test_a_deferred_error_reaches_the_caller_and_the_actor_lives():
    answers = []
    error = KeyError("no")
    async with open_actor_nursery() as nursery, trio.open_nursery() as tasks:
        ref = await nursery.start(Desk)
        tasks.start_soon(_ask, ref, answers)
        await trio.testing.wait_all_tasks_blocked()
        assert await ref.call(Desk.fail, error)
        await trio.testing.wait_all_tasks_blocked()
        assert answers == [error]
        assert ref.status().state == "running"


async def test_only_the_first_settlement_counts():
    answers = []
    async with open_actor_nursery() as nursery, trio.open_nursery() as tasks:
        ref = await nursery.start(Desk)
        tasks.start_soon(_ask, ref, answers)
        await trio.testing.wait_all_tasks_blocked()
        assert await ref.call(Desk.settle_twice) == (True, False)
        await trio.testing.wait_all_tasks_blocked()
    assert answers == ["first"]


async def test_settling_says_when_the_caller_has_gone(autojump_clock):
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Desk)
        with trio.move_on_after(1):
            await ref.call(Desk.ask)
        assert await ref.call(Desk.settle, "too late") is False


async def test_a_deferred_error_that_no_caller_is_left_to_take_is_a_crash(autojump_clock):
    with pytest.raises(KeyError, match="nobody"):
        async with open_actor_nursery() as nursery:
            ref = await nursery.start(Desk)
            with trio.move_on_after(1):
                await ref.call(Desk.ask)
            await ref.cast(Desk.fail, KeyError("nobody"))
            await trio.sleep_forever()


async def test_a_cast_may_return_a_deferred_that_nobody_waits_for():
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Desk)
        await ref.cast(Desk.ask)
        assert await ref.call(Desk.settle, "ignored") is False
        assert ref.status().state == "running"


async def test_what_is_unsettled_when_the_actor_stops_fails():
    answers = []
    async with open_actor_nursery() as nursery, trio.open_nursery() as tasks:
        ref = await nursery.start(Desk)
        tasks.start_soon(_ask, ref, answers)
        await trio.testing.wait_all_tasks_blocked()
        await ref.stop()
    assert [type(answer) for answer in answers] == [ActorStopped]


async def test_what_is_unsettled_at_a_restart_fails_and_says_that_asking_again_makes_sense():
    answers = []
    async with open_actor_nursery(backoff=Backoff(first=0, jitter=0)) as nursery:
        ref = await nursery.start(Desk, restart="permanent")
        async with trio.open_nursery() as tasks:
            tasks.start_soon(_ask, ref, answers)
            await trio.testing.wait_all_tasks_blocked()
            await ref.cast(Desk.crash)
    assert [type(answer) for answer in answers] == [ActorRestarted]


async def test_stopping_may_still_settle_what_is_open():
    class Polite(Desk):
        async def stopping(self) -> None:
            for deferred in self.open:
                deferred.settle("goodbye")

    answers = []
    async with open_actor_nursery() as nursery, trio.open_nursery() as tasks:
        ref = await nursery.start(Polite)
        tasks.start_soon(_ask, ref, answers)
        await trio.testing.wait_all_tasks_blocked()
        await ref.stop()
    assert answers == ["goodbye"]


async def test_a_settlement_after_the_end_is_ignored():
    kept = []

    class Leaky(Desk):
        async def stopping(self) -> None:
            kept.extend(self.open)

    answers = []
    async with open_actor_nursery() as nursery, trio.open_nursery() as tasks:
        ref = await nursery.start(Leaky)
        recorder = record_downs(ref)
        tasks.start_soon(_ask, ref, answers)
        await trio.testing.wait_all_tasks_blocked()
        await ref.stop()
        assert kept[0].settle("late") is False
    assert [type(answer) for answer in answers] == [ActorStopped]
    assert recorder.downs[0].reason == "normal"


async def test_a_caller_that_gave_up_is_not_remembered(autojump_clock):
    class Forgetful(Desk):
        async def ask(self) -> Deferred[str]:
            return Deferred[str]()

    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Forgetful)
        for _ in range(50):
            with trio.move_on_after(1):
                await ref.call(Desk.ask)
        assert len(ref._cell.life.put_off) <= 1
