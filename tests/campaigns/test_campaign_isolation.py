"""A stuck reader, a flooder, a huge sender and a bad local actor: everybody else works on, and nobody else is ended.

``python tests/campaigns/isolation_figures.py`` prints what it costs the others in milliseconds.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial

import pytest
import trio
import trio.testing
from campaign_clients import client_process
from campaign_house import House, idle_of, scale, settle, websocket_house

from actors import Actor, Session, open_actor_nursery
from graphmeta import Change
from transport import Limits

OTHERS = scale(100, 100, 20)
TURNS = scale(30, 10, 10)
WIDE = 50
PAUSE = 0.005


@asynccontextmanager
async def bad_client(way: str, house: House) -> AsyncIterator[None]:
    async with client_process(house.door, f"{way} 0") as client:
        await client.hear("ready")
        yield


class Raising(Actor):
    async def use(self, session: Session) -> None:
        async with session.scope("mine") as scope:
            await scope.connect("BAD", "WORSE")
            raise KeyError("a bug of an actor's own")


@asynccontextmanager
async def bad_actor(house: House) -> AsyncIterator[None]:
    """Raises in its sessions, over and over; and holds a watch and an inbox that it never reads."""

    async def misbehave(session: Session) -> None:
        async with open_actor_nursery("bad") as nursery:
            ref = await nursery.start(Raising, restart="temporary")
            while True:
                with pytest.raises(KeyError):
                    await ref.call(Raising.use, session)
                with pytest.raises(ZeroDivisionError):
                    async with house.local("raising") as raising:
                        await raising.connect("BAD", "WORST")
                        raise ZeroDivisionError
                # An actor that never pauses is beyond what is promised: it has the event loop's processor.
                await trio.sleep(PAUSE)

    async with house.local("bad") as session, session.watch(), session.subscriber("BAD", max_queue=1):
        async with session.publisher("BAD") as publisher, trio.open_nursery() as nursery:
            nursery.start_soon(misbehave, session)
            nursery.start_soon(publisher.send, 1)
            nursery.start_soon(publisher.send, 2)
            yield
            nursery.cancel_scope.cancel()


BAD: dict[str, Callable[[House], AbstractAsyncContextManager[None]]] = {
    "a stuck reader": partial(bad_client, "stuck"),
    "a flooder": partial(bad_client, "flood"),
    "a huge sender": partial(bad_client, "huge"),
    "a bad local actor": bad_actor,
}


async def turn(session: Session, number: int) -> None:
    """What an honest session does: changes that everybody who watches is told of, and looks at the graph."""
    name = str(session.id)
    assert all(await session.connect_many([(name, f"{name}/{number}/{n}") for n in range(WIDE)]))
    assert len(await session.downstream(name)) == WIDE
    await session.clear()
    assert await session.upstream(f"{name}/{number}/0") == ()


async def honest(session: Session) -> None:
    for number in range(TURNS):
        await turn(session, number)


@asynccontextmanager
async def company(house: House, count: int) -> AsyncIterator[list[Session]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(house.join(f"honest {n}")) for n in range(count)]


async def note_ends(session: Session, house: House, ended: list[str], task_status: trio.TaskStatus[None]) -> None:
    async with session.watch(house.graph.snapshot()) as changes:
        task_status.started()
        async for change in changes:
            assert isinstance(change, Change)
            ended += [entry.name for entry in change.ended]


@pytest.mark.parametrize("name", [*BAD, "all of them"])
async def test_others_work_on_and_none_of_them_is_ended(name: str) -> None:
    async with websocket_house(Limits()) as house:
        await trio.testing.wait_all_tasks_blocked(0.01)
        idle = idle_of(house.graph)
        ended: list[str] = []
        with trio.fail_after(120):
            async with house.local("watcher") as watcher, trio.open_nursery() as watching:
                await watching.start(note_ends, watcher, house, ended)
                async with company(house, OTHERS) as sessions, AsyncExitStack() as bad:
                    for way in BAD if name not in BAD else [name]:
                        await bad.enter_async_context(BAD[way](house))
                    async with trio.open_nursery() as nursery:
                        for session in sessions:
                            nursery.start_soon(honest, session)
                    for session in sessions:
                        assert await session.connect("STILL", str(session.id))
                    assert not [who for who in ended if who not in ("mortal", "raising")]
                watching.cancel_scope.cancel()
        await settle(house.graph, idle)
