"""How long sessions take to bring up what they own, to let go of it, and what that does to the others."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import trio

from actors import Session

from . import _ezmsg
from ._harness import Case, Fact, Sample, Target
from ._sides import EDGE, Sides, edges_of, on_wall
from .actors import Clock, Work
from .dag import layered

AT_ONCE = 64
"""So many calls are under way when they are pipelined."""
PATIENCE = 30
"""Seconds until a session that does not open counts as hung."""


def bring_ups(sides: Sides, count: int) -> Iterator[Case]:
    edges = layered(count)
    rounds = 3 if count <= 1_000 else 1

    async def pipelined(session: Session) -> None:
        async def connect_next() -> None:
            for from_topic, to_topic in waiting:
                await session.connect(from_topic, to_topic)

        waiting = iter(edges)
        async with trio.open_nursery() as nursery:
            for _ in range(AT_ONCE):
                nursery.start_soon(connect_next)

    async def peer(clock: Clock) -> Sample:
        async with sides.peer() as session:
            start = clock()
            await _ezmsg.connect_many(session, edges)
            seconds = clock() - start
            return Sample(seconds, _ezmsg.edges_of(await session.snapshot()))

    for name, least, bring_up in (
        ("one atomic call", 100 if count <= 1_000 else 1_000, partial(Session.connect_many, edges=edges)),
        ("one call per edge, pipelined", 10 if count <= 1_000 else 100, pipelined),
    ):
        contenders = [
            on_wall(f"trellis, {name}", bringing_up(sides, bring_up)),
            _ezmsg.on_asyncio("ezmsg, pipelined", peer, rounds=rounds),
        ]
        yield Case(f"bring-up of {count:,} edges, {name}", contenders, [Target(1 / least, than="ezmsg, pipelined")])


def bringing_up(sides: Sides, bring_up: Callable[[Session], Awaitable[Any]]) -> Work:
    async def work(clock: Clock) -> Sample:
        async with sides.open() as session:
            start = clock()
            await bring_up(session)
            seconds = clock() - start
            return Sample(seconds, edges_of(await session.snapshot()))

    return work


def releases(sides: Sides, count: int) -> Iterator[Case]:
    """End a session of many edges, while another one makes calls: how long it takes, and the longest such call."""
    edges = layered(count)

    async def ours(pick: int, clock: Clock) -> Sample:
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
        return Sample((seconds, worst.seconds)[pick], (before, after))

    async def peer(pick: int, clock: Clock) -> Sample:
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
        return Sample((seconds, worst.seconds)[pick], (before, after))

    for pick, name, targets in (
        (0, f"release of a session with {count:,} edges", [Target(1 / 500, than="ezmsg")]),
        (1, f"longest call of another session during the release of {count:,} edges", [Target(0.010)]),
    ):
        contenders = [
            on_wall("trellis, websocket", partial(ours, pick)),
            _ezmsg.on_asyncio("ezmsg", partial(peer, pick), rounds=3),
        ]
        yield Case(name, contenders, targets)


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


# -- many sessions -------------------------------------------------------------------------------------------


def crowds(sides: Sides, count: int) -> Iterator[Case]:
    """Bring up and take down many sessions at once, ten edges of one graph each."""
    everything = layered(count * 10)
    edges = [everything[start : start + 10] for start in range(0, len(everything), 10)]
    assert len(edges) == count

    async def ours(pick: int, clock: Clock) -> Sample:
        async def one(index: int, *, task_status: trio.TaskStatus[None]) -> None:
            async with sides.open() as session:
                await session.connect_many(edges[index])
                task_status.started()
                await leave.wait()

        leave = trio.Event()
        async with sides.open() as other:
            async with trio.open_nursery() as nursery:
                start = clock()
                async with trio.open_nursery() as openings:
                    for index in range(count):
                        openings.start_soon(nursery.start, one, index)
                up = clock() - start
                before = edges_of(await other.snapshot())
                start = clock()
                leave.set()
            down = clock() - start
            assert before == set(everything)
            return Sample((up, down)[pick], (before, edges_of(await other.snapshot())))

    async def peer(pick: int, clock: Clock) -> Sample:
        async def one(session: _ezmsg.GraphContext, mine: Any) -> None:
            await session.__aenter__()
            await _ezmsg.connect_many(session, mine)

        async with sides.peer() as other:
            sessions = [sides.peer() for _ in range(count)]
            start = clock()
            await asyncio.gather(*map(one, sessions, edges))
            up = clock() - start
            before = _ezmsg.edges_of(await other.snapshot())
            start = clock()
            await asyncio.gather(*(session.__aexit__(None, None, None) for session in sessions))
            down = clock() - start
            assert before == set(everything)
            return Sample((up, down)[pick], (before, _ezmsg.edges_of(await other.snapshot())))

    for pick, name, least in ((0, "up", 20), (1, "down", 10)):
        contenders = [
            on_wall("trellis, websocket", partial(ours, pick)),
            _ezmsg.on_asyncio("ezmsg", partial(peer, pick), rounds=5),
        ]
        yield Case(f"{count} sessions with 10 edges each, {name}", contenders, [Target(1 / least, than="ezmsg")])


def openings(sides: Sides, count: int) -> Iterator[Fact]:
    """Count the sessions that open when many come at once."""

    async def ours() -> int:
        async def one() -> None:
            nonlocal opened
            async with sides.open():
                opened += 1
                if opened == count:
                    everyone.set()
                await everyone.wait()

        opened, everyone = 0, trio.Event()
        with trio.move_on_after(PATIENCE):
            async with trio.open_nursery() as nursery:
                for _ in range(count):
                    nursery.start_soon(one)
        return opened

    async def peer() -> int:
        async def one(session: _ezmsg.GraphContext) -> bool:
            try:
                await asyncio.wait_for(session.__aenter__(), PATIENCE)
            except (TimeoutError, OSError):
                return False
            return True

        sessions = [sides.peer() for _ in range(count)]
        opened = await asyncio.gather(*map(one, sessions))
        ending = [s.__aexit__(None, None, None) for s, is_open in zip(sessions, opened, strict=True) if is_open]
        await asyncio.gather(*ending)
        return sum(opened)

    yield Fact(f"sessions that opened of {count} at once, trellis over a websocket", trio.run(ours), "sessions")
    yield Fact(f"sessions that opened of {count} at once, ezmsg", asyncio.run(peer()), "sessions")
