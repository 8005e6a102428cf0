"""What every campaign needs: how much to do, a graph with doors of several kinds, and the look of it when it is idle.

A campaign ends by comparing the house with what it looked like before: tasks, descriptors and everything that a
session could have left in the ledger, the router or the supervisor.
"""

import gc
import math
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

import attrs
import trio
import trio.testing

from actors import Door, Graph, Session, open_graph, open_session, serve_websocket
from actors._graph._doors._hall import serve_link
from actors._graph._wire._remote import session_over
from transport import Limits, Link, memory_links

FULL = os.environ.get("TRELLIS_CAMPAIGN") == "full"
CI = os.environ.get("CI") == "true"


def scale(full: int, ci: int, fast: int) -> int:
    """How many: on demand (``TRELLIS_CAMPAIGN=full``), with ``CI=true``, and otherwise."""
    return full if FULL else ci if CI else fast


def p99(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(len(ordered) * 0.99) - 1)]


@attrs.frozen
class House:
    """One graph and the way to join it."""

    graph: Graph
    join: Callable[[str], AbstractAsyncContextManager[Session]]
    connect: Callable[[], Link] | None = None
    """A link in memory to the graph's door, for those who speak the wire themselves."""
    door: Door | None = None

    def local(self, name: str) -> AbstractAsyncContextManager[Session]:
        """Join in process, whatever else there is."""
        return open_session(self.graph, name=name)


@asynccontextmanager
async def local_house(limits: Limits) -> AsyncIterator[House]:
    async with open_graph(limits=limits) as graph:
        yield House(graph, lambda name: open_session(graph, name=name))


@asynccontextmanager
async def memory_house(limits: Limits, wrap: Callable[[Link], Link] = lambda link: link) -> AsyncIterator[House]:
    """``wrap`` makes the server's end of each link a worse one."""
    async with open_graph(limits=limits) as graph, trio.open_nursery() as nursery:

        def connect() -> Link:
            ours, theirs = memory_links(limits=limits)
            nursery.start_soon(serve_link, graph._supervisor, wrap(theirs))
            return ours

        yield House(graph, lambda name: session_over(connect(), name, limits), connect)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def websocket_house(limits: Limits, **options: Any) -> AsyncIterator[House]:
    """``options`` are those of the door."""
    async with open_graph(limits=limits) as graph, trio.open_nursery() as nursery:
        door: Door = await nursery.start(partial(serve_websocket, graph, **options))
        yield House(
            graph,
            lambda name: open_session(door.url, name=name, token=door.token, limits=limits),
            door=door,
        )
        nursery.cancel_scope.cancel()


HOUSES = {"local": local_house, "memory": memory_house, "websocket": websocket_house}


@attrs.frozen
class Idle:
    """Everything that a session could leave behind."""

    tasks: int
    descriptors: int
    sessions: int
    edges: int
    settings: int
    members: int
    watches: int
    inboxes: int
    paused: bool


def look(graph: Graph) -> Idle:
    supervisor = graph._supervisor
    snapshot = graph.snapshot()
    return Idle(
        trio.lowlevel.current_statistics().tasks_living,
        len(os.listdir("/proc/self/fd")),
        len(snapshot.sessions),
        len(snapshot.edge_owners),
        len(snapshot.settings),
        len(supervisor._members),
        len(supervisor._watches),
        sum(map(len, supervisor.router._inboxes.values())),
        supervisor.router.paused,
    )


def idle_of(graph: Graph) -> Idle:
    """How it looks now, without what earlier tests have left to the garbage collector."""
    gc.collect()
    return look(graph)


async def settle(graph: Graph, idle: Idle, *, seconds: float = 20) -> None:
    """Wait until the graph looks as it did; fails with the difference."""
    try:
        with trio.fail_after(seconds):
            while True:
                await trio.testing.wait_all_tasks_blocked()
                if look(graph) == idle:
                    return
                gc.collect()
                await trio.testing.wait_all_tasks_blocked(0.01)
    except trio.TooSlowError:
        raise AssertionError(f"{look(graph)} is not idle, which was {idle}") from None
