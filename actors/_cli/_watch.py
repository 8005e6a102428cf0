"""``trellis watch``: every change as it happens."""

import argparse
import json
from functools import partial
from typing import Any

from graphmeta import change_to_json

from ._changes import lines
from ._signals import follow
from ._target import add_target, open_target


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "watch", help="follow every change", description="Follow every change of the graph, until Ctrl-C."
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for programs")
    parser.add_argument("--after", type=int, metavar="REVISION", help="start after this revision")
    add_target(parser)
    parser.set_defaults(command=run)


async def run(args: argparse.Namespace) -> int:
    """Print changes until the graph goes away, Ctrl-C is pressed, or SIGTERM comes."""
    return await follow(partial(_print, args))


async def _print(args: argparse.Namespace) -> None:
    async with open_target(args, "watch") as session, session.watch(args.after) as changes:
        async for item in changes:
            for line in [json.dumps(change_to_json(item))] if args.json else lines(item):
                print(line, flush=True)
