"""A viewer in another process: the same session interface, here over a Unix socket; then the viewer is killed.

This process serves a graph and starts a second one, which draws the graph and holds an edge of its own while it looks.
What a session held is gone when its process is, however that ended.
"""

import sys
import tempfile
from functools import partial
from pathlib import Path

import trio

from actors import Change, Door, Graph, Session, open_graph, open_session, serve_unix
from graphmeta import render


async def view(url: str) -> None:
    """What the second process does: draw, hold an edge, and look until it is killed."""
    async with open_session(url, name="viewer") as session:
        print(render(await session.snapshot(), "text", owners=True), end="", flush=True)
        await session.connect("CAM/OUT", "VIEWER/IN")
        await trio.sleep_forever()


async def kill_a_viewer(door: Door, camera: Session) -> None:
    """Start the second process, wait until it holds its edge, kill it, and wait until that went."""
    async with trio.open_nursery() as nursery, camera.watch(await camera.snapshot()) as changes:
        command = [sys.executable, __file__, door.url]
        process = await nursery.start(partial(trio.run_process, command, check=False))
        async for change in changes:
            assert isinstance(change, Change)
            for edge in change.edges_added:
                print(change.by_name, "added", edge)
                process.kill()
            for edge in change.edges_removed:
                print(edge, "went, and so did the session of", change.ended[0].name)
                return


async def serve(graph: Graph, folder: Path) -> None:
    """What this process does."""
    async with trio.open_nursery() as nursery, open_session(graph, name="camera") as camera:
        door = await nursery.start(serve_unix, graph, folder / "graph.sock")
        await camera.connect("CAM/OUT", "TRACK/IN")
        await kill_a_viewer(door, camera)
        nursery.cancel_scope.cancel()


async def main() -> None:
    """Be one process or the other."""
    if len(sys.argv) > 1:
        await view(sys.argv[1])
        return
    # A folder that is this user's alone, as a socket's must be.
    with tempfile.TemporaryDirectory() as folder:
        async with open_graph() as graph:
            await serve(graph, Path(folder))


if __name__ == "__main__":
    trio.run(main)
