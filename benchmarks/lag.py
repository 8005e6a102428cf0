"""How late the event loop of a server is under full load: what everybody else whom it serves has to wait for.

A probe in the server's process is due every millisecond and says how late it was, counted from when it was due. The
load comes from another process, which does not pause: calls of four sessions, sixteen under way in each; sessions that
come with 5,000 edges and go; registrations and snapshots of 5,000 components. ezmsg's server is probed in the same way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import trio

from . import _doors, _ezmsg
from ._harness import Case, Sample
from ._loops import Clock, Work, on_asyncio, on_wall
from ._process import Server, server
from ._records import Fact, Target
from ._sides import Sides
from ._workloads import EDGE, layered

PEERS = ("trio", "trio-websocket", "msgspec", "ezmsg")

SESSIONS, AT_ONCE = 4, 16
"""So many sessions make calls, and each has so many under way."""
STEP = 0.010
"""Seconds that no step on the loop may exceed."""

Open = Callable[[], AbstractAsyncContextManager[Any]]
Load = Callable[[Open], Awaitable[None]]


def cases(quick: bool) -> Iterator[Case | Fact]:
    many, calls, times = (200, 10, 1) if quick else (5_000, 200, 5)
    with server("_doors") as ours, server("_ezmsg") as ezmsg:
        sides = Sides(ours, ezmsg)
        yield lag(sides, "calls of four sessions, 64 under way", calls_on_trio(calls), calls_on_asyncio(calls))
        comers = coming_and_going(many, times)
        yield lag(sides, f"sessions come with {many:,} edges and go", comers, None)
        yield lag(
            sides,
            f"registrations and snapshots of {many:,} components",
            documents(_doors.metadata(many), times),
            documents(_ezmsg.metadata(many), times),
        )


def lag(sides: Sides, what: str, load: Load, peer_load: Load | None) -> Case:
    """Compare how late the loops are under a load, if both sides can take it."""
    contenders = [on_wall("trellis, websocket", probed(sides.ours, sides.open, load))]
    if peer_load:
        contenders.append(on_asyncio("ezmsg", probed(sides.ezmsg, sides.peer, peer_load), rounds=3))
    return Case(f"event-loop lag, {what}", contenders, [Target(STEP, figure="worst")], rounds=5)


def probed(loaded: Server, open_one: Open, load: Load) -> Work:
    async def work(_: Clock) -> Sample:
        loaded.tell("probe")
        await load(open_one)
        return Sample(loaded.tell("lags"), None)

    return work


# -- loads ---------------------------------------------------------------------------------------------------


async def toggle(session: Any, count: int) -> None:
    for _ in range(count):
        await session.connect(*EDGE)
        await session.disconnect(*EDGE)


def calls_on_trio(count: int) -> Load:
    async def load(open_one: Open) -> None:
        async def one_session() -> None:
            async with open_one() as session, trio.open_nursery() as calls:
                for _ in range(AT_ONCE):
                    calls.start_soon(toggle, session, count)

        async with trio.open_nursery() as sessions:
            for _ in range(SESSIONS):
                sessions.start_soon(one_session)

    return load


def calls_on_asyncio(count: int) -> Load:
    async def load(open_one: Open) -> None:
        async def one_session() -> None:
            async with open_one() as session:
                await asyncio.gather(*(toggle(session, count) for _ in range(AT_ONCE)))

        await asyncio.gather(*(one_session() for _ in range(SESSIONS)))

    return load


def coming_and_going(count: int, times: int) -> Load:
    edges: Sequence[tuple[str, str]] = layered(count)

    async def load(open_one: Open) -> None:
        for _ in range(times):
            async with open_one() as session:
                await session.connect_many(edges)

    return load


def documents(says: Any, times: int) -> Load:
    async def load(open_one: Open) -> None:
        async with open_one() as session:
            for _ in range(times):
                await session.register_metadata(says)
                await session.snapshot()

    return load
