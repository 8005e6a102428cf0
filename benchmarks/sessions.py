"""What a session costs: one call, a bring-up, metadata, a snapshot, a release, and many sessions at once.

Every server runs in a process of its own, which for ours collects its garbage as ``trellis serve`` does. ezmsg speaks
its own protocol over TCP, we speak JSON-RPC over a websocket or a Unix socket. Two floors stand beside our calls: in
process what Trio charges for a mailbox and an event, over a wire the echo of trio-websocket. All of it is measured on
the wall, but for the calls in process: they wait for nothing, and so it is processor time there. A row shows one call,
unless it says otherwise.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import trio
import trio_websocket

from actors import Session, open_graph, open_session

from . import _ezmsg
from ._harness import Case, Sample
from ._loops import Clock, Work, on_asyncio, on_trio, on_wall
from ._process import server
from ._records import Fact, Target
from ._session_crowds import crowd, openings
from ._session_documents import full_snapshot, registration, replica, snapshot_again
from ._session_edges import bring_up, release
from ._sides import Sides, edges_of
from ._workloads import EDGE, layered
from .actors import BATCH, ask, serve

PEERS = ("trio", "trio-websocket", "msgspec", "ezmsg")

WARM_UP = 5

Open = Callable[[], AbstractAsyncContextManager[Session]]


def cases(quick: bool) -> Iterator[Case | Fact]:
    many = 200 if quick else 5_000
    few, people = (20, 10) if quick else (200, 100)
    with server("_doors") as ours, server("_ezmsg") as ezmsg:
        sides = Sides(ours, ezmsg)
        yield calls_in_process(few * 10)
        yield calls_over_unix(sides, few)
        yield calls_over_websocket(sides, few)
        sides.hold(many, 0)
        yield calls_among(sides, many, few // 10)
        sides.hold(many, many)
        yield full_snapshot(sides, many)
        yield snapshot_again(sides, many)
        yield replica(sides, many)
        sides.drop()
        yield registration(sides, many)
        yield crowd(sides, people)
        yield release(sides, many)
        yield bring_up(sides, many // 5, atomic=100, pipelined=10)
        if not quick:
            yield bring_up(sides, many, atomic=1_000, pipelined=100)
        yield from openings(sides, people * 5, attempts=1 if quick else 3)


# -- one call ------------------------------------------------------------------------------------------------


def calls_in_process(count: int) -> Case:
    edges = layered(count)

    async def ours(clock: Clock) -> Sample:
        async with open_graph() as graph, open_session(graph, name="benchmark") as session:
            start = clock()
            for from_topic, to_topic in edges:
                await session.connect(from_topic, to_topic)
            return Sample((clock() - start) / len(edges), len((await session.snapshot()).edge_owners))

    async def floor(clock: Clock) -> Sample:
        send, receive = trio.open_memory_channel[Any](BATCH)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve, receive)
            start = clock()
            for _ in edges:
                total = await ask(send, 1)
            sample = Sample((clock() - start) / len(edges), total)
            nursery.cancel_scope.cancel()
        return sample

    name = "bare Trio: mailbox and event"
    return Case(
        "connect in process", [on_trio("trellis", ours), on_trio(name, floor)], [Target(2, than=name)], rounds=15
    )


def calls_over_unix(sides: Sides, count: int) -> Case:
    contenders = [
        on_wall("trellis, Unix socket", connecting(sides.open_unix, count)),
        on_asyncio("ezmsg", peer_connecting(sides, count)),
    ]
    return Case("connect over a Unix socket, empty graph", contenders, [Target(1, than="ezmsg")], rounds=25)


def calls_over_websocket(sides: Sides, count: int) -> Case:
    url, name = sides.ours.place["echo"], "trio-websocket: echo of 140 B"

    async def echo(clock: Clock) -> Sample:
        """Come to the same proof when every answer was the question."""
        async with trio_websocket.open_websocket_url(url) as socket:
            spent, right = 0.0, set()
            for number in range(WARM_UP + count):
                message = f"{number:140}"
                start = clock()
                await socket.send_message(message)
                right.add(await socket.get_message() == message)
                spent += clock() - start if number >= WARM_UP else 0
        return Sample(spent / count, {EDGE} if right == {True} else right)

    contenders = [
        on_wall("trellis, websocket", connecting(sides.open, count)),
        on_wall(name, echo),
        on_asyncio("ezmsg", peer_connecting(sides, count)),
    ]
    return Case("connect over a websocket, empty graph", contenders, [Target(1.5, than=name)], rounds=25)


def calls_among(sides: Sides, edges: int, count: int) -> Case:
    contenders = [
        on_wall("trellis, websocket", connecting(sides.open, count)),
        on_asyncio("ezmsg", peer_connecting(sides, count)),
    ]
    return Case(
        f"connect over a websocket, {edges:,} edges present", contenders, [Target(1 / 50, than="ezmsg")], rounds=15
    )


def connecting(open_one: Open, count: int) -> Work:
    """Connect one edge again and again; letting it go, so that the graph does not grow, is off the clock."""

    async def work(clock: Clock) -> Sample:
        async with open_one() as session:
            spent = 0.0
            for number in range(WARM_UP + count):
                await session.disconnect(*EDGE)
                start = clock()
                await session.connect(*EDGE)
                spent += clock() - start if number >= WARM_UP else 0
            return Sample(spent / count, edges_of(await session.snapshot()))

    return work


def peer_connecting(sides: Sides, count: int) -> Work:
    async def work(clock: Clock) -> Sample:
        async with sides.peer() as session:
            spent = 0.0
            for number in range(WARM_UP + count):
                await session.disconnect(*EDGE)
                start = clock()
                await session.connect(*EDGE)
                spent += clock() - start if number >= WARM_UP else 0
            return Sample(spent / count, _ezmsg.edges_of(await session.snapshot()))

    return work
