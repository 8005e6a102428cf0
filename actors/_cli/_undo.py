"""``trellis undo``: back to what a running component was set to before."""

import argparse
import json
from typing import Any

from graphmeta import visible

from ._target import add_target, open_target


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "undo",
        help="undo a change of live settings",
        description="Undo the last change of a component's settings; its unit takes it, or says why not.",
    )
    parser.add_argument("address", help="the component, such as DEMO/ALARM")
    parser.add_argument(
        "--to", type=int, metavar="REVISION", help="a value of `trellis settings ADDRESS` to go back to instead"
    )
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")
    add_target(parser)
    parser.set_defaults(command=run)


async def run(args: argparse.Namespace) -> None:
    """Undo, and print the settings that hold now."""
    async with open_target(args, "undo") as session:
        settings = await session.undo_settings(args.address, revision=args.to)
    text = json.dumps(settings, ensure_ascii=False)
    print(text if args.json else f"{args.address}: {visible(text)}")
