"""Who owns an edge: two sessions share one, a scope has one of its own, and a crash takes what only it had."""

import trio

from actors import Graph, open_graph, open_session


def show(moment: str, graph: Graph) -> None:
    """Print every edge with the number of its owners."""
    edges = graph.snapshot().edge_owners
    print(f"{moment}:", ", ".join(f"{edge} ({len(owners)})" for edge, owners in edges.items()) or "nothing")


async def main() -> None:
    """Tell the story."""
    async with open_graph() as graph:
        async with open_session(graph, name="camera") as camera:
            await camera.connect("CAM/OUT", "TRACK/IN")
            try:
                async with open_session(graph, name="tracker") as tracker:
                    await tracker.connect_many([("CAM/OUT", "TRACK/IN"), ("TRACK/OUT", "MAP/IN")])
                    async with tracker.scope("calibration") as scope:
                        await scope.connect("CAM/OUT", "CALIBRATE/IN")
                        show("while it calibrates", graph)
                    show("calibrated", graph)
                    print("would go with the tracker:", *(await camera.impact("tracker")).edges)
                    raise OSError("the tracker's device is gone")
            except OSError as error:
                show(f"after {error!r}", graph)
        show("after the camera", graph)


if __name__ == "__main__":
    trio.run(main)
