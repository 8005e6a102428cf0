"""A function as an actor, and an actor held still to be looked at."""

import pytest
import trio
import trio.testing

from actors import Actor, ActorStopped, Backoff, FunctionActor, Inbox, function_actor, open_actor_nursery


async def shorten(inbox: Inbox[str], limit: int) -> None:
    async for text in inbox:
        if text == "stop":
            return
        if text == "crash":
            raise ValueError(text)
        if text != "silence":
            inbox.reply(text[:limit])


async def test_a_function_reads_its_inbox_and_replies():
    async with open_actor_nursery("app") as nursery:
        ref = await nursery.start(function_actor(shorten), 3)
        assert ref.path == "app/shorten"
        assert await ref.call(FunctionActor.ask, "abcdef") == "abc"
        await ref.cast(FunctionActor.put, "nobody waits for this")
        assert await ref.call(FunctionActor.ask, "xyz!") == "xyz"


async def test_a_message_that_the_function_passes_over_is_answered_with_none():
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(function_actor(shorten), 3)
        assert await ref.call(FunctionActor.ask, "silence") is None
        assert await ref.call(FunctionActor.ask, "stop") is None


async def test_when_the_function_returns_its_actor_ends():
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(function_actor(shorten), 3)
        await ref.cast(FunctionActor.put, "stop")
        assert (await ref.wait_down()).reason == "normal"


async def test_an_error_in_the_function_is_a_crash_and_a_restart_calls_it_again():
    async with open_actor_nursery(backoff=Backoff(first=0, jitter=0)) as nursery:
        ref = await nursery.start(function_actor(shorten), 3, restart="transient")
        await ref.cast(FunctionActor.put, "crash")
        assert await ref.call(FunctionActor.ask, "abcdef") == "abc"
        assert ref.status().restarts == 1


async def test_an_error_before_the_first_message_reaches_the_starter():
    async def broken(inbox: Inbox[str]) -> None:
        raise ConnectionError("before it was ready")

    async with open_actor_nursery() as nursery:
        with pytest.raises(ConnectionError, match="before it was ready"):
            await nursery.start(function_actor(broken))
        assert nursery.tree().actors == ()


async def test_a_function_that_never_reads_ends_its_actor_when_it_returns():
    async def brief(inbox: Inbox[str]) -> None:
        await trio.lowlevel.checkpoint()

    async with open_actor_nursery() as nursery:
        ref = await nursery.start(function_actor(brief))
        assert (await ref.wait_down()).reason == "normal"


async def test_messages_wait_in_the_mailbox_and_nowhere_else():
    async def slow(inbox: Inbox[int]) -> None:
        async for _ in inbox:
            await trio.sleep_forever()

    async with open_actor_nursery() as nursery:
        ref = await nursery.start(function_actor(slow))
        for number in range(10):
            await ref.cast(FunctionActor.put, number)
            await trio.testing.wait_all_tasks_blocked()
        assert ref.status().mailbox_depth == 9, "one is with the function"


async def test_a_crash_loses_only_the_message_that_caused_it():
    async with open_actor_nursery(backoff=Backoff(first=0, jitter=0)) as nursery:
        done = []

        async def careful(inbox: Inbox[str]) -> None:
            async for text in inbox:
                await trio.lowlevel.checkpoint()
                if text == "crash":
                    raise ValueError(text)
                done.append(text)

        ref = await nursery.start(function_actor(careful), restart="transient")
        for text in ("one", "crash", "two", "three"):
            ref.cast_nowait(FunctionActor.put, text)
        await ref.call(FunctionActor.ask, "four")
        assert done == ["one", "two", "three", "four"]


async def test_a_reply_reaches_its_caller_while_the_function_goes_on(autojump_clock):
    async def thorough(inbox: Inbox[str]) -> None:
        async for text in inbox:
            inbox.reply(text.upper())
            inbox.reply("too late")
            await trio.sleep(5)

    async with open_actor_nursery() as nursery:
        ref = await nursery.start(function_actor(thorough))
        assert await ref.call(FunctionActor.ask, "a") == "A"
        assert trio.current_time() == 0
        assert await ref.call(FunctionActor.ask, "b") == "B"
        assert trio.current_time() == 5


async def test_a_function_that_ends_as_a_message_comes_hangs_nobody(autojump_clock):
    async def bored(inbox: Inbox[str]) -> None:
        with trio.move_on_after(1):
            async for _ in inbox:
                pass
        await trio.sleep(1)

    async with open_actor_nursery() as nursery:
        ref = await nursery.start(function_actor(bored))
        await trio.sleep(1.5)
        with pytest.raises(ActorStopped):
            await ref.call(FunctionActor.ask, "is anybody there?")


async def test_a_function_is_cancelled_when_its_actor_stops():
    record = []

    async def tidy(inbox: Inbox[int]) -> None:
        try:
            async for _ in inbox:
                pass
        finally:
            record.append("tidied")

    async with open_actor_nursery() as nursery:
        await nursery.start(function_actor(tidy))
    assert record == ["tidied"]


class Counter(Actor):
    def __init__(self) -> None:
        self.total = 0

    async def add(self, amount: int) -> int:
        self.total += amount
        return self.total


async def test_a_suspended_actor_takes_nothing_until_it_is_resumed():
    async with open_actor_nursery() as nursery:
        ref = await nursery.start(Counter)
        ref.suspend()
        ref.cast_nowait(Counter.add, 1)
        ref.cast_nowait(Counter.add, 2)
        await trio.testing.wait_all_tasks_blocked()
        assert (ref.status().state, ref.status().mailbox_depth) == ("suspended", 2)
        assert ref.peek() == {"total": 0}
        ref.resume()
        await trio.testing.wait_all_tasks_blocked()
        assert ref.peek() == {"total": 3}


async def test_a_suspended_actor_can_be_stopped():
    async with open_actor_nursery() as nursery, trio.open_nursery() as tasks:
        ref = await nursery.start(Counter)
        ref.suspend()

        async def ask():
            with pytest.raises(ActorStopped):
                await ref.call(Counter.add, 1)

        tasks.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        await ref.stop()
        assert ref.peek() == {}


async def test_an_actor_stays_suspended_through_a_restart():
    async with open_actor_nursery(backoff=Backoff(first=0, jitter=0)) as nursery:
        ref = await nursery.start(Counter, restart="permanent")
        ref.suspend()
        ref.cast_nowait(Counter.add, 1)
        ref._cell.life.crash(ValueError("while it is suspended"))
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert ref.status().restarts == 1
        assert (ref.status().state, ref.status().mailbox_depth) == ("suspended", 1)
        ref.resume()
        assert await ref.call(Counter.add, 1) == 2
