"""Our server in a process of its own, and beside it a bare websocket echo: the floor of every round trip.

What it holds for others is a session of its own process. The components are those of `addresses`, as the peer has them.
"""

import json
import os
import pickle
import tempfile
from pathlib import Path

import trio
import trio.testing
import trio_websocket

from actors import Graph, GraphMetadata, open_graph, open_session, serve_unix, serve_websocket
from graphmeta import (
    DynamicSettingsMetadata,
    InitialSettings,
    InputStreamMetadata,
    OutputStreamMetadata,
    SettingsField,
    TaskMetadata,
    UnitMetadata,
)

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
    """Hold what the orders say, one thing at a time, until they end."""
    async with trio.open_nursery() as nursery:
        scope = trio.CancelScope()
        received = b""
        async for data in trio.lowlevel.FdStream(os.dup(0)):
            received += data
            while b"\n" in received:
                line, _, received = received.partition(b"\n")
                order, *details = json.loads(line)
                scope.cancel()
                if order == "hold":
                    scope = await nursery.start(_hold, graph, *details)
                await trio.testing.wait_all_tasks_blocked()
                answer()
        nursery.cancel_scope.cancel()


async def _hold(graph: Graph, edges: int, components: int, *, task_status: trio.TaskStatus[trio.CancelScope]) -> None:
    with trio.CancelScope() as scope:
        async with open_session(graph, name="holder") as session:
            await session.connect_many(layered(edges, "HELD"))
            await session.register_metadata(metadata(components, "HELD"))
            task_status.started(scope)
            await trio.sleep_forever()


if __name__ == "__main__":
    trio.run(main)
