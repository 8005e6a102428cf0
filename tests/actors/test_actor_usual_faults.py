"""The usual faults of an actor loop made by hand, each shown absent."""

import gc
import logging
import tracemalloc
import weakref
from typing import ClassVar

import pytest
import trio
import trio.testing

from actors import Actor, Backoff, Deferred, open_actor_nursery
from actors.testing import record_downs


class Server(Actor):
    mailbox_bound = 1

    def __init__(self, record: list | None = None) -> None:
        self.record = record if record is not None else []

    async def work(self, seconds: float) -> str:
        await trio.sleep(seconds)
        self.record.append("worked")
        return "done"

    async def fail_after(self, seconds: float) -> None:
        await trio.sleep(seconds)
        raise ValueError("nobody hears this")

    async def stopping(self) -> None:
        self.record.append("stopped")


async def test_a_callers_timeout_does_not_kill_the_server(autojump_clock):
    async with open_actor_nursery() as nursery:
        server = await nursery.start(Server)
        with pytest.raises(trio.TooSlowError), trio.fail_after(1):
            await server.call(Server.work, 5)
        assert await server.call(Server.work, 0) == "done"
        assert server.status().restarts == 0


async def test_a_start_error_is_not_masked_by_what_comes_after_it():
    class Broken(Actor):
        async def started(self) -> None:
            raise ConnectionRefusedError("database")

        async def stopping(self) -> None:
            raise AttributeError("self.connection")

    async with open_actor_nursery() as nursery:
        with pytest.raises(ConnectionRefusedError, match="database"):
            await nursery.start(Broken)


async def test_the_stop_hook_is_not_skipped_on_cancellation(autojump_clock):
    record = []
    with trio.move_on_after(1):
        async with open_actor_nursery() as nursery:
            server = await nursery.start(Server, record)
            await server.call(Server.work, 60)
    assert record == ["stopped"]


async def test_a_temporary_childs_crash_does_not_kill_its_supervisor(autojump_clock):
    async with open_actor_nursery() as nursery:
        child = await nursery.start(Server, restart="temporary")
        sibling = await nursery.start(Server)
        recorder = record_downs(child)
        await child.cast(Server.fail_after, 0)
        await recorder.wait_for(1)
        assert await sibling.call(Server.work, 0) == "done"


async def test_the_deadline_covers_the_send_as_well_as_the_reply(autojump_clock):
    async with open_actor_nursery() as nursery:
        server = await nursery.start(Server)
        server.cast_nowait(Server.work, 100)
        await trio.testing.wait_all_tasks_blocked()
        server.cast_nowait(Server.work, 100)
        with trio.move_on_after(1) as scope:
            await server.call(Server.work, 0)
        assert scope.cancelled_caught
        assert trio.current_time() == 1


async def test_an_error_whose_caller_has_gone_is_not_swallowed(autojump_clock):
    with pytest.raises(ValueError, match="nobody hears this"):
        async with open_actor_nursery() as nursery:
            server = await nursery.start(Server)
            with trio.move_on_after(1):
                await server.call(Server.fail_after, 5)
            await trio.sleep_forever()


async def test_an_error_whose_caller_has_gone_is_a_crash_like_any_other(autojump_clock):
    async with open_actor_nursery(backoff=Backoff(first=0, jitter=0)) as nursery:
        server = await nursery.start(Server, restart="transient")
        with trio.move_on_after(1):
            await server.call(Server.fail_after, 5)
        assert await server.call(Server.work, 0) == "done"
        assert server.status().restarts == 1


async def test_a_crash_leaves_no_caller_waiting(autojump_clock):
    told = []

    async def ask(server):
        try:
            await server.call(Server.work, 0)
        except Exception as error:
            told.append(type(error).__name__)

    async with open_actor_nursery() as nursery, trio.open_nursery() as tasks:
        server = await nursery.start(Server, restart="temporary")
        server.cast_nowait(Server.fail_after, 1)
        for _ in range(5):
            tasks.start_soon(ask, server)
    assert told == ["ActorStopped"] * 5


class Holder(Server):
    async def hold(self) -> Deferred[None]:
        return Deferred()


class Asker(Actor):
    """Waits for another actor in a cast, so that nobody takes its error."""

    async def ask_for_nothing(self, other) -> None:
        await other.call(Holder.hold)

    async def ask(self, other) -> None:
        await other.call(Server.work, 60)

    async def ask_in_a_task(self, other) -> None:
        async with trio.open_nursery() as tasks:
            tasks.start_soon(other.call, Server.work, 60)


@pytest.mark.parametrize("ask", [Asker.ask, Asker.ask_in_a_task])
@pytest.mark.parametrize("restart", ["permanent", "never"])
async def test_an_orderly_end_is_no_crash_for_one_who_waits_for_an_actor_that_stops_before_it(ask, restart):
    async with open_actor_nursery() as nursery:
        asker = await nursery.start(Asker, restart=restart, name="first, so stopped last")
        server = await nursery.start(Server)
        await asker.cast(ask, server)
        await trio.testing.wait_all_tasks_blocked()
    assert (await asker.wait_down()).reason == "cancelled"


async def test_those_who_waited_for_a_crashed_sibling_and_fall_with_it_are_not_counted_as_crashes_of_their_own():
    backoff = Backoff(first=0, jitter=0)
    async with open_actor_nursery(strategy="one_for_all", max_restarts=1, backoff=backoff) as nursery:
        askers = [await nursery.start(Asker, restart="permanent") for _ in range(3)]
        server = await nursery.start(Holder, restart="permanent")
        for asker in askers:
            await asker.cast(Asker.ask_for_nothing, server)
        await trio.testing.wait_all_tasks_blocked()
        server._cell.life.crash(ValueError("while all wait for it"))
        await trio.testing.wait_all_tasks_blocked(0.01)
        tree = nursery.tree()
        assert tree.restarts == 1
        assert [(actor.restarts, actor.state) for actor in tree.actors] == [(1, "running")] * 4


class Heavy(Server):
    seen: ClassVar[list] = []

    async def started(self) -> None:
        self.seen.append(weakref.ref(self))

    async def crash(self) -> None:
        raise ValueError("x")


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_dead_actors_memory_is_free(restarted, autojump_clock, monkeypatch):
    """Neither a ref, nor the nursery, keeps the object of a life that is over."""
    monkeypatch.setattr(logging.getLogger("actors"), "disabled", True)  # pytest keeps what is logged
    async with open_actor_nursery(backoff=Backoff(first=0, jitter=0)) as nursery:
        ref = await nursery.start(Heavy, restart="permanent")
        await ref.call(Server.work, 0)
        if restarted:
            await ref.cast(Heavy.crash)
            await ref.call(Server.work, 0)
            former = Heavy.seen[-2]
        else:
            await ref.stop()
            former = Heavy.seen[-1]
        await trio.testing.wait_all_tasks_blocked()
        gc.collect()
        assert former() is None


async def test_an_idle_actor_weighs_less_than_ten_kibibytes():
    class Idle(Actor): ...

    async with open_actor_nursery() as nursery:
        await nursery.start(Idle)
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(100):
            await nursery.start(Idle)
        await trio.testing.wait_all_tasks_blocked()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
    assert 1024 < grown / 100 < 10 * 1024
