"""``trellis serve``: a graph on its own, for sessions to join."""

import argparse
from functools import partial
from typing import Any

import trio

from actors._graph import open_graph, published, serve_websocket

from ._signals import wait_told


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "serve",
        help="serve a graph",
        description="Serve an empty graph on this host until Ctrl-C or SIGTERM.",
    )
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.set_defaults(command=run)


async def run(args: argparse.Namespace) -> int:
    """Serve until a signal comes."""
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(partial(serve_websocket, graph, port=args.port))
        with published(door.url, door.token) as ticket:
            print(f"graph server: {door.url}", f"token file: {ticket}", sep="\n", flush=True)
            code = await wait_told(graph)
        nursery.cancel_scope.cancel()
    return code
