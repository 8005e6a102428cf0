"""``trellis release``: end another session, or see what that would do."""

import argparse
from typing import Any

import msgspec

from actors._graph import Impact, SessionLost
from graphmeta import visible

from ._target import add_target, open_target


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "release",
        help="end a session",
        description="End a session: what it alone owns goes. Several of one name are listed, not guessed.",
    )
    parser.add_argument("session", help="its name, its id, or the id that `trellis sessions` shows")
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")
    add_target(parser)
    parser.set_defaults(command=run)


async def run(args: argparse.Namespace) -> None:
    """Release the session and say what went."""
    impact = None
    try:
        async with open_target(args, "release") as session:
            # To ask what would go is for everybody, also for those who may only look.
            impact = await (session.impact if args.dry_run else session.release)(args.session)
    except SessionLost:
        # The graph may end with whom it released, once it has answered.
        if impact is None:
            raise
    if args.json:
        print(msgspec.json.encode(impact).decode())
    else:
        print(printed(impact, "would go" if args.dry_run else "went"))


def printed(impact: Impact, verb: str) -> str:
    """The impact as lines."""
    parts = {
        "edges": [str(edge) for edge in impact.edges],
        "subscribers that hear less": list(impact.cut),
        "components": list(impact.components),
    }
    lines = [f"{impact.name} ({impact.session}): {verb}"]
    for title, entries in parts.items():
        lines += [f"  {title}: {len(entries)}", *(f"    {entry}" for entry in entries)]
    return "\n".join(visible(line) for line in lines)
