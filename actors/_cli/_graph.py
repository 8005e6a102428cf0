"""``trellis graph``: the graph as a text tree, Mermaid or DOT."""

import argparse
import json
from typing import Any

from graphmeta import render

from ._target import add_target, open_target


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("graph", help="draw the graph", description="Draw the graph as it is now.")
    parser.add_argument("--format", choices=("text", "mermaid", "dot"), default="text", help="default: text")
    parser.add_argument("--json", action="store_true", help="as JSON: topics and what they lead to, for programs")
    parser.add_argument(
        "-c", "--collapse", action="count", default=0, help="take a level off the picture; may be repeated"
    )
    parser.add_argument("--owners", action="store_true", help="say which sessions own each edge")
    add_target(parser)
    parser.set_defaults(command=run)


async def run(args: argparse.Namespace) -> None:
    """Draw the graph."""
    async with open_target(args, "graph") as session:
        snapshot = await session.snapshot()
    if args.json:
        print(json.dumps(snapshot.graph))
        return
    print(render(snapshot, args.format, collapse=args.collapse, owners=args.owners), end="")
