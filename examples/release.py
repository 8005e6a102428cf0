"""An operator asks what breaks if a session is released, releases it, and everybody learns of it.

What the session alone owned goes in one step. Its own block ends with `SessionReleased`, which names the operator.
"""

import trio

from actors import Change, Graph, Session, SessionReleased, open_graph, open_session


async def tracker(graph: Graph, task_status: trio.TaskStatus[None]) -> None:
    """A client that would go on for ever."""
    try:
        async with open_session(graph, name="tracker") as session:
            await session.connect_many([("CAM/OUT", "TRACK/IN"), ("TRACK/OUT", "MAP/IN")])
            task_status.started()
            await trio.sleep_forever()
    except SessionReleased as error:
        print("and the tracker knows:", error)


async def operate(operator: Session) -> None:
    """Ask what would go, let it go, and see that it went."""
    would_go = await operator.release("tracker", dry_run=True)
    print("would go:", *would_go.edges)
    print("would hear from fewer topics:", *would_go.cut)
    async with operator.watch(await operator.snapshot()) as changes:
        await operator.release("tracker")
        change = await changes.receive()
        assert isinstance(change, Change)
        print("in one change:", *change.edges_removed, "went, and", change.ended[0].name)


async def main() -> None:
    """A map that shares an edge with the tracker, the tracker, and an operator."""
    async with open_graph() as graph, open_session(graph, name="map") as client, client.subscriber("MAP/IN"):
        await client.connect("CAM/OUT", "TRACK/IN")
        async with trio.open_nursery() as nursery, open_session(graph, name="operator") as operator:
            await nursery.start(tracker, graph)
            await operate(operator)
        print("shared, so it stayed:", *graph.snapshot().edge_owners)


if __name__ == "__main__":
    trio.run(main)
