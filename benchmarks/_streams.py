"""A publisher and its subscribers in one process, ours and ezmsg's: how they are opened, and so many messages sent.

ezmsg is in its best mode: it takes its short cut inside a process, without a copy.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import trio

from actors import Publisher, Subscriber, open_graph, open_session

from . import _ezmsg
from ._harness import Sample
from ._loops import Clock, Work
from ._workloads import EDGE, QUEUE

Place = tuple[str, int]


@asynccontextmanager
async def ours_open(subscribers: int) -> AsyncIterator[tuple[Publisher, list[Subscriber]]]:
    from_topic, to_topic = EDGE
    async with AsyncExitStack() as stack:
        graph = await stack.enter_async_context(open_graph())
        session = await stack.enter_async_context(open_session(graph, name="benchmark"))
        await session.connect(from_topic, to_topic)
        subscriber = partial(session.subscriber, to_topic, max_queue=QUEUE)
        listeners = [await stack.enter_async_context(subscriber()) for _ in range(subscribers)]
        yield await stack.enter_async_context(session.publisher(from_topic)), listeners


@asynccontextmanager
async def peer_open(place: Place, subscribers: int) -> AsyncIterator[tuple[Any, list[Any]]]:
    from_topic, to_topic = EDGE
    async with _ezmsg.context(place) as session:
        await session.connect(from_topic, to_topic)
        publisher = await session.publisher(from_topic, num_buffers=QUEUE)
        listeners = [await session.subscriber(to_topic) for _ in range(subscribers)]
        # Subscribers learn of their publishers after they are there, and there is no event for it.
        while not all(endpoint._channels for endpoint in (publisher, *listeners)):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        yield publisher, listeners


def streaming(message: bytes, count: int, subscribers: int) -> Work:
    """Measure from the first message to the last one's arrival at every subscriber; a sample is of one message."""

    async def work(clock: Clock) -> Sample:
        async with ours_open(subscribers) as (publisher, listeners):
            got: list[int] = []
            start = clock()
            async with trio.open_nursery() as nursery:
                for listener in listeners:
                    nursery.start_soon(_take, listener, count, got)
                for _ in range(count):
                    await publisher.send(message)
            return Sample((clock() - start) / count, got)

    return work


async def _take(subscriber: Subscriber, count: int, got: list[int]) -> None:
    size = 0
    for _ in range(count):
        size += len(await subscriber.receive())
    got.append(size)


def peer_streaming(place: Place, message: bytes, count: int, subscribers: int) -> Work:
    """Measure the same of ezmsg."""

    async def work(clock: Clock) -> Sample:
        async with peer_open(place, subscribers) as (publisher, listeners):
            got: list[int] = []
            start = clock()
            taking = [asyncio.create_task(_peer_take(listener, count, got)) for listener in listeners]
            for _ in range(count):
                await publisher.broadcast(message)
            await asyncio.gather(*taking)
            return Sample((clock() - start) / count, got)

    return work


async def _peer_take(subscriber: Any, count: int, got: list[int]) -> None:
    size = 0
    for _ in range(count):
        async with subscriber.recv_zero_copy() as message:
            size += len(message)
    got.append(size)
