"""How long a session takes to bring up many edges and to let go of them, and what that does to another session."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import trio

from actors import Session

from . import _ezmsg
from ._harness import Case, Sample
from ._loops import Clock, Work, on_asyncio, on_wall
from ._records import Target
from ._sides import Sides, edges_of
from ._workloads import EDGE, Pairs, layered

AT_ONCE = 64
"""So many calls are under way when they are pipelined."""

RELEASE, STALL = "until it has ended", "longest call of another session meanwhile"

# -- up ------------------------------------------------------------------------------------------------------


def bring_up(sides: Sides, count: int, atomic: float, pipelined: float) -> Case:
    """Compare one atomic call and one call for each edge with ezmsg, which has the latter only."""
    edges = layered(count)
    one, each, theirs = "trellis, one atomic call", "trellis, one call per edge, pipelined", "ezmsg, pipelined"

    async def peer(clock: Clock) -> Sample:
        async with sides.peer() as session:
            start = clock()
            await _ezmsg.connect_many(session, edges)
            seconds = clock() - start
            return Sample(seconds, _ezmsg.edges_of(await session.snapshot()))

    contenders = [
        on_wall(one, _bringing_up(sides, partial(Session.connect_many, edges=edges))),
        on_wall(each, _bringing_up(sides, partial(_pipelined, edges))),
        on_asyncio(theirs, peer, rounds=3 if count <= 1_000 else 1),
    ]
    targets = [Target(1 / atomic, than=theirs, of=one), Target(1 / pipelined, than=theirs, of=each)]
    return Case(f"a session brings up {count:,} edges, websocket", contenders, targets)


def _bringing_up(sides: Sides, bring_up: Callable[[Session], Awaitable[Any]]) -> Work:
    async def work(clock: Clock) -> Sample:
        async with sides.open() as session:
            start = clock()
            await bring_up(session)
            seconds = clock() - start
            return Sample(seconds, edges_of(await session.snapshot()))

    return work


async def _pipelined(edges: Pairs, session: Session) -> None:
    async def connect_next() -> None:
        for from_topic, to_topic in waiting:
            await session.connect(from_topic, to_topic)

    waiting = iter(edges)
    async with trio.open_nursery() as nursery:
        for _ in range(AT_ONCE):
            nursery.start_soon(connect_next)


# -- down ----------------------------------------------------------------------------------------------------


def release(sides: Sides, count: int) -> Case:
    """End a session of many edges, while another one makes one call after the other."""
    edges = layered(count)

    async def ours(clock: Clock) -> Sample:
        async with sides.open() as other, trio.open_nursery() as nursery:
            async with sides.open() as session:
                await session.connect_many(edges)
                before = edges_of(await other.snapshot())
                worst = Worst(partial(other.upstream, EDGE[1]), clock)
                await nursery.start(worst.watch_on_trio)
                start = clock()
            seconds = clock() - start
            await other.upstream(EDGE[1])
            nursery.cancel_scope.cancel()
            worst.stop()
            with trio.CancelScope(shield=True):
                after = edges_of(await other.snapshot())
        return Sample({RELEASE: seconds, STALL: worst.seconds}, (before, after))

    async def peer(clock: Clock) -> Sample:
        async with sides.peer() as other:
            session = sides.peer()
            await session.__aenter__()
            await asyncio.to_thread(sides.ezmsg.tell, "own", str(session._session_id), count, "SYS")
            before = _ezmsg.edges_of(await other.snapshot())
            worst = Worst(partial(other.disconnect, *EDGE), clock)
            watching = asyncio.create_task(worst.watch_on_asyncio())
            await asyncio.sleep(0.01)
            start = clock()
            await session.__aexit__(None, None, None)
            seconds = clock() - start
            worst.stop()
            await watching
            after = _ezmsg.edges_of(await other.snapshot())
        return Sample({RELEASE: seconds, STALL: worst.seconds}, (before, after))

    contenders = [on_wall("trellis, websocket", ours), on_asyncio("ezmsg", peer, rounds=3)]
    targets = [Target(1 / 500, than="ezmsg", figure=RELEASE), Target(0.010, figure=STALL)]
    return Case(f"release of a session with {count:,} edges", contenders, targets)


class Worst:
    """Makes one call after the other and keeps the longest."""

    def __init__(self, call: Callable[[], Awaitable[Any]], clock: Clock) -> None:
        self.seconds = 0.0
        self._call = call
        self._clock = clock
        self._over = False

    def stop(self) -> None:
        self._over = True

    async def watch_on_trio(self, *, task_status: trio.TaskStatus[None]) -> None:
        await self._once()
        self.seconds = 0.0
        task_status.started()
        while not self._over:
            await self._once()
            await trio.sleep(0.001)

    async def watch_on_asyncio(self) -> None:
        while not self._over:
            await self._once()
            await asyncio.sleep(0.001)

    async def _once(self) -> None:
        start = self._clock()
        await self._call()
        self.seconds = max(self.seconds, self._clock() - start)
