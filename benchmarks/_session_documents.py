"""How long large documents take: a registration, a snapshot, and what a change costs who has a snapshot already."""

from collections.abc import AsyncIterator

import trio

from actors import Change, GraphSnapshot, Resync, Session

from . import _ezmsg
from ._doors import metadata
from ._harness import Case, Sample
from ._loops import Clock, Work, on_asyncio, on_wall
from ._records import Target
from ._sides import Sides, addresses_of, edges_of
from ._workloads import EDGE


def registration(sides: Sides, count: int) -> Case:
    ours_says, peer_says = metadata(count), _ezmsg.metadata(count)

    async def ours(clock: Clock) -> Sample:
        async with sides.open() as session:
            start = clock()
            await session.register_metadata(ours_says)
            seconds = clock() - start
            return Sample(seconds, addresses_of(await session.snapshot()))

    async def peer(clock: Clock) -> Sample:
        async with sides.peer() as session:
            start = clock()
            await session.register_metadata(peer_says)
            seconds = clock() - start
            return Sample(seconds, _ezmsg.addresses_of(await session.snapshot()))

    contenders = [on_wall("trellis, websocket", ours), on_asyncio("ezmsg", peer)]
    return Case(f"register_metadata, {count:,} components", contenders, [Target(1 / 3, than="ezmsg")])


def full_snapshot(sides: Sides, count: int) -> Case:
    async def ours(clock: Clock) -> Sample:
        async with sides.open() as session:
            return await taken(session, clock)

    contenders = [on_wall("trellis, websocket", ours), on_asyncio("ezmsg", peer_snapshot(sides, change=False))]
    name = f"full snapshot, {count:,} edges and components"
    return Case(name, contenders, [Target(1 / 3, than="ezmsg")])


def snapshot_again(sides: Sides, count: int) -> Case:
    async def ours(clock: Clock) -> Sample:
        async with sides.open() as session:
            await session.snapshot()
            await session.connect(*EDGE)
            return await taken(session, clock)

    contenders = [on_wall("trellis, websocket", ours), on_asyncio("ezmsg", peer_snapshot(sides, change=True))]
    name = f"snapshot again after one edge changed, {count:,} edges and components"
    return Case(name, contenders, [Target(1 / 20, than="ezmsg")])


def replica(sides: Sides, count: int) -> Case:
    """Measure from the call that makes a change to the new replica at a watcher, whose views are in use."""

    async def ours(clock: Clock) -> Sample:
        async with sides.open() as watcher, sides.open() as session:
            held = await watcher.snapshot()
            known_in(held)
            async with watcher.watch(held) as changes, trio.open_nursery() as nursery:
                start = clock()
                nursery.start_soon(session.connect, *EDGE)
                held = await updated(held, changes)
                known = known_in(held)
                seconds = clock() - start
            return Sample(seconds, (known, edges_of(held), addresses_of(held)))

    contenders = [
        on_wall("trellis, watch and apply", ours),
        on_asyncio("ezmsg, another snapshot", peer_snapshot(sides, change=True)),
    ]
    targets = [Target(0.002), Target(1 / 20, than="ezmsg, another snapshot")]
    return Case(f"a replica brought up to date, {count:,} edges and components", contenders, targets)


async def updated(held: GraphSnapshot, changes: AsyncIterator[Change | Resync]) -> GraphSnapshot:
    async for change in changes:
        held = held.apply(change)
        if isinstance(change, Change) and change.edges_added:
            break
    return held


async def taken(session: Session, clock: Clock) -> Sample:
    """Measure a snapshot with its views, which ours makes when they are first read and ezmsg's always has."""
    start = clock()
    snapshot = await session.snapshot()
    known = known_in(snapshot)
    seconds = clock() - start
    return Sample(seconds, (known, edges_of(snapshot), addresses_of(snapshot)))


def peer_snapshot(sides: Sides, change: bool) -> Work:
    async def work(clock: Clock) -> Sample:
        async with sides.peer() as session:
            if change:
                await session.snapshot()
                await session.connect(*EDGE)
            start = clock()
            snapshot = await session.snapshot()
            known = known_in(snapshot)
            seconds = clock() - start
            return Sample(seconds, (known, _ezmsg.edges_of(snapshot), _ezmsg.addresses_of(snapshot)))

    return work


def known_in(snapshot: GraphSnapshot | _ezmsg.GraphSnapshot) -> tuple[int, int]:
    """Count the edges in both views of a snapshot; ours makes a view when it is first read."""
    return len(snapshot.edge_owners), sum(map(len, snapshot.graph.values()))
