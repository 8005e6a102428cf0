"""The test kit: a probe, a record of deaths, faults on order."""

import pytest
import trio
import trio.testing

from actors import Actor, ActorCrashed, Backoff, open_actor_nursery
from actors.testing import Faults, InjectedFault, Probe, inject, record_downs


class Worker(Actor):
    def __init__(self, out=None) -> None:
        self.out = out
        self.done: list[int] = []

    async def work(self, item: int) -> list[int]:
        await self.note(item)
        if self.out is not None:
            await self.out.cast(Probe.tell, item)
        return self.done

    async def note(self, item: int) -> None:
        self.done.append(item)


async def test_a_probe_keeps_what_it_is_told_and_lets_a_test_wait_for_it():
    async with open_actor_nursery() as nursery, trio.open_nursery() as tasks:
        probe = await nursery.start(Probe)
        worker = await nursery.start(Worker, probe)
        for item in (1, 2):
            await worker.cast(Worker.work, item)
        assert await probe.call(Probe.take) == 1
        assert await probe.call(Probe.take) == 2
        taken = []

        async def take():
            taken.append(await probe.call(Probe.take))

        tasks.start_soon(take)
        await trio.testing.wait_all_tasks_blocked()
        assert taken == []
        await worker.cast(Worker.work, 3)
        await trio.testing.wait_all_tasks_blocked()
        assert taken == [3]
        assert await probe.call(Probe.seen) == (1, 2, 3)


async def test_a_message_is_not_lost_on_a_taker_who_gave_up(autojump_clock):
    async with open_actor_nursery() as nursery:
        probe = await nursery.start(Probe)
        with trio.move_on_after(1):
            await probe.call(Probe.take)
        await probe.cast(Probe.tell, "kept")
        assert await probe.call(Probe.take) == "kept"


async def test_a_recorder_has_the_deaths_of_several_actors_in_order():
    async with open_actor_nursery("app") as nursery:
        refs = [await nursery.start(Worker, name=name) for name in ("a", "b")]
        recorder = record_downs(*refs)
        await refs[1].stop()
        await recorder.wait_for(1)
    assert recorder.reasons == [("app/b", "normal"), ("app/a", "cancelled")]


async def test_a_crash_on_the_nth_message_is_a_crash_though_the_actor_expects_every_error():
    async with open_actor_nursery(backoff=Backoff(first=0, jitter=0)) as nursery:
        worker = await nursery.start(inject(Worker, Faults(crash_on=[2])), restart="transient")
        recorder = record_downs(worker)
        assert await worker.call(Worker.work, 1) == [1]
        with pytest.raises(ActorCrashed) as caught:
            await worker.call(Worker.work, 2)
        assert caught.value.__cause__.number == 2
        assert await worker.call(Worker.work, 3) == [3]
        assert isinstance(recorder.downs[0].error, InjectedFault)


async def test_messages_are_counted_over_all_lives_and_not_calls_within_a_handler():
    async with open_actor_nursery(backoff=Backoff(first=0, jitter=0)) as nursery:
        worker = await nursery.start(inject(Worker, Faults(crash_on={2, 4})), restart="transient")
        for item in range(1, 6):
            await worker.cast(Worker.work, item)
        assert await worker.call(Worker.work, 6) == [5, 6]


async def test_a_dropped_call_is_never_answered_and_a_dropped_cast_never_done(autojump_clock):
    async with open_actor_nursery() as nursery:
        worker = await nursery.start(inject(Worker, Faults(drop_on={1, 2})))
        with trio.move_on_after(60) as scope:
            await worker.call(Worker.work, 1)
        assert scope.cancelled_caught
        await worker.cast(Worker.work, 2)
        assert await worker.call(Worker.work, 3) == [3]


async def test_a_delay_comes_before_the_message_is_handled(autojump_clock):
    async with open_actor_nursery() as nursery:
        worker = await nursery.start(inject(Worker, Faults(delay_on={1: 2.5})))
        assert await worker.call(Worker.work, 1) == [1]
        assert trio.current_time() == 2.5
        await worker.call(Worker.work, 2)
        assert trio.current_time() == 2.5


async def test_a_faulty_class_has_the_name_and_the_methods_of_the_sound_one():
    async with open_actor_nursery() as nursery:
        worker = await nursery.start(inject(Worker, Faults()))
        assert worker.status().actor == "Worker"
        with pytest.raises(TypeError, match="no method of Worker"):
            await worker.call(Probe.take)
