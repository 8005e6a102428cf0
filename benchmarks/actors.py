"""What a message and an actor cost, beside the least that Trio could charge for them and beside pykka.

"Bare Trio" is what one would write without actors: for a call a memory channel as the mailbox and an event for the
reply, for a life a nursery with one task. Those cases are measured in processor time, for nothing in them waits.
pykka's actors are threads that wait for each other, so beside pykka it is the clock on the wall; its ``ask`` is as
fast as the system wakes threads: where cores fall asleep between two messages it takes four times as long as where
other programs keep them awake. A row shows one message, or one life.
"""

import gc
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pykka
import trio
import trio.testing

from actors import Actor, open_actor_nursery

from ._harness import Case, Contender, Sample
from ._loops import Clock, Work, on_trio, on_wall
from ._records import Fact, Target

PEERS = ("trio", "pykka")

BATCH = 500
"""So many messages are sent before the sender waits until they are handled."""


def cases(quick: bool) -> Iterator[Case | Fact]:
    count = 2_000 if quick else 10_000
    yield calls(count)
    yield calls_beside_pykka(count // 100)
    yield casts_beside_pykka(count)
    yield lives_beside_pykka(count // 20)
    yield lives(count // 20)
    yield lives_with_hooks(count // 20)
    yield idle(count // 20)


# -- what is done --------------------------------------------------------------------------------------------


class Adder(Actor):
    mailbox_bound = BATCH

    def __init__(self) -> None:
        self.total = 0

    async def add(self, amount: int) -> int:
        self.total += amount
        return self.total


class Hooked(Adder):
    async def started(self) -> None:
        self.total = 0

    async def stopping(self) -> None:
        self.total = 0


class PykkaAdder(pykka.ThreadingActor):
    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def on_receive(self, message: int) -> int:
        self.total += message
        return self.total


class Request:
    __slots__ = ("amount", "done", "total")

    def __init__(self, amount: int) -> None:
        self.amount = amount
        self.done = trio.Event()


async def serve(mailbox: trio.MemoryReceiveChannel[Request]) -> None:
    total = 0
    async for request in mailbox:
        total += request.amount
        request.total = total
        request.done.set()


async def ask(mailbox: trio.MemorySendChannel[Request], amount: int) -> int:
    request = Request(amount)
    await mailbox.send(request)
    await request.done.wait()
    return request.total


# -- how it is measured --------------------------------------------------------------------------------------


def calls(count: int) -> Case:
    async def bare(clock: Clock) -> Sample:
        send, receive = trio.open_memory_channel[Request](BATCH)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve, receive)
            start = clock()
            for _ in range(count):
                total = await ask(send, 1)
            sample = Sample((clock() - start) / count, total)
            nursery.cancel_scope.cancel()
        return sample

    contenders = [on_trio("trellis call", calling(count)), on_trio("bare Trio: mailbox and event", bare)]
    return Case("an actor's call", contenders, [Target(1.5, than="bare Trio: mailbox and event")])


def calling(count: int) -> Work:
    async def work(clock: Clock) -> Sample:
        async with open_actor_nursery() as nursery:
            ref = await nursery.start(Adder)
            start = clock()
            for _ in range(count):
                total = await ref.call(Adder.add, 1)
            return Sample((clock() - start) / count, total)

    return work


def calls_beside_pykka(count: int) -> Case:
    def peer() -> Sample:
        ref = PykkaAdder.start()
        start = time.perf_counter()
        for _ in range(count):
            total = ref.ask(1)
        sample = Sample((time.perf_counter() - start) / count, total)
        ref.stop()
        return sample

    contenders = [on_wall("trellis call", calling(count)), Contender("pykka ask", peer)]
    # few calls a turn and many turns: on a busy machine a short turn has a chance to pass undisturbed
    return Case("an actor's call, on the wall", contenders, [Target(1 / 5, than="pykka ask")], rounds=45)


def casts_beside_pykka(count: int) -> Case:
    async def ours(clock: Clock) -> Sample:
        async with open_actor_nursery() as nursery:
            ref = await nursery.start(Adder)
            start = clock()
            for _ in range(count // BATCH):
                for _ in range(BATCH):
                    ref.cast_nowait(Adder.add, 1)
                total = await ref.call(Adder.add, 0)
            return Sample((clock() - start) / count, total)

    def peer() -> Sample:
        ref = PykkaAdder.start()
        start = time.perf_counter()
        for _ in range(count // BATCH):
            for _ in range(BATCH):
                ref.tell(1)
            total = ref.ask(0)
        sample = Sample((time.perf_counter() - start) / count, total)
        ref.stop()
        return sample

    contenders = [on_wall("trellis cast_nowait", ours), Contender("pykka tell", peer)]
    return Case(f"a cast, {BATCH} at a time, on the wall", contenders, [Target(1, than="pykka tell")])


def lives_beside_pykka(count: int) -> Case:
    """Start an actor, ask it once, and stop it."""

    async def ours(clock: Clock) -> Sample:
        async with open_actor_nursery() as nursery:
            totals = 0
            start = clock()
            for _ in range(count):
                ref = await nursery.start(Adder)
                totals += await ref.call(Adder.add, 1)
                await ref.stop()
            return Sample((clock() - start) / count, totals)

    def peer() -> Sample:
        totals = 0
        start = time.perf_counter()
        for _ in range(count):
            ref = PykkaAdder.start()
            totals += ref.ask(1)
            ref.stop()
        return Sample((time.perf_counter() - start) / count, totals)

    contenders = [on_wall("trellis", ours), Contender("pykka", peer)]
    return Case("an actor started, called once and stopped, on the wall", contenders, [Target(1 / 3, than="pykka")])


def lives(count: int) -> Case:
    contenders = [on_trio("trellis start and stop", living(Adder, count)), on_trio(ONE_TASK, one_task(count))]
    return Case("an actor started and stopped", contenders, [Target(6, than=ONE_TASK)])


def lives_with_hooks(count: int) -> Case:
    contenders = [on_trio("trellis start and stop", living(Hooked, count)), on_trio(ONE_TASK, one_task(count))]
    return Case("an actor with both hooks started and stopped", contenders, [Target(6, than=ONE_TASK)])


ONE_TASK = "bare Trio: a nursery with one task"


def living(actor_class: type[Adder], count: int) -> Work:
    async def work(clock: Clock) -> Sample:
        async with open_actor_nursery() as nursery:
            start = clock()
            for _ in range(count):
                ref = await nursery.start(actor_class)
                await ref.stop()
            return Sample((clock() - start) / count, None)

    return work


def one_task(count: int) -> Work:
    async def work(clock: Clock) -> Sample:
        start = clock()
        for _ in range(count):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.lowlevel.checkpoint_if_cancelled)
        return Sample((clock() - start) / count, None)

    return work


def idle(count: int) -> Fact:
    async def weigh() -> float:
        async with open_actor_nursery() as nursery:
            await nursery.start(Adder)
            gc.collect()
            tracemalloc.start()
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(count):
                await nursery.start(Adder)
            await trio.testing.wait_all_tasks_blocked()
            gc.collect()
            grown = tracemalloc.get_traced_memory()[0] - before
            tracemalloc.stop()
            return grown / count

    weight: Any = trio.run(weigh)
    return Fact("memory of an idle actor", weight, "bytes", most=10_240)
