"""What a type checker must say about actors. Never run: test_actor_types.py has mypy look, test_pyright.py pyright.

A line that is wrong on purpose ends with an E and the code of its error. All other lines must be right.
"""

from functools import partial
from typing import Any, assert_type

from actors import (
    Actor,
    ActorNursery,
    ActorRef,
    ActorStatus,
    ActorTree,
    Backoff,
    Deferred,
    Down,
    FunctionActor,
    Inbox,
    Supervision,
    Timer,
    function_actor,
    open_actor_nursery,
)
from actors.testing import DownRecorder, Faults, Probe, inject, record_downs


class Counter(Actor):
    supervision = Supervision("one_for_all", max_restarts=1, backoff=Backoff(first=0.1))

    def __init__(self, start: int = 0) -> None:
        self.total = start

    async def add(self, amount: int, *, twice: bool = False) -> int:
        self.total += amount * (2 if twice else 1)
        return self.total

    async def reset(self) -> None:
        self.total = 0

    async def name_of(self, prefix: str) -> str:
        return f"{prefix}{self.total}"

    async def next_total(self) -> Deferred[int]:
        return Deferred()

    async def total_or_next(self, now: bool) -> int | Deferred[int]:
        return self.total if now else Deferred()

    async def wrong_deferred(self) -> Deferred[int]:
        deferred = Deferred[int]()
        deferred.settle("text")  # E: [arg-type]
        deferred.fail(ValueError())
        deferred.fail("text")  # E: [arg-type]
        return deferred

    async def timed(self) -> None:
        assert_type(self.call_later(1.0, self.add, 1), Timer)
        self.call_later(1.0, self.add, 1, twice=True)
        self.call_every(1.0, self.reset)
        self.call_later(1.0, self.add)  # E: [call-arg]
        self.call_later(1.0, self.add, "one")  # E: [arg-type]
        self.call_later("soon", self.reset)  # E: [arg-type]
        self.call_every(1.0, self.not_async)  # E: [arg-type]

    def not_async(self) -> int:
        return self.total

    async def inside(self) -> None:
        assert_type(self.nursery, ActorNursery)
        assert_type(await self.ref.call(Counter.add, 1), int)
        child = await self.nursery.start(Counter, 1)
        assert_type(child, ActorRef[Counter])
        self.nursery.start_soon(self.add, 1)
        self.nursery.start_soon(self.add, "one")  # E: [arg-type]
        self.stop()


class Loud(Counter):
    async def shout(self) -> str:
        return "!"


class Pair(Actor):
    def __init__(self, left: int, right: str) -> None: ...

    async def left(self) -> int:
        return 1


class NoActor:
    async def add(self, amount: int) -> int:
        return amount


async def calls(counter: ActorRef[Counter], loud: ActorRef[Loud]) -> None:
    assert_type(await counter.call(Counter.add, 1), int)
    assert_type(await counter.call(Counter.add, 1, twice=True), int)
    assert_type(await counter.call(Counter.name_of, "n"), str)
    assert_type(await counter.call(Counter.next_total), int)
    assert_type(await counter.call(Counter.total_or_next, True), int)
    await counter.call(Counter.reset)

    await counter.call(Counter.add)  # E: [call-overload]
    await counter.call(Counter.add, "one")  # E: [call-overload]
    await counter.call(Counter.add, 1, thrice=True)  # E: [call-arg]
    await counter.call(Counter.add, 1, 2)  # E: [call-overload]
    await counter.call(Counter.not_async)  # E: [call-overload]
    await counter.call(Pair.left)  # E: [call-overload]
    await counter.call(Loud.shout)  # E: [call-overload]
    await counter.call(NoActor.add, 1)  # E: [call-overload]
    (await counter.call(Counter.add, 1)).upper()  # E: [attr-defined]
    text: str = await counter.call(Counter.add, 1)  # E: [call-overload]
    number: int = await counter.call(Counter.name_of, "n")  # E: [call-overload]

    # an override's actor takes the methods of its base, and a ref to it stands in for a ref to the base
    assert_type(await loud.call(Counter.add, 1), int)
    assert_type(await loud.call(Loud.shout), str)
    base: ActorRef[Counter] = loud
    down: ActorRef[Loud] = counter  # E: [assignment]
    print(text, number, base, down)


async def casts(counter: ActorRef[Counter]) -> None:
    await counter.cast(Counter.add, 1)
    counter.cast_nowait(Counter.add, 1, twice=True)
    await counter.cast(Counter.add)  # E: [call-arg]
    await counter.cast(Counter.add, "one")  # E: [arg-type]
    counter.cast_nowait(Counter.add, 1, thrice=True)  # E: [call-arg]
    counter.cast_nowait(Pair.left)  # E: [arg-type]
    await counter.cast(Counter.not_async)  # E: [arg-type]


async def starts(nursery: ActorNursery) -> None:
    assert_type(await nursery.start(Counter), ActorRef[Counter])
    assert_type(await nursery.start(Counter, 10, name="c", restart="transient", grace=1), ActorRef[Counter])
    assert_type(await nursery.start(Pair, 1, "x"), ActorRef[Pair])
    assert_type(await nursery.start(partial(Pair, right="x"), 1), ActorRef[Pair])
    assert_type(await nursery.start(lambda: Pair(1, "x")), ActorRef[Pair])

    await nursery.start(Counter, "ten")  # E: [arg-type]
    await nursery.start(Pair, 1)  # E: [arg-type]
    await nursery.start(Pair, "x", 1)  # E: [arg-type]
    await nursery.start(Pair, 1, "x", 2)  # E: [arg-type]
    await nursery.start(Counter, restart="sometimes")  # E: [arg-type]
    await nursery.start(Counter, timeout=1)  # E: [call-arg]
    await nursery.start(NoActor)  # E: [type-var]


async def watching(nursery: ActorNursery, counter: ActorRef[Counter]) -> None:
    async for down in counter.monitor():
        assert_type(down, Down)
    assert_type(await counter.wait_down(), Down)
    assert_type(counter.status(), ActorStatus)
    assert_type(nursery.tree(), ActorTree)
    assert_type(nursery.lookup("c"), ActorRef[Any])
    assert_type(nursery.lookup("c", Counter), ActorRef[Counter])
    assert_type(await nursery.wait_for("c", Loud), ActorRef[Loud])
    nursery.lookup("c", NoActor)  # E: [type-var]
    counter.status().name = "other"  # E: [misc]


async def shorten(inbox: Inbox[str], limit: int) -> None:
    async for text in inbox:
        assert_type(text, str)
        inbox.reply(text[:limit])


async def functions(nursery: ActorNursery) -> None:
    ref = await nursery.start(function_actor(shorten), 3)
    assert_type(ref, ActorRef[FunctionActor[str]])
    await ref.cast(FunctionActor.put, "text")
    assert_type(await ref.call(FunctionActor[str].ask, "text"), Any)
    await nursery.start(function_actor(shorten), "three")  # E: [arg-type]
    await nursery.start(function_actor(shorten))  # E: [arg-type]


async def opening() -> None:
    async with open_actor_nursery("app", strategy="rest_for_one", max_restarts=1, within=2.0) as nursery:
        assert_type(nursery, ActorNursery)
    open_actor_nursery(strategy="all_for_one")  # E: [arg-type]
    open_actor_nursery(timeout=5)  # E: [call-arg]


async def testing(nursery: ActorNursery, counter: ActorRef[Counter]) -> None:
    assert_type(inject(Counter, Faults(crash_on=[1])), type[Counter])
    assert_type(await nursery.start(inject(Pair, Faults()), 1, "x"), ActorRef[Pair])
    assert_type(record_downs(counter), DownRecorder)
    probe = await nursery.start(Probe)
    assert_type(await probe.call(Probe.seen), tuple[Any, ...])
