"""ezmsg in its best mode: the graph server in a process of its own, calls without waiting for the one before.

What others hold is put into the server's graph directly: edge by edge through its own door, 5,000 take most of a
minute before anything is measured. This file measures nothing.
"""

import asyncio
import json
import logging
import os
import pickle
import sys
import threading
from concurrent.futures import Future
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

from ezmsg.core.graphcontext import GraphContext
from ezmsg.core.graphmeta import (
    DynamicSettingsMetadata,
    GraphMetadata,
    GraphSnapshot,
    InputStreamMetadata,
    OutputStreamMetadata,
    SettingsFieldMetadata,
    SettingsSchemaMetadata,
    TaskMetadata,
    UnitMetadata,
)
from ezmsg.core.graphserver import GraphServer

from ._dag_peers import Ezmsg
from ._probe import Lags
from ._process import answer
from ._workloads import FIELDS, Pairs, addresses, layered, settings, type_name

logging.getLogger("ezmsg").setLevel(logging.ERROR)  # it warns of back-pressure, which is what is wanted here


# -- the client's side ---------------------------------------------------------------------------------------


def context(place: tuple[str, int]) -> GraphContext:
    """Return a session, to be entered."""
    host, port = place
    return GraphContext((host, port), auto_start=False)


async def connect_many(session: GraphContext, edges: Pairs) -> None:
    """Bring up *edges* as fast as it can be done: it has no call for many."""
    await asyncio.gather(*(session.connect(*edge) for edge in edges))


def edges_of(snapshot: GraphSnapshot) -> set[tuple[str, str]]:
    return {(edge.from_topic, edge.to_topic) for edge, owners in snapshot.edge_owners.items() if owners}


def addresses_of(snapshot: GraphSnapshot) -> set[str]:
    """Return the addresses of all ports that sessions have declared."""
    declared = [session.metadata for session in snapshot.sessions.values() if session.metadata is not None]
    units: list[Any] = [unit for one in declared for unit in one.components.values()]
    return {stream.address for unit in units for stream in unit.streams.values()}


def metadata(count: int, system: str = "SYS") -> GraphMetadata:
    """Return the same as our own `metadata`, in its records."""
    units = {address: _unit(address) for address in addresses(count, system)}
    return GraphMetadata(schema_version=1, root_name=None, components=units)


def _unit(address: str) -> UnitMetadata:
    held = settings(address)
    ports = [InputStreamMetadata("IN", f"{address}/IN", type_name("Block"), leaky=False, max_queue=32)]
    ports.append(InputStreamMetadata("INPUT_SETTINGS", f"{address}/INPUT_SETTINGS", type_name("Settings"), False, 32))
    fields = [
        SettingsFieldMetadata(path, kind, False, held[path], None, None, None, None) for path, kind in FIELDS.items()
    ]
    return UnitMetadata(
        address=address,
        name=address.rpartition("/")[2],
        component_type=type_name("Gain"),
        settings_type=type_name("Settings"),
        initial_settings=(pickle.dumps(held), held),
        dynamic_settings=DynamicSettingsMetadata(True, f"{address}/INPUT_SETTINGS", type_name("Settings")),
        settings_schema=SettingsSchemaMetadata("dataclass", type_name("Settings"), fields),
        streams={
            **{port.name: port for port in ports},
            "OUT": OutputStreamMetadata("OUT", f"{address}/OUT", type_name("Block")),
        },
        tasks=[TaskMetadata("scale", f"{address}/IN", [f"{address}/OUT"])],
        main=None,
        threads=[],
    )


# -- the server's process ------------------------------------------------------------------------------------


STOP = 5.0
"""Seconds for an orderly end."""


class Held:
    """What the server holds for a session that nobody measures."""

    def __init__(self, server: GraphServer) -> None:
        self._server = server
        self._graph = Ezmsg()
        self._session: GraphContext | None = None
        self._crowd = AsyncExitStack()
        self._lags = Lags()
        self._probing: Future[None] | None = None
        server.graph = self._graph

    async def hold(self, edges: int, components: int) -> None:
        await self.drop()
        self._session = context(tuple(self._server.address))
        await self._session.__aenter__()
        await self._session.register_metadata(metadata(components, "HELD"))
        self.own(str(self._session._session_id), edges, "HELD")

    async def crowd(self, sessions: int) -> None:
        """Have so many sessions, with one edge each."""
        await self.drop()
        for number in range(sessions):
            session = await self._crowd.enter_async_context(context(tuple(self._server.address)))
            self.own(str(session._session_id), 1, f"HELD{number}")

    def probe(self) -> None:
        """Watch how late the server's loop is."""
        self._lags = Lags()
        self._probing = asyncio.run_coroutine_threadsafe(self._lags.on_asyncio(), self._server._loop)

    def lags(self) -> dict[str, float]:
        """Stop watching, and tell."""
        assert self._probing is not None
        self._probing.cancel()
        return self._lags.told()

    async def drop(self) -> None:
        await self._crowd.aclose()
        self._crowd = AsyncExitStack()
        if self._session is not None:
            # Through its own door, letting go of many edges takes seconds too.
            self._server.clients[self._session._session_id].edges.clear()
            self._graph.graph.clear()
            self._graph.edge_owners.clear()
            await self._session.__aexit__(None, None, None)
            self._session = None

    def own(self, session: str, edges: int, system: str) -> None:
        """Give edges to a session, as if it had connected them."""
        pairs = layered(edges, system)
        self._server.clients[UUID(session)].edges.update(pairs)
        self._graph.fill(pairs, UUID(session))


async def main() -> None:
    server = GraphServer()
    server.start(("127.0.0.1", 0))
    held = Held(server)
    answer(list(server.address))
    while line := await asyncio.to_thread(sys.stdin.readline):
        order, *details = json.loads(line)
        done = getattr(held, order)(*details)
        answer(await done if asyncio.iscoroutine(done) else done)
    # It waits for clients, who may have been killed; nobody is left who would end this process.
    threading.Thread(target=server.stop, daemon=True).start()
    server.join(STOP)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
