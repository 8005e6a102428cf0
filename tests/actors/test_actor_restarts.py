"""Restarts: what survives one, how often they are put up with, how they are spaced, and what failing leaves."""

import pytest
import trio
import trio.testing

from actors import (
    Actor,
    ActorRestarted,
    ActorStopped,
    Backoff,
    Supervision,
    TooManyRestarts,
    open_actor_nursery,
)
from actors.testing import record_downs

AT_ONCE = Backoff(first=0, jitter=0)


class Worker(Actor):
    def __init__(self, record: list | None = None) -> None:
        self.record = [] if record is None else record
        self.handled = 0

    async def work(self, item: object = None) -> int:
        self.record.append(item)
        self.handled += 1
        return self.handled

    async def crash(self, text: str = "crash") -> None:
        raise ValueError(text)

    async def hang(self) -> None:
        await trio.sleep_forever()

    async def crash_in_background(self) -> None:
        self.nursery.start_soon(self.crash, "background")
        await trio.sleep_forever()


async def test_a_restart_makes_a_new_object_under_the_same_ref():
    async with open_actor_nursery(backoff=AT_ONCE) as nursery:
        ref = await nursery.start(Worker, restart="transient")
        await ref.call(Worker.work)
        await ref.cast(Worker.crash)
        assert await ref.call(Worker.work) == 1
        assert ref.status().restarts == 1
        assert ref.status().last_error == "ValueError: crash"


async def test_what_is_queued_waits_for_the_next_life_in_order_back_off_included(autojump_clock):
    record = []
    async with open_actor_nursery(backoff=Backoff(first=3, jitter=0)) as nursery:
        ref = await nursery.start(Worker, record, restart="transient")
        ref.cast_nowait(Worker.crash)
        ref.cast_nowait(Worker.work, "queued before")
        await trio.sleep(1)
        assert ref.status().state == "restarting"
        assert ref.status().uptime is None
        ref.cast_nowait(Worker.work, "queued while it was down")
        assert await ref.call(Worker.work, "called while it was down") == 3
        assert trio.current_time() == 3
    assert record == ["queued before", "queued while it was down", "called while it was down"]


async def test_the_message_in_hand_is_lost_and_its_caller_is_told():
    async with open_actor_nursery(backoff=AT_ONCE) as nursery:
        ref = await nursery.start(Worker, restart="transient")
        with pytest.raises(ActorRestarted):
            await ref.call(Worker.crash_in_background)
        assert await ref.call(Worker.work) == 1


async def test_the_message_in_hand_of_an_actor_that_does_not_come_back_fails_from_the_crash():
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Worker, restart="temporary")
        with pytest.raises(ActorStopped) as caught:
            await ref.call(Worker.crash_in_background)
        assert not isinstance(caught.value, ActorRestarted)
        assert str(caught.value.__cause__) == "background"


async def test_beyond_its_intensity_a_nursery_fails_with_the_cause_as_itself(autojump_clock):
    with pytest.raises(ValueError, match="crash") as caught:
        async with open_actor_nursery("app", max_restarts=2, within=5, backoff=AT_ONCE) as nursery:
            ref = await nursery.start(Worker, restart="permanent", name="worker")
            for _ in range(3):
                await ref.cast(Worker.crash)
                await trio.sleep(1)
    assert caught.value.__notes__ == ["in actor app/worker"]
    assert ref.status().restarts == 2


async def test_restarts_that_lie_further_apart_are_put_up_with_for_ever(autojump_clock):
    async with open_actor_nursery(max_restarts=1, within=5, backoff=AT_ONCE) as nursery:
        ref = await nursery.start(Worker, restart="permanent")
        for _ in range(10):
            await ref.cast(Worker.crash)
            await trio.sleep(6)
        assert ref.status().restarts == 10
        assert nursery.tree().restarts == 10


async def test_intensity_is_the_nurserys_and_counts_all_its_actors(autojump_clock):
    with pytest.raises(ValueError, match="third"):
        async with open_actor_nursery(max_restarts=2, within=5, backoff=AT_ONCE) as nursery:
            for text in ("first", "second", "third"):
                ref = await nursery.start(Worker, restart="permanent")
                await ref.cast(Worker.crash, text)
            await trio.sleep_forever()


async def test_a_permanent_actor_that_returns_too_often_fails_its_nursery(autojump_clock):
    class Quitter(Actor):
        async def started(self) -> None:
            self.stop()

    with pytest.raises(TooManyRestarts) as caught:
        async with open_actor_nursery("app", max_restarts=3, within=5, backoff=AT_ONCE) as nursery:
            await nursery.start(Quitter, name="quitter", restart="permanent")
            await trio.sleep_forever()
    assert caught.value == caught.value
    assert (caught.value.path, caught.value.restarts, caught.value.within) == ("app/quitter", 3, 5)


async def test_a_permanent_actor_that_returns_while_its_nursery_closes_is_not_missed(autojump_clock):
    class Leaving(Actor):
        async def started(self) -> None:
            self.nursery.start_soon(self._leave)

        async def _leave(self) -> None:
            await trio.sleep(1)
            self.stop()

    class SlowToStop(Actor):
        async def stopping(self) -> None:
            await trio.sleep(2)

    async with open_actor_nursery(max_restarts=0) as nursery:
        leaving = await nursery.start(Leaving, restart="permanent")
        await nursery.start(SlowToStop)
    assert (await leaving.wait_down()).reason == "normal"


async def test_an_unknown_restart_type_is_refused():
    async with open_actor_nursery() as nursery:
        with pytest.raises(ValueError, match="'often' is no restart type; there are permanent, transient"):
            await nursery.start(Worker, restart="often")


async def test_failing_cancels_the_body_and_stops_the_others_in_reverse_order(autojump_clock):
    record = []

    class Noting(Worker):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        async def stopping(self) -> None:
            record.append(self.name)

    with pytest.raises(ValueError, match="crash"):
        async with open_actor_nursery() as nursery:
            refs = [await nursery.start(Noting, name) for name in "abc"]
            refs[1].cast_nowait(Worker.crash)
            try:
                await trio.sleep_forever()
            finally:
                record.append("body")
    assert record == ["b", "body", "c", "a"]


async def test_escalation_climbs_through_the_levels_by_each_ones_own_supervision(autojump_clock):
    lives = []

    class Pool(Actor):
        supervision = Supervision(max_restarts=1, within=5, backoff=AT_ONCE)

        async def started(self) -> None:
            lives.append("pool")
            worker = await self.nursery.start(Crasher, restart="permanent")
            worker.cast_nowait(Worker.crash)

    class Crasher(Worker):
        async def started(self) -> None:
            lives.append("worker")
            if len(lives) < 20:
                self.ref.cast_nowait(Worker.crash)

    error = None
    try:
        async with open_actor_nursery("app", max_restarts=1, within=5, backoff=AT_ONCE) as nursery:
            await nursery.start(Pool, restart="permanent", name="pool")
            await trio.sleep_forever()
    except ValueError as caught:
        error = caught
    assert lives == ["pool", "worker", "worker", "pool", "worker", "worker"]
    assert error.__notes__ == ["in actor app/pool/Crasher", "in actor app/pool"]


async def test_back_off_doubles_while_an_actor_keeps_crashing_and_forgets_after_a_good_while(autojump_clock):
    moments = []

    class Crasher(Worker):
        async def started(self) -> None:
            moments.append(trio.current_time())

    backoff = Backoff(first=1, factor=2, cap=3, jitter=0)
    async with open_actor_nursery(max_restarts=100, within=10, backoff=backoff) as nursery:
        ref = await nursery.start(Crasher, restart="permanent")
        for _ in range(4):
            await ref.call(Worker.work)
            await ref.cast(Worker.crash)
        await ref.call(Worker.work)
        await trio.sleep(11)
        await ref.cast(Worker.crash)
        await ref.call(Worker.work)
    assert moments == [0, 1, 3, 6, 9, 21]


async def test_the_jitter_of_the_back_off_is_the_tests_own(autojump_clock):
    backoff = Backoff(first=4, jitter=0.5, chance=lambda: 0.5)
    async with open_actor_nursery(backoff=backoff) as nursery:
        ref = await nursery.start(Worker, restart="permanent")
        await ref.cast(Worker.crash)
        await ref.call(Worker.work)
        assert trio.current_time() == 3


async def test_one_actors_back_off_does_not_keep_another_waiting(autojump_clock):
    backoff = Backoff(first=1, factor=10, jitter=0, cap=100)
    async with open_actor_nursery(backoff=backoff, max_restarts=10) as nursery:
        often = await nursery.start(Worker, restart="permanent")
        once = await nursery.start(Worker, restart="permanent")
        await often.cast(Worker.crash)
        await often.call(Worker.work)
        await often.cast(Worker.crash)
        await once.cast(Worker.crash)
        await once.call(Worker.work)
        assert trio.current_time() == 2
        assert often.status().state == "restarting"


async def test_an_actor_can_be_stopped_while_it_is_between_two_lives(autojump_clock):
    async with open_actor_nursery(backoff=Backoff(first=60, jitter=0)) as nursery:
        ref = await nursery.start(Worker, restart="permanent", name="w")
        downs = record_downs(ref)
        ref.cast_nowait(Worker.crash)
        ref.cast_nowait(Worker.work)
        await trio.sleep(1)
        async with trio.open_nursery() as tasks:
            tasks.start_soon(_expect_stopped, ref)
            await trio.testing.wait_all_tasks_blocked()
            await ref.stop()
        assert ref.status().state == "stopped"
        assert (await ref.wait_down()).final
        assert nursery.tree().actors == ()
        assert downs.reasons == [("actors/w", "crashed")]
        await trio.sleep(100)
        assert ref.status().restarts == 0
        await nursery.start(Worker, name="w")


async def test_a_nursery_ends_at_once_while_actors_wait_to_be_restarted(autojump_clock):
    async with open_actor_nursery(backoff=Backoff(first=60, cap=60, jitter=0)) as nursery:
        ref = await nursery.start(Worker, restart="permanent")
        await ref.cast(Worker.crash)
        await trio.sleep(1)
    assert trio.current_time() == 1


async def test_a_crash_during_a_group_restart_begins_it_anew_for_all_concerned(autojump_clock):
    starts = []

    class Member(Worker):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        async def started(self) -> None:
            starts.append((trio.current_time(), self.name))

    backoff = Backoff(first=10, factor=1, jitter=0)
    async with open_actor_nursery(strategy="rest_for_one", backoff=backoff, max_restarts=9) as nursery:
        a, b, c = [await nursery.start(Member, name, restart="permanent") for name in "abc"]
        starts.clear()
        await b.cast(Worker.crash)
        await trio.sleep(5)
        await a.cast(Worker.crash)
        await c.call(Worker.work)
    assert starts == [(15, "a"), (15, "b"), (15, "c")]


async def test_a_dependent_that_calls_a_sibling_which_is_down_as_well_does_not_hang(autojump_clock):
    """`b` needs `a` to start. Both are down; were restarts done one after the other, `b` would wait for ever."""

    class Base(Worker): ...

    class Dependent(Worker):
        def __init__(self, base) -> None:
            super().__init__()
            self.base = base

        async def started(self) -> None:
            await self.base.call(Worker.work)

    backoff = Backoff(first=1, factor=1, jitter=0)
    async with open_actor_nursery(strategy="rest_for_one", backoff=backoff, max_restarts=9) as nursery:
        a = await nursery.start(Base, restart="permanent")
        b = await nursery.start(Dependent, a, restart="permanent")
        b.cast_nowait(Worker.crash)
        await trio.sleep(0.5)
        a.cast_nowait(Worker.crash)
        with trio.fail_after(60):
            await b.call(Worker.work)


async def test_a_group_restart_goes_on_without_one_who_is_stopped_while_it_starts_again(autojump_clock):
    class SlowAgain(Worker):
        async def started(self) -> None:
            self.record.append("start")
            await trio.sleep(0 if len(self.record) == 1 else 10)

    async with open_actor_nursery(strategy="one_for_all", backoff=AT_ONCE) as nursery:
        a = await nursery.start(Worker, restart="permanent")
        b = await nursery.start(SlowAgain, [], restart="permanent")
        c = await nursery.start(Worker, restart="permanent")
        await a.cast(Worker.crash)
        await trio.sleep(1)
        assert [ref.status().state for ref in (a, b, c)] == ["running", "starting", "restarting"]
        await b.stop()
        assert await c.call(Worker.work) == 1
        assert trio.current_time() == 1


async def test_an_actor_that_starts_for_the_first_time_does_not_fall_with_its_siblings(autojump_clock):
    class SlowToStart(Worker):
        async def started(self) -> None:
            await trio.sleep(5)

    async with open_actor_nursery(strategy="one_for_all", backoff=AT_ONCE) as nursery:
        crashing = await nursery.start(Worker, restart="permanent")
        async with trio.open_nursery() as tasks:
            tasks.start_soon(nursery.start, SlowToStart)
            await trio.sleep(1)
            await crashing.cast(Worker.crash)
        assert trio.current_time() == 5
        assert [actor.restarts for actor in nursery.tree().actors] == [1, 0]


async def test_a_failure_that_is_dealt_with_is_logged_with_its_traceback(caplog):
    async with open_actor_nursery("app", backoff=AT_ONCE) as nursery:
        for restart in ("permanent", "temporary"):
            ref = await nursery.start(Worker, restart=restart, name=restart)
            await ref.cast(Worker.crash, restart)
            await trio.testing.wait_all_tasks_blocked(0.01)
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", "actor app/permanent failed, and is restarted"),
        ("ERROR", "actor app/temporary failed, and is not restarted"),
    ]
    assert all(record.exc_info for record in caplog.records)


async def test_a_failure_that_is_raised_is_not_logged_as_well(caplog):
    with pytest.raises(ValueError, match="crash"):
        async with open_actor_nursery() as nursery:
            ref = await nursery.start(Worker)
            await ref.cast(Worker.crash)
            await trio.sleep_forever()
    assert caplog.records == []


async def test_background_tasks_and_children_of_the_old_life_are_gone_before_the_new_one_begins(autojump_clock):
    record = []

    class Parent(Actor):
        async def started(self) -> None:
            record.append("parent up")
            await self.nursery.start(Child)
            self.nursery.start_soon(self.linger)

        async def linger(self) -> None:
            try:
                await trio.sleep_forever()
            finally:
                with trio.CancelScope(shield=True):
                    await trio.sleep(5)
                record.append("task down")

        async def crash(self) -> None:
            raise ValueError

    class Child(Actor):
        async def stopping(self) -> None:
            record.append("child down")

    async with open_actor_nursery(backoff=AT_ONCE) as nursery:
        ref = await nursery.start(Parent, restart="permanent")
        await ref.cast(Parent.crash)
        await trio.sleep(10)
        assert record == ["parent up", "child down", "task down", "parent up"]


async def _expect_stopped(ref):
    with pytest.raises(ActorStopped) as caught:
        await ref.call(Worker.work)
    assert not isinstance(caught.value, ActorRestarted)
