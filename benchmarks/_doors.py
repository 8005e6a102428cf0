"""Our server in a process of its own, and beside it a bare websocket echo: the floor of every round trip.

The process collects its garbage as ``trellis serve`` does. What it holds for others is a session of its own process.
The components are those of `addresses`, as the peer has them.
"""

import gc
import json
import os
import pickle
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import trio
import trio.testing
import trio_websocket

from actors import Graph, GraphMetadata, open_graph, open_session, serve_unix, serve_websocket
from actors._cli._collector import collect_seldom
from graphmeta import (
    DynamicSettingsMetadata,
    InitialSettings,
    InputStreamMetadata,
    OutputStreamMetadata,
    SettingsField,
    TaskMetadata,
    UnitMetadata,
)

from ._probe import Lags
from ._process import answer
from ._workloads import FIELDS, addresses, layered, settings, type_name


def metadata(count: int, system: str = "SYS") -> GraphMetadata:
    """Return what a session says of so many units: three streams, a task, settings and their schema each."""
    return GraphMetadata(units={address: _unit(address) for address in addresses(count, system)})


def _unit(address: str) -> UnitMetadata:
    held = settings(address)
    ports = [InputStreamMetadata("IN", f"{address}/IN", type_name("Block"))]
    ports.append(InputStreamMetadata("INPUT_SETTINGS", f"{address}/INPUT_SETTINGS", type_name("Settings")))
    return UnitMetadata(
        address=address,
        name=address.rpartition("/")[2],
        component_type=type_name("Gain"),
        settings_type=type_name("Settings"),
        initial_settings=InitialSettings(readable=held, pickled=pickle.dumps(held)),
        settings_schema=tuple(SettingsField(path, kind, default=held[path]) for path, kind in FIELDS.items()),
        dynamic_settings=DynamicSettingsMetadata(True, f"{address}/INPUT_SETTINGS", type_name("Settings")),
        input_streams={port.name: port for port in ports},
        output_streams={"OUT": OutputStreamMetadata("OUT", f"{address}/OUT", type_name("Block"))},
        tasks=(TaskMetadata("scale", (f"{address}/IN",), (f"{address}/OUT",)),),
    )


async def main() -> None:
    collect_seldom()
    with tempfile.TemporaryDirectory() as folder:
        async with open_graph() as graph, trio.open_nursery() as nursery:
            door = await nursery.start(serve_websocket, graph)
            unix = await nursery.start(serve_unix, graph, Path(folder) / "door")
            echo = await nursery.start(trio_websocket.serve_websocket, _echo, "127.0.0.1", 0, None)
            answer({"ws": door.url, "token": door.token, "unix": unix.url, "echo": f"ws://127.0.0.1:{echo.port}"})
            await _obey(graph)
            nursery.cancel_scope.cancel()


async def _echo(request: trio_websocket.WebSocketRequest) -> None:
    socket = await request.accept()
    try:
        while True:
            await socket.send_message(await socket.get_message())
    except trio_websocket.ConnectionClosed:
        pass


async def _obey(graph: Graph) -> None:
    """Do what the orders say, one after the other, until they end; each is a method of `Held`."""
    async with trio.open_nursery() as nursery:
        held = Held(graph, nursery)
        received = b""
        async for data in trio.lowlevel.FdStream(os.dup(0)):
            received += data
            while b"\n" in received:
                line, _, received = received.partition(b"\n")
                order, *details = json.loads(line)
                answer(await getattr(held, order)(*details))
        nursery.cancel_scope.cancel()


class Held:
    """What this process does and holds while others measure."""

    def __init__(self, graph: Graph, nursery: trio.Nursery) -> None:
        self._graph = graph
        self._nursery = nursery
        self._holding = trio.CancelScope()
        self._probing = trio.CancelScope()
        self._lags = Lags()

    async def hold(self, edges: int, components: int) -> None:
        """Have one session hold so much, and nobody anything else."""
        await self.drop()
        self._holding = await self._nursery.start(self._hold, edges, components, ["HELD"])

    async def crowd(self, sessions: int) -> None:
        """Have so many sessions, with one edge each."""
        await self.drop()
        self._holding = await self._nursery.start(self._hold, 1, 0, [f"HELD{number}" for number in range(sessions)])

    async def drop(self) -> None:
        self._holding.cancel()
        await trio.testing.wait_all_tasks_blocked()

    async def probe(self) -> None:
        """Watch how late this loop is."""
        self._probing, self._lags = trio.CancelScope(), Lags()
        self._nursery.start_soon(self._probe)

    async def lags(self) -> dict[str, float]:
        """Stop watching, and tell."""
        self._probing.cancel()
        return self._lags.told()

    async def memory(self) -> int:
        """Tell how many bytes of memory this process has now."""
        gc.collect()
        return resident_bytes()

    async def _probe(self) -> None:
        with self._probing:
            await self._lags.on_trio()

    async def _hold(
        self, edges: int, components: int, systems: list[str], *, task_status: trio.TaskStatus[trio.CancelScope]
    ) -> None:
        with trio.CancelScope() as scope:
            async with AsyncExitStack() as stack:
                for system in systems:
                    session = await stack.enter_async_context(open_session(self._graph, name=f"holder of {system}"))
                    await session.connect_many(layered(edges, system))
                    if components:
                        await session.register_metadata(metadata(components, system))
                task_status.started(scope)
                await trio.sleep_forever()


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    trio.run(main)
