"""A graph with a session that publishes and one that subscribes, each of them in process or at one end of a wire."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import attrs
import trio
from trio.testing import wait_all_tasks_blocked

from actors import Graph, Session, open_graph, open_session, serve_unix, serve_websocket
from actors._graph._doors._hall import serve_link
from actors._graph._wire._remote import session_over
from transport import Limits, memory_links

PAIRS = [
    ("local", "local"),
    ("memory", "memory"),
    ("memory", "local"),
    ("local", "memory"),
    ("child", "child"),
    ("child", "memory"),
    ("memory", "child"),
    ("local", "child"),
    ("child", "local"),
    ("websocket", "websocket"),
    ("unix", "unix"),
    ("websocket", "local"),
]
"""Who publishes, who subscribes. A child is at a link whose other end trusts it."""


@attrs.frozen
class Hall:
    """One graph, and every way to join it."""

    graph: Graph
    nursery: trio.Nursery
    folder: str
    limits: Limits = attrs.field(factory=Limits)

    @asynccontextmanager
    async def join(self, way: str, name: str) -> AsyncIterator[Session]:
        async with getattr(self, f"_{way}")(name) as session:
            yield session

    def _local(self, name: str) -> AbstractAsyncContextManager[Session]:
        return open_session(self.graph, name=name)

    def _memory(self, name: str) -> AbstractAsyncContextManager[Session]:
        return self._over_memory(name, trusted=False)

    def _child(self, name: str) -> AbstractAsyncContextManager[Session]:
        return self._over_memory(name, trusted=True)

    @asynccontextmanager
    async def _over_memory(self, name: str, *, trusted: bool) -> AsyncIterator[Session]:
        ours, theirs = memory_links(limits=self.limits)

        async def serve() -> None:
            await serve_link(self.graph._supervisor, theirs, trusted=trusted)

        self.nursery.start_soon(serve)
        async with session_over(ours, name, self.limits, trusted=trusted) as session:
            yield session

    @asynccontextmanager
    async def _websocket(self, name: str) -> AsyncIterator[Session]:
        door = await self.nursery.start(serve_websocket, self.graph)
        async with open_session(door.url, name=name, token=door.token, limits=self.limits) as session:
            yield session

    @asynccontextmanager
    async def _unix(self, name: str) -> AsyncIterator[Session]:
        door = await self.nursery.start(serve_unix, self.graph, Path(self.folder) / name)
        async with open_session(door.url, name=name, limits=self.limits) as session:
            yield session


@attrs.frozen
class Ends:
    """The two sessions of a test."""

    hall: Hall
    publishing: Session
    subscribing: Session
    ways: tuple[str, str]

    async def settle(self) -> None:
        """Let everything happen that can: exact without sockets, and nearly so with them."""
        await wait_all_tasks_blocked()
        if not {"websocket", "unix"}.isdisjoint(self.ways):
            for _ in range(3):
                await self.publishing.sessions()
                await self.subscribing.sessions()
                await wait_all_tasks_blocked()


@asynccontextmanager
async def open_hall(limits: Limits | None = None) -> AsyncIterator[Hall]:
    """A graph that can be joined in every way."""
    limits = limits or Limits()
    # A socket's path may be 107 bytes long, and pytest's own folders are not short.
    # What hangs here should say so; nothing here takes a tenth of that.
    with tempfile.TemporaryDirectory() as folder, trio.fail_after(20):
        async with open_graph(limits=limits) as graph, trio.open_nursery() as nursery:
            yield Hall(graph, nursery, folder, limits)
            nursery.cancel_scope.cancel()
