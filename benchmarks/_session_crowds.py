"""Many sessions at once: how long they take to come and to go, and whether all of them open."""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

import trio

from . import _ezmsg
from ._harness import Case, Sample
from ._loops import Clock, on_asyncio, on_wall
from ._records import Fact, Target
from ._sides import Sides, edges_of
from ._workloads import Pairs, layered

EACH = 10
"""Edges of one session."""
PATIENCE = 30
"""Seconds until a session that does not open counts as hung."""


def crowd(sides: Sides, count: int) -> Case:
    """Bring up and take down many sessions at once, ten edges of one graph each."""
    everything = layered(count * EACH)
    edges = [everything[start : start + EACH] for start in range(0, len(everything), EACH)]
    contenders = [
        on_wall("trellis, websocket", partial(_ours, sides, edges)),
        on_asyncio("ezmsg", partial(_peer, sides, edges), rounds=5),
    ]
    targets = [Target(1 / 20, than="ezmsg", figure="up"), Target(1 / 10, than="ezmsg", figure="down")]
    return Case(f"{count} sessions with {EACH} edges each", contenders, targets)


async def _ours(sides: Sides, edges: list[Pairs], clock: Clock) -> Sample:
    async def one(mine: Pairs, *, task_status: trio.TaskStatus[None]) -> None:
        async with sides.open() as session:
            await session.connect_many(mine)
            task_status.started()
            await leave.wait()

    leave = trio.Event()
    async with sides.open() as other:
        async with trio.open_nursery() as nursery:
            start = clock()
            async with trio.open_nursery() as openings:
                for mine in edges:
                    openings.start_soon(nursery.start, one, mine)
            up = clock() - start
            before = edges_of(await other.snapshot())
            start = clock()
            leave.set()
        down = clock() - start
        assert len(before) == len(edges) * EACH
        return Sample({"up": up, "down": down}, (before, edges_of(await other.snapshot())))


async def _peer(sides: Sides, edges: list[Pairs], clock: Clock) -> Sample:
    async def one(session: _ezmsg.GraphContext, mine: Any) -> None:
        await session.__aenter__()
        await _ezmsg.connect_many(session, mine)

    async with sides.peer() as other:
        sessions = [sides.peer() for _ in edges]
        start = clock()
        await asyncio.gather(*map(one, sessions, edges))
        up = clock() - start
        before = _ezmsg.edges_of(await other.snapshot())
        start = clock()
        await asyncio.gather(*(session.__aexit__(None, None, None) for session in sessions))
        down = clock() - start
        assert len(before) == len(edges) * EACH
        return Sample({"up": up, "down": down}, (before, _ezmsg.edges_of(await other.snapshot())))


# -- all of them ---------------------------------------------------------------------------------------------


def openings(sides: Sides, count: int, attempts: int) -> Iterator[Fact]:
    """Count the sessions that open when many come at once, at the worst of several attempts."""
    ours = min(trio.run(_open, sides, count) for _ in range(attempts))
    yield Fact(f"sessions that opened of {count} at once, worst of {attempts} attempts", ours, "sessions", least=count)
    theirs = min(asyncio.run(_peer_open(sides, count)) for _ in range(attempts))
    yield Fact(f"the same of ezmsg, within {PATIENCE} s", theirs, "sessions")


async def _open(sides: Sides, count: int) -> int:
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


async def _peer_open(sides: Sides, count: int) -> int:
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
