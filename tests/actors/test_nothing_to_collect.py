"""What has ended leaves nothing to the garbage collector: memory comes back at once, and long pauses may be rare."""

import gc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing

from actors import Actor, ActorNursery, Graph, Session, open_actor_nursery, open_graph, open_session
from actors._graph._doors._hall import serve_link
from graphmeta import GraphMetadata, UnitMetadata
from transport import Link, memory_links

SEVERAL = 3


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """Fail if the block leaves anything that only the garbage collector frees."""
    await trio.testing.wait_all_tasks_blocked()
    gc.collect()
    gc.disable()
    try:
        yield
        await trio.testing.wait_all_tasks_blocked()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        assert Counter(type(left).__qualname__ for left in gc.garbage) == {}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


# -- sessions ------------------------------------------------------------------------------------------------


async def owns_an_edge(session: Session) -> None:
    await session.connect("A", "B")
    await session.snapshot()


async def registers(session: Session) -> None:
    await session.register_metadata(GraphMetadata(units={"U": UnitMetadata("U", "U", "t:U")}))


async def watches(session: Session) -> None:
    async with session.watch() as changes:
        await session.connect("A", "B")
        async for _ in changes:
            break


async def sends_and_receives(session: Session) -> None:
    async with session.publisher("A", int) as publisher, session.subscriber("A", int) as subscriber:
        await publisher.send(1)
        assert await subscriber.receive() == 1


async def asks_for_settings(session: Session) -> None:
    await session.settings()
    async with session.watch_settings():
        pass


LIVES = [owns_an_edge, registers, watches, sends_and_receives, asks_for_settings]


@pytest.mark.parametrize("live", LIVES, ids=lambda live: live.__name__)
async def test_a_session_leaves_nothing(house: Any, live: Callable[[Session], Awaitable[None]]) -> None:
    async def whole_life() -> None:
        async with house.join("one") as session:
            await live(session)

    await whole_life()  # What is made once in a process is made now.
    async with nothing_left():
        for _ in range(SEVERAL):
            await whole_life()


OPEN = '{"jsonrpc": "2.0", "id": 1, "method": "open", "params": {"name": "one"}}'


async def is_lost(_: Graph, link: Link) -> None:
    link.abort("gone")


async def is_released(graph: Graph, link: Link) -> None:
    async with open_session(graph, name="operator") as operator:
        await operator.release("one")
    await link.receive()


async def is_released_while_it_watches(graph: Graph, link: Link) -> None:
    await link.send('{"jsonrpc": "2.0", "id": 2, "method": "watch", "params": {"subscription": 1}}')
    while "result" not in str(await link.receive()):
        pass
    await is_released(graph, link)


async def breaks_the_protocol(_: Graph, link: Link) -> None:
    await link.send("{")
    await link.receive()


# At the server: what ends by an error at the client leaves what Python's errors leave, frames that hold each other.
@pytest.mark.parametrize(
    "end", [is_lost, is_released, is_released_while_it_watches, breaks_the_protocol], ids=lambda end: end.__name__
)
async def test_a_connection_that_ends_badly_leaves_nothing(end: Callable[[Graph, Link], Awaitable[None]]) -> None:
    async def whole_life() -> None:
        ours, theirs = memory_links()
        nursery.start_soon(serve_link, graph._supervisor, theirs)
        await ours.send(OPEN)
        await ours.receive()
        await end(graph, ours)
        await ours.aclose()
        await theirs.aclose()
        await trio.testing.wait_all_tasks_blocked()

    async with open_graph() as graph, trio.open_nursery() as nursery:
        await whole_life()
        async with nothing_left():
            for _ in range(SEVERAL):
                await whole_life()


# -- actors --------------------------------------------------------------------------------------------------


class Plain(Actor):
    async def double(self, number: int) -> int:
        return 2 * number


class WithHooks(Plain):
    async def started(self) -> None:
        self.nursery.start_soon(trio.sleep_forever)
        self.call_later(1, WithHooks.stopping)

    async def stopping(self) -> None:
        pass


class WithChildren(Plain):
    async def started(self) -> None:
        self.child = await self.nursery.start(Plain)


@pytest.mark.parametrize("kind", [Plain, WithHooks, WithChildren])
async def test_an_actor_leaves_nothing(kind: type[Plain]) -> None:
    async def whole_life(nursery: ActorNursery) -> None:
        ref = await nursery.start(kind)
        assert await ref.call(Plain.double, 2) == 4
        await ref.stop()

    async with open_actor_nursery() as nursery:
        await whole_life(nursery)
        async with nothing_left():
            for _ in range(SEVERAL):
                await whole_life(nursery)


async def test_an_actor_nursery_leaves_nothing() -> None:
    async def whole_life() -> None:
        async with open_actor_nursery() as nursery:
            for kind in (Plain, WithHooks, WithChildren):
                await nursery.start(kind)

    await whole_life()
    async with nothing_left():
        for _ in range(SEVERAL):
            await whole_life()
