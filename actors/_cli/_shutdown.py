"""``trellis shutdown``: end the graph and whoever serves it."""

import argparse
import json
from typing import Any

import trio

from actors._graph import SessionLost
from graphmeta import counted

from ._target import add_target, open_target


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "shutdown", help="end the graph", description="End the graph: every session, and the process that serves it."
    )
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")
    add_target(parser)
    parser.set_defaults(command=run)


async def run(args: argparse.Namespace) -> None:
    """Ask the graph to end."""
    others = None
    try:
        async with open_target(args, "shutdown") as session:
            listed = await session.sessions()
            await session.shutdown()
            others = len(listed) - 1
            # The graph ends this session like every other: only then is it true.
            await trio.sleep_forever()
    except SessionLost:
        if others is None:
            raise
        print(json.dumps({"ended": others}) if args.json else f"shut down; {counted(others, 'other session')} ended")
