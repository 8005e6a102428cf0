"""``trellis set``: one field of a running component's settings."""

import argparse
import json
from typing import Any

from graphmeta import visible

from ._target import add_target, open_target


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "set",
        help="change a live setting",
        description="Set one field of a running component; the unit takes it, or says why not.",
    )
    parser.add_argument("address", help="the component, such as DEMO/ALARM")
    parser.add_argument("path", help="the field, dotted where it is nested: band.low")
    parser.add_argument("value", help="JSON, or plain text")
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")
    add_target(parser)
    parser.set_defaults(command=run)


async def run(args: argparse.Namespace) -> None:
    """Set the field and print the settings that hold now."""
    async with open_target(args, "set") as session:
        settings = await session.update_setting(args.address, args.path, _value(args.value))
    text = json.dumps(settings, ensure_ascii=False)
    print(text if args.json else f"{args.address}: {visible(text)}")


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
