"""A graph to join, four ways: in process, over a link in memory, over a real websocket, over a real Unix socket."""

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio

from actors import Door, Graph, Session, open_graph, open_session, serve_unix, serve_websocket
from actors._graph._doors._hall import serve_link
from actors._graph._wire._remote import session_over
from transport import Limits, Link, memory_links


@attrs.frozen
class House:
    """One graph and the way to join it."""

    graph: Graph
    join: Callable[[str], AbstractAsyncContextManager[Session]]


@asynccontextmanager
async def local_house(limits: Limits) -> AsyncIterator[House]:
    async with open_graph(limits=limits) as graph:
        yield House(graph, lambda name: open_session(graph, name=name))


async def serve_and_close(graph: Graph, link: Link) -> None:
    """What every door does with a link."""
    try:
        await serve_link(graph._supervisor, link)
    finally:
        with trio.CancelScope(shield=True):
            await link.aclose()


@asynccontextmanager
async def memory_house(limits: Limits) -> AsyncIterator[House]:
    async with open_graph(limits=limits) as graph, trio.open_nursery() as nursery:

        @asynccontextmanager
        async def join(name: str) -> AsyncIterator[Session]:
            ours, theirs = memory_links(limits=limits)
            nursery.start_soon(serve_and_close, graph, theirs)
            async with session_over(ours, name, limits) as session:
                yield session

        yield House(graph, join)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def websocket_house(limits: Limits) -> AsyncIterator[House]:
    async with open_graph(limits=limits) as graph, trio.open_nursery() as nursery:
        door: Door = await nursery.start(partial(serve_websocket, graph))
        yield House(graph, lambda name: open_session(door.url, name=name, token=door.token, limits=limits))
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def unix_house(limits: Limits) -> AsyncIterator[House]:
    # A socket's path may be 107 bytes long, and pytest's own folders are not short.
    with tempfile.TemporaryDirectory() as folder:
        async with open_graph(limits=limits) as graph, trio.open_nursery() as nursery:
            door: Door = await nursery.start(serve_unix, graph, Path(folder) / "s")
            yield House(graph, lambda name: open_session(door.url, name=name, limits=limits))
            nursery.cancel_scope.cancel()


HOUSES = {"local": local_house, "memory": memory_house, "websocket": websocket_house, "unix": unix_house}


@pytest.fixture(params=HOUSES)
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    async with HOUSES[request.param](Limits()) as house:
        yield house
