"""Timers: messages that an actor sends itself later, bound to one life."""

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from actors import Actor, Backoff, open_actor_nursery
from actors._floor._timers import next_due


class Clock(Actor):
    mailbox_bound = 4

    def __init__(self, record: list) -> None:
        self.record = record

    async def note(self, text: str, *, loud: bool = False) -> None:
        self.record.append((trio.current_time(), text.upper() if loud else text))

    async def later(self, delay: float, text: str) -> None:
        self.timer = self.call_later(delay, self.note, text, loud=True)

    async def every(self, interval: float, text: str) -> None:
        self.timer = self.call_every(interval, self.note, text)

    async def cancel(self) -> None:
        self.timer.cancel()

    async def busy(self, seconds: float) -> None:
        await trio.sleep(seconds)

    async def crash(self) -> None:
        raise ValueError("x")


async def test_call_later_runs_once_after_its_delay(autojump_clock):
    record = []
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Clock, record)
        await ref.call(Clock.later, 3, "hello")
        await trio.sleep(10)
    assert record == [(3, "HELLO")]


async def test_call_every_keeps_its_beat(autojump_clock):
    record = []
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Clock, record)
        await ref.call(Clock.every, 2, "tick")
        await trio.sleep(7)
    assert record == [(2, "tick"), (4, "tick"), (6, "tick")]


async def test_a_timers_work_is_a_message_among_others_and_never_runs_beside_one(autojump_clock):
    record = []
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Clock, record)
        await ref.call(Clock.later, 1, "due at one")
        await ref.call(Clock.busy, 5)
        await ref.call(Clock.note, "after")
    assert record == [(5, "DUE AT ONE"), (5, "after")]


async def test_beats_on_which_the_actor_is_behind_are_left_out_and_do_not_pile_up(autojump_clock):
    record = []
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Clock, record)
        await ref.call(Clock.every, 1, "tick")
        await ref.call(Clock.busy, 10.5)
        await trio.sleep(2)
    assert record == [(10.5, "tick"), (11, "tick"), (12, "tick")]


async def test_timers_die_with_the_life_that_asked_for_them(autojump_clock):
    record = []
    async with open_actor_nursery(backoff=Backoff(first=0, jitter=0)) as nursery:
        ref = await nursery.start(Clock, record, restart="permanent")
        await ref.call(Clock.later, 3, "lost")
        await ref.call(Clock.every, 2, "lost")
        await ref.cast(Clock.crash)
        await trio.sleep(10)
        assert ref.status().state == "running"
    assert record == []


async def test_a_timers_message_that_is_queued_when_its_life_ends_does_nothing_in_the_next(autojump_clock):
    record = []
    async with open_actor_nursery(backoff=Backoff(first=0, jitter=0)) as nursery:
        ref = await nursery.start(Clock, record, restart="permanent")
        await ref.call(Clock.later, 1, "lost")
        ref.cast_nowait(Clock.busy, 2)
        ref.cast_nowait(Clock.crash)
        await trio.sleep(1.5)
        assert ref.status().mailbox_depth == 2
        await trio.sleep(10)
    assert record == []


async def test_a_cancelled_timer_does_nothing_also_if_its_message_is_queued_already(autojump_clock):
    record = []
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Clock, record)
        await ref.call(Clock.later, 1, "cancelled in time")
        await ref.call(Clock.cancel)
        await trio.sleep(2)
        await ref.call(Clock.later, 1, "cancelled in the queue")
        ref.cast_nowait(Clock.busy, 2)
        ref.cast_nowait(Clock.cancel)
        await trio.sleep(5)
    assert record == []


async def test_an_error_in_a_timers_work_is_a_crash(autojump_clock):
    class Fused(Actor):
        async def started(self) -> None:
            self.call_later(1, self.blow)

        async def blow(self) -> None:
            raise ValueError("blown")

    with pytest.raises(ValueError, match="blown"):
        async with open_actor_nursery() as nursery:
            await nursery.start(Fused)
            await trio.sleep_forever()


async def test_a_timer_waits_for_room_in_a_full_mailbox(autojump_clock):
    record = []
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Clock, record)
        await ref.call(Clock.later, 1, "patient")
        ref.cast_nowait(Clock.busy, 5)
        await trio.testing.wait_all_tasks_blocked()
        for number in range(4):
            ref.cast_nowait(Clock.note, str(number))
        await trio.sleep(10)
    assert [text for _, text in record] == ["0", "1", "2", "3", "PATIENT"]


async def test_timers_do_not_keep_an_actor_from_stopping(autojump_clock):
    record = []
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Clock, record)
        await ref.call(Clock.later, 1000, "never")
        await ref.call(Clock.every, 1000, "never")
        await ref.stop()
        assert trio.current_time() == 0


async def test_an_interval_of_nothing_is_refused():
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Clock, [])
        with pytest.raises(ValueError, match="positive"):
            await ref.call(Clock.every, 0, "x")


@given(st.floats(0, 1e6), st.floats(1e-3, 1e3), st.floats(0, 1e5))
def test_the_next_beat_is_the_first_one_after_now(due, interval, late):
    now = due + late
    following = next_due(due, interval, now)
    slack = 1e-6 * max(1.0, now)
    assert now - slack <= following <= now + interval + slack
    beats = (following - due) / interval
    assert abs(beats - round(beats)) < 1e-3 * max(1.0, now / interval * 1e-6)
