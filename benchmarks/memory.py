"""What memory a graph takes for each thing that it holds, its share of the history of changes included.

In process it is what Python has allocated, as `tracemalloc` counts it; sessions over a wire are counted by what the
server's process has grown, and the client's process as much again is not in it. Names and records that the caller made
are the caller's.
"""

import gc
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import trio
import trio.testing

from actors import Graph, Session, open_graph, open_session

from ._doors import metadata
from ._process import server
from ._records import Fact
from ._sides import Sides
from ._workloads import EDGE, layered

PEERS = ("trio", "trio-websocket", "msgspec")

Fill = Callable[[Graph, Session, AsyncExitStack], Awaitable[None]]


def cases(quick: bool) -> Iterator[Fact]:
    few, many = (20, 200) if quick else (500, 5_000)
    yield grown("a session in process", few, partial(sessions, few))
    yield grown("an edge of a session", many, partial(edges, layered(many)))
    yield grown("a component of a session", many, partial(components, metadata(many)))
    yield grown("a subscriber in process", few, partial(subscribers, few))
    yield grown("a publisher in process", few, partial(publishers, few))
    # Each has a server of its own, or the second would grow into what the first left.
    for name, open_one in (("a websocket", Sides.open), ("a Unix socket", Sides.open_unix)):
        with server("_doors") as ours:
            yield served(f"a session over {name}, in the server", few, partial(open_one, Sides(ours, ours)), ours.tell)


# -- in process ----------------------------------------------------------------------------------------------


def grown(name: str, count: int, fill: Fill) -> Fact:
    """Weigh what *fill* adds to a graph that has seen one of it already."""

    async def weigh() -> float:
        async with AsyncExitStack() as stack:
            graph = await stack.enter_async_context(open_graph())
            session = await stack.enter_async_context(open_session(graph, name="benchmark"))
            await session.connect(*EDGE)
            before = await settled()
            tracemalloc.start()
            await fill(graph, session, stack)
            after = await settled()
            return after - before

    weight: float = trio.run(weigh)
    tracemalloc.stop()
    return Fact(f"memory of {name}", weight / count, "bytes")


async def settled() -> int:
    await trio.testing.wait_all_tasks_blocked()
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def sessions(count: int, graph: Graph, _: Session, stack: AsyncExitStack) -> None:
    for number in range(count):
        await stack.enter_async_context(open_session(graph, name=f"session {number}"))


async def edges(these: Any, _: Graph, session: Session, __: AsyncExitStack) -> None:
    await session.connect_many(these)


async def components(says: Any, _: Graph, session: Session, __: AsyncExitStack) -> None:
    await session.register_metadata(says)


async def subscribers(count: int, _: Graph, session: Session, stack: AsyncExitStack) -> None:
    for number in range(count):
        await stack.enter_async_context(session.subscriber(f"SYS/UNIT{number}/IN"))


async def publishers(count: int, _: Graph, session: Session, stack: AsyncExitStack) -> None:
    for number in range(count):
        await stack.enter_async_context(session.publisher(f"SYS/UNIT{number}/OUT"))


# -- over a wire ---------------------------------------------------------------------------------------------


def served(
    name: str, count: int, open_one: Callable[[], AbstractAsyncContextManager[Session]], tell: Callable[[str], Any]
) -> Fact:
    @asynccontextmanager
    async def opened(count: int) -> AsyncIterator[int]:
        async with AsyncExitStack() as stack:
            for _ in range(count):
                await stack.enter_async_context(open_one())
            yield tell("memory")

    async def weigh() -> int:
        # What one session leaves behind, any session needs once: it is not the others' own.
        async with opened(1):
            pass
        before = tell("memory")
        async with opened(count) as after:
            return after - before

    return Fact(f"memory of {name}", trio.run(weigh) / count, "bytes")
