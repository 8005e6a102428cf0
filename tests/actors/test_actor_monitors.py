"""Death notices: one for each life, with the reason, for early and late monitors."""

import gc
import weakref

import pytest
import trio
import trio.testing

from actors import Actor, ActorStopped, Backoff, GraceExceeded, open_actor_nursery
from actors._floor._monitor import UNREAD
from actors._floor._slot import Wait
from actors.testing import DownRecorder

AT_ONCE = Backoff(first=0, jitter=0)


class Mortal(Actor):
    async def crash(self) -> None:
        raise ValueError("crash")

    async def leave(self) -> None:
        self.stop()

    async def live(self) -> None: ...


class Stubborn(Mortal):
    async def stopping(self) -> None:
        await trio.sleep_forever()


async def _reason_of(nursery, end, actor_class=Mortal):
    ref = await nursery.start(actor_class, restart="temporary", grace=1)
    monitor = ref.monitor()
    await end(ref)
    return await anext(monitor)


async def test_the_reason_says_how_a_life_ended(autojump_clock):
    async with open_actor_nursery() as nursery:
        normal = await _reason_of(nursery, lambda ref: ref.call(Mortal.leave))
        stopped = await _reason_of(nursery, lambda ref: ref.stop())
        crashed = await _reason_of(nursery, lambda ref: ref.cast(Mortal.crash))
        killed = await _reason_of(nursery, lambda ref: ref.stop(), Stubborn)
        last = await nursery.start(Mortal)
    cancelled = await last.wait_down()
    assert [down.reason for down in (normal, stopped, crashed, killed, cancelled)] == [
        "normal",
        "normal",
        "crashed",
        "killed",
        "cancelled",
    ]
    assert normal.error is stopped.error is cancelled.error is None
    assert str(crashed.error) == "crash"
    assert isinstance(killed.error, GraceExceeded)
    assert killed.error.grace == 1


async def test_a_monitor_hears_of_every_life_and_ends_with_the_last(autojump_clock):
    async with open_actor_nursery(backoff=AT_ONCE) as nursery:
        ref = await nursery.start(Mortal, restart="transient", name="m")
        monitor = ref.monitor()
        for _ in range(2):
            await ref.cast(Mortal.crash)
            await ref.call(Mortal.live)
        await ref.stop()
        notices = [(down.path, down.life, down.reason, down.final) async for down in monitor]
    assert notices == [
        ("actors/m", 1, "crashed", False),
        ("actors/m", 2, "crashed", False),
        ("actors/m", 3, "normal", True),
    ]


async def test_a_late_monitor_of_a_dead_actor_hears_of_its_end_at_once():
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Mortal, restart="temporary")
        await ref.cast(Mortal.crash)
        await ref.wait_down()
        notices = [down async for down in ref.monitor()]
    assert [(down.reason, down.final) for down in notices] == [("crashed", True)]
    assert [down async for down in ref.monitor()] == notices


async def test_a_late_monitor_of_an_actor_between_two_lives_hears_of_the_last_one_at_once(autojump_clock):
    async with open_actor_nursery(backoff=Backoff(first=5, jitter=0)) as nursery:
        ref = await nursery.start(Mortal, restart="permanent")
        await ref.cast(Mortal.crash)
        await trio.sleep(1)
        monitor = ref.monitor()
        down = await anext(monitor)
        assert (down.life, down.reason, down.final, trio.current_time()) == (1, "crashed", False, 1)
        await ref.stop()
        assert [down async for down in monitor] == []
        assert [down.final async for down in ref.monitor()] == [True]


async def test_a_monitor_of_a_living_actor_hears_nothing_of_former_lives():
    async with open_actor_nursery(backoff=AT_ONCE) as nursery:
        ref = await nursery.start(Mortal, restart="permanent")
        await ref.cast(Mortal.crash)
        await ref.call(Mortal.live)
        monitor = ref.monitor()
        await ref.stop()
        assert [down.life async for down in monitor] == [2]


async def test_several_monitors_and_several_waiters_all_hear():
    record = []

    async def wait(ref):
        record.append((await ref.wait_down()).reason)

    async def watch(ref):
        async for down in ref.monitor():
            record.append(down.reason)

    async with trio.open_nursery() as tasks, open_actor_nursery() as nursery:
        ref = await nursery.start(Mortal)
        for waiter in (wait, wait, watch, watch):
            tasks.start_soon(waiter, ref)
        await trio.testing.wait_all_tasks_blocked()
        await ref.stop()
    assert record == ["normal"] * 4


async def test_a_monitor_that_nobody_reads_is_bounded_and_the_lives_show_the_gap(autojump_clock):
    async with open_actor_nursery(max_restarts=1000, backoff=AT_ONCE) as nursery:
        ref = await nursery.start(Mortal, restart="permanent")
        monitor = ref.monitor()
        for _ in range(UNREAD + 10):
            await ref.cast(Mortal.crash)
            await ref.call(Mortal.live)
        assert (await anext(monitor)).life == 11


async def test_a_monitor_that_is_dropped_is_forgotten():
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Mortal)
        monitor = ref.monitor()
        seen = weakref.ref(monitor)
        del monitor
        gc.collect()
        assert seen() is None


async def test_reading_a_monitor_is_a_cancellation_point():
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Mortal)
        monitor = ref.monitor()
        await ref.stop()
        with trio.CancelScope() as scope:
            scope.cancel()
            await anext(monitor)
        assert scope.cancelled_caught
        assert (await anext(monitor)).reason == "normal"


async def test_what_an_actor_owes_is_settled_before_its_death_is_told():
    class Holder(Mortal):
        async def hold(self) -> None:
            await trio.sleep_forever()

    class Looking(DownRecorder):
        def _tell(self, down):
            states.append(request.state)

    async def ask(ref):
        with pytest.raises(ActorStopped):
            await ref.call(Holder.hold)

    states = []
    async with open_actor_nursery() as nursery, trio.open_nursery() as tasks:
        ref = await nursery.start(Holder)
        tasks.start_soon(ask, ref)
        await trio.testing.wait_all_tasks_blocked()
        request = ref._cell.life.in_hand
        looking = Looking()
        ref._cell.watch(looking)
        await ref.stop()
    assert states == [Wait.SETTLED]
