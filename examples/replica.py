"""A replica of a graph across a websocket: a snapshot once, then changes only, and never a gap."""

import trio

from actors import Door, open_graph, open_session, serve_websocket


async def follow(door: Door, until: int, task_status: trio.TaskStatus[None]) -> None:
    """Keep a replica, as a tool in another process would."""
    async with open_session(door.url, name="viewer", token=door.token) as viewer:
        replica = await viewer.snapshot()
        task_status.started()
        async with viewer.watch(replica) as changes:
            while len(replica.edge_owners) < until:
                # A change continues the replica, a resync replaces it; both are applied alike.
                replica = replica.apply(await changes.receive())
        print("the replica has:", ", ".join(map(str, replica.edge_owners)))


async def main() -> None:
    """Change a graph while somebody follows."""
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(serve_websocket, graph)
        async with trio.open_nursery() as viewers, open_session(graph, name="builder") as builder:
            await viewers.start(follow, door, 3)
            for number in range(3):
                await builder.connect("SOURCE/OUT", f"SINK{number}/IN")
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main)
