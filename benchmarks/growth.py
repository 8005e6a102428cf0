"""What grows with what: one operation as the graph, the number of sessions or the message grows.

An operation on one edge should cost the same in any graph and among any number of sessions, and a message that passes
by reference the same at any size. Beside it stands ezmsg, as far as its time allows. Servers run in a process of their
own, and what is there besides is held by sessions of the server's own process.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import trio

from actors import open_graph, open_session

from ._harness import Case, Sample, Sweep
from ._loops import Clock, Work, on_asyncio, on_trio, on_wall
from ._process import server
from ._records import Fact
from ._session_documents import known_in, updated
from ._sides import Sides
from ._streams import Place, peer_streaming, streaming
from ._workloads import EDGE, layered, payload

PEERS = ("trio", "trio-websocket", "msgspec", "ezmsg")

EDGES = (100, 1_000, 10_000, 100_000)
SESSIONS = (1, 10, 100, 1_000, 2_000)
SIZES = tuple(64 * 8**power for power in range(7))
"""Bytes of a message, from 64 to 16 MB."""
FLAT = 1.5
"""How many times as much an operation may cost at the end, if it should not grow; so much the machine itself swings."""

EZMSG_EDGES, EZMSG_SESSIONS = 10_000, 100
"""As far as ezmsg is taken."""
ROUNDS = 9

Open = Callable[[], AbstractAsyncContextManager[Any]]
Sizes = tuple[int, ...]
Places = Iterator[tuple[int, Case]]


def cases(quick: bool) -> Iterator[Case | Sweep | Fact]:
    edges, sessions, sizes = (EDGES[:2], SESSIONS[:3], SIZES[::3]) if quick else (EDGES, SESSIONS, SIZES)
    few = 10 if quick else 100
    with server("_doors") as ours, server("_ezmsg") as ezmsg:
        sides = Sides(ours, ezmsg)
        toggle, life = partial(toggling, count=few), partial(opening, count=few // 5)
        yield Sweep("connect and disconnect, in process", "edges present", in_process(edges, few * 10), FLAT)
        yield Sweep("connect and disconnect, Unix socket", "edges present", among_edges(sides, edges, toggle), FLAT)
        yield Sweep("release of 100 edges", "edges present", among_edges(sides, edges, releasing), FLAT)
        yield Sweep("a watcher's replica brought up to date", "edges present", replicas(sides, edges))
        yield Sweep("connect and disconnect, Unix socket", "sessions present", among(sides, sessions, toggle), FLAT)
        yield Sweep("a session opened and closed", "sessions present", among(sides, sessions, life), FLAT)
        sides.drop()
        yield Sweep("a message in process", "bytes", messages(ezmsg.place, sizes, few * 50), FLAT)


# -- operations, which are called the same on both sides -----------------------------------------------------


def toggling(open_one: Open, count: int) -> Work:
    async def work(clock: Clock) -> Sample:
        async with open_one() as session:
            start = clock()
            for _ in range(count):
                await session.connect(*EDGE)
                await session.disconnect(*EDGE)
            return Sample((clock() - start) / count, None)

    return work


def releasing(open_one: Open) -> Work:
    """Measure the polite end of a session with 100 edges, which is over when the server has released them."""

    async def work(clock: Clock) -> Sample:
        async with open_one() as session:
            for edge in layered(100, "MINE"):
                await session.connect(*edge)
            start = clock()
        return Sample(clock() - start, None)

    return work


def opening(open_one: Open, count: int) -> Work:
    async def work(clock: Clock) -> Sample:
        start = clock()
        for _ in range(count):
            async with open_one():
                pass
        return Sample((clock() - start) / count, None)

    return work


# -- places --------------------------------------------------------------------------------------------------


def in_process(edges: Sizes, count: int) -> Places:
    async def ours(present: int, clock: Clock) -> Sample:
        async with open_graph() as graph, open_session(graph, name="holder") as holder:
            await holder.connect_many(layered(present, "HELD"))
            return await toggling(partial(open_session, graph, name="benchmark"), count)(clock)

    for present in edges:
        yield present, Case("", [on_trio("trellis", partial(ours, present))], rounds=ROUNDS)


def among_edges(sides: Sides, edges: Sizes, operation: Callable[[Open], Work]) -> Places:
    for present in edges:
        sides.ours.tell("hold", present, 0)
        contenders = [on_wall("trellis", operation(sides.open_unix))]
        if present <= EZMSG_EDGES:
            sides.ezmsg.tell("hold", present, 0)
            # There every connect takes its time in a large graph: a few turns show it.
            contenders.append(on_asyncio("ezmsg", operation(sides.peer), rounds=3 if present <= 1_000 else 1))
        yield present, Case("", contenders, rounds=ROUNDS)


def replicas(sides: Sides, edges: Sizes) -> Places:
    """Measure from the call that makes a change to the new replica, whose views are in use."""

    async def ours(clock: Clock) -> Sample:
        async with sides.open_unix() as watcher, sides.open_unix() as session:
            held = await watcher.snapshot()
            known_in(held)
            async with watcher.watch(held) as changes, trio.open_nursery() as nursery:
                start = clock()
                nursery.start_soon(session.connect, *EDGE)
                known_in(await updated(held, changes))
                return Sample(clock() - start, None)

    for present in edges:
        sides.ours.tell("hold", present, 0)
        yield present, Case("", [on_wall("trellis", ours)], rounds=ROUNDS)


def among(sides: Sides, sessions: Sizes, operation: Callable[[Open], Work]) -> Places:
    for present in sessions:
        sides.crowd(present, peer=present <= EZMSG_SESSIONS)
        contenders = [on_wall("trellis", operation(sides.open_unix))]
        if present <= EZMSG_SESSIONS:
            contenders.append(on_asyncio("ezmsg", operation(sides.peer), rounds=3))
        yield present, Case("", contenders, rounds=ROUNDS)


def messages(place: Place, sizes: Sizes, count: int) -> Places:
    for size in sizes:
        message = payload(size)
        contenders = [
            on_trio("trellis", streaming(message, count, 1)),
            on_asyncio("ezmsg", peer_streaming(place, message, count, 1), clock=time.thread_time),
        ]
        yield size, Case("", contenders, rounds=ROUNDS)
