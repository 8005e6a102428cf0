"""What a message costs from a publisher to its subscribers in one process, 64 bytes by reference.

Both sides wait for room in a queue of 32, and ezmsg takes its short cut inside a process, without a copy; its graph
server has a process of its own. Throughput is processor time of ours and of ezmsg's process alike, and its server
is not in it. Latency is on the wall: messages leave one at a time into idle queues, and each carries its time.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from statistics import quantiles
from typing import Any

import trio

from actors import Publisher, Subscriber, open_graph, open_session

from . import _ezmsg
from ._harness import Case, Fact, Sample, Target
from ._process import server
from .actors import Clock, on_trio

PEERS = ("trio", "ezmsg")

PAYLOAD = b"x" * 64
QUEUE = 32
FROM, TO = "SYS/SOURCE/OUT", "SYS/SINK/IN"
PAUSE = 0.0005
"""Seconds between two messages whose latency is measured."""

Place = tuple[str, int]


def cases(quick: bool) -> Iterator[Case | Fact]:
    count, sends = (5_000, 300) if quick else (50_000, 1_000)
    with server("_ezmsg") as ezmsg:
        place = ezmsg.place
        yield throughput(place, count, 1)
        yield throughput(place, count // 5, 10)
        yield latency(place, sends, 50)
        yield latency(place, sends, 99)


# -- throughput ----------------------------------------------------------------------------------------------


def throughput(place: Place, count: int, subscribers: int) -> Case:
    """Measure from the first message to the last one's arrival at every subscriber; a row shows one message."""

    async def ours(_: Clock) -> Sample:
        async with ours_open(subscribers) as (publisher, listeners):
            got: list[int] = []
            start = time.thread_time()
            async with trio.open_nursery() as nursery:
                for listener in listeners:
                    nursery.start_soon(take, listener, count, got)
                for _ in range(count):
                    await publisher.send(PAYLOAD)
            return Sample((time.thread_time() - start) / count, got)

    async def peer(_: Clock) -> Sample:
        async with peer_open(place, subscribers) as (publisher, listeners):
            got: list[int] = []
            start = time.thread_time()
            taking = [asyncio.create_task(peer_take(listener, count, got)) for listener in listeners]
            for _ in range(count):
                await publisher.broadcast(PAYLOAD)
            await asyncio.gather(*taking)
            return Sample((time.thread_time() - start) / count, got)

    many = "one subscriber" if subscribers == 1 else f"{subscribers} subscribers"
    contenders = [on_trio("trellis", ours), _ezmsg.on_asyncio("ezmsg", peer)]
    return Case(f"one publisher, {many}, 64 B", contenders, [Target(1 / 5, than="ezmsg")])


async def take(subscriber: Subscriber, count: int, got: list[int]) -> None:
    size = 0
    for _ in range(count):
        size += len(await subscriber.receive())
    got.append(size)


async def peer_take(subscriber: Any, count: int, got: list[int]) -> None:
    size = 0
    for _ in range(count):
        async with subscriber.recv_zero_copy() as message:
            size += len(message)
    got.append(size)


# -- latency -------------------------------------------------------------------------------------------------


def latency(place: Place, count: int, percent: int) -> Case:
    async def ours(clock: Clock) -> Sample:
        async with ours_open(1) as (publisher, (listener,)), trio.open_nursery() as nursery:
            spent: list[float] = []

            async def arrive() -> None:
                for _ in range(count):
                    sent = await listener.receive()
                    spent.append(clock() - sent)

            nursery.start_soon(arrive)
            for _ in range(count):
                await trio.sleep(PAUSE)
                await publisher.send(clock())
        return Sample(percentile(spent, percent), len(spent))

    async def peer(clock: Clock) -> Sample:
        async with peer_open(place, 1) as (publisher, (listener,)):
            spent: list[float] = []

            async def arrive() -> None:
                for _ in range(count):
                    async with listener.recv_zero_copy() as sent:
                        spent.append(clock() - sent)

            arriving = asyncio.create_task(arrive())
            for _ in range(count):
                await asyncio.sleep(PAUSE)
                await publisher.broadcast(clock())
            await arriving
        return Sample(percentile(spent, percent), len(spent))

    async def floor(clock: Clock) -> Sample:
        send, receive = trio.open_memory_channel[float](QUEUE)
        spent: list[float] = []

        async def arrive() -> None:
            async for sent in receive:
                spent.append(clock() - sent)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(arrive)
            with send:
                for _ in range(count):
                    await trio.sleep(PAUSE)
                    await send.send(clock())
        return Sample(percentile(spent, percent), len(spent))

    contenders = [
        on_trio("trellis", ours, time.perf_counter),
        _ezmsg.on_asyncio("ezmsg", peer),
        on_trio("bare Trio: memory channel", floor, time.perf_counter),
    ]
    return Case(f"one-way latency, p{percent}", contenders, [Target(1 / 2, than="ezmsg")], rounds=15)


def percentile(spent: list[float], percent: int) -> float:
    return quantiles(spent, n=100)[percent - 1]


# -- endpoints -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def ours_open(subscribers: int) -> AsyncIterator[tuple[Publisher, list[Subscriber]]]:
    async with AsyncExitStack() as stack:
        graph = await stack.enter_async_context(open_graph())
        session = await stack.enter_async_context(open_session(graph, name="benchmark"))
        await session.connect(FROM, TO)
        subscriber = partial(session.subscriber, TO, max_queue=QUEUE)
        listeners = [await stack.enter_async_context(subscriber()) for _ in range(subscribers)]
        yield await stack.enter_async_context(session.publisher(FROM)), listeners


@asynccontextmanager
async def peer_open(place: Place, subscribers: int) -> AsyncIterator[tuple[Any, list[Any]]]:
    async with _ezmsg.context(place) as session:
        await session.connect(FROM, TO)
        publisher = await session.publisher(FROM, num_buffers=QUEUE)
        listeners = [await session.subscriber(TO) for _ in range(subscribers)]
        # Subscribers learn of their publishers after they are there, and there is no event for it.
        while not all(endpoint._channels for endpoint in (publisher, *listeners)):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        yield publisher, listeners
