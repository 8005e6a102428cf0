"""What a message costs from a publisher to its subscribers in one process, 64 bytes by reference.

Both sides wait for room in a queue of 32, and ezmsg takes its short cut inside a process, without a copy; its graph
server has a process of its own. Throughput is processor time of ours and of ezmsg's process alike, and its server
is not in it. Latency is on the wall, twice: *paced*, where messages leave one at a time into idle queues, and *at full
speed*, where the publisher sends as fast as it may. Each message carries its time.
"""

import asyncio
import time
from collections.abc import Iterator
from functools import partial
from statistics import quantiles

import trio

from ._harness import Case, Sample
from ._loops import Clock, on_asyncio, on_trio, on_wall
from ._process import server
from ._records import Fact, Target
from ._streams import Place, ours_open, peer_open, peer_streaming, streaming
from ._workloads import QUEUE, payload

PEERS = ("trio", "ezmsg")

PAUSE = 0.0005
"""Seconds between two messages of a paced sender."""
PERCENTS = (50, 99)


def cases(quick: bool) -> Iterator[Case | Fact]:
    count, sends = (2_000, 200) if quick else (50_000, 1_000)
    with server("_ezmsg") as ezmsg:
        place = ezmsg.place
        yield throughput(place, count, 1)
        yield throughput(place, count // 5, 10)
        yield latency(place, "paced", sends, PAUSE)
        yield latency(place, "at full speed", sends * 10, None)


def throughput(place: Place, count: int, subscribers: int) -> Case:
    message = payload(64)
    contenders = [
        on_trio("trellis", streaming(message, count, subscribers)),
        on_asyncio("ezmsg", peer_streaming(place, message, count, subscribers), clock=time.thread_time),
    ]
    many = "one subscriber" if subscribers == 1 else "ten subscribers"
    return Case(f"one publisher, {many}, in process, 64 B", contenders, [Target(1 / 5, than="ezmsg")])


# -- latency -------------------------------------------------------------------------------------------------


def latency(place: Place, manner: str, count: int, pause: float | None) -> Case:
    contenders = [
        on_wall("trellis", partial(ours, count, pause)),
        on_asyncio("ezmsg", partial(peer, place, count, pause)),
        on_wall("bare Trio: memory channel", partial(floor, count, pause)),
    ]
    targets = [Target(1 / 2, than="ezmsg", figure=f"p{percent}") for percent in PERCENTS]
    return Case(f"one-way latency in process, {manner}", contenders, targets, rounds=15)


async def ours(count: int, pause: float | None, clock: Clock) -> Sample:
    async with ours_open(1) as (publisher, (listener,)), trio.open_nursery() as nursery:
        spent: list[float] = []

        async def arrive() -> None:
            for _ in range(count):
                sent = await listener.receive()
                spent.append(clock() - sent)

        nursery.start_soon(arrive)
        for _ in range(count):
            if pause is not None:
                await trio.sleep(pause)
            await publisher.send(clock())
    return percentiles(spent)


async def peer(place: Place, count: int, pause: float | None, clock: Clock) -> Sample:
    async with peer_open(place, 1) as (publisher, (listener,)):
        spent: list[float] = []

        async def arrive() -> None:
            for _ in range(count):
                async with listener.recv_zero_copy() as sent:
                    spent.append(clock() - sent)

        arriving = asyncio.create_task(arrive())
        for _ in range(count):
            if pause is not None:
                await asyncio.sleep(pause)
            await publisher.broadcast(clock())
        await arriving
    return percentiles(spent)


async def floor(count: int, pause: float | None, clock: Clock) -> Sample:
    send, receive = trio.open_memory_channel[float](QUEUE)
    spent: list[float] = []

    async def arrive() -> None:
        async for sent in receive:
            spent.append(clock() - sent)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(arrive)
        with send:
            for _ in range(count):
                if pause is not None:
                    await trio.sleep(pause)
                await send.send(clock())
    return percentiles(spent)


def percentiles(spent: list[float]) -> Sample:
    """Return the sample of one run's latencies; how many there are is the proof."""
    cuts = quantiles(spent, n=100)
    return Sample({f"p{percent}": cuts[percent - 1] for percent in PERCENTS}, len(spent))
