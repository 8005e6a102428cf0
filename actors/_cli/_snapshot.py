"""``trellis snapshot``: the whole state, for people or as JSON."""

import argparse
from pathlib import Path
from typing import Any

from graphmeta import GraphSnapshot, save_snapshot, snapshot_to_json

from ._errors import UsageError
from ._target import add_target, open_target


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "snapshot", help="take the whole state", description="Take the whole state of the graph."
    )
    parser.add_argument("--json", action="store_true", help="as JSON: everything, for programs")
    parser.add_argument("--save", metavar="FILE", type=Path, help="into a file, for `trellis diff` and Python")
    add_target(parser)
    parser.set_defaults(command=run)


async def run(args: argparse.Namespace) -> None:
    """Print a snapshot."""
    async with open_target(args, "snapshot") as session:
        snapshot = await session.snapshot()
    if args.save is not None:
        _save(snapshot, args.save)
    print(snapshot_to_json(snapshot) if args.json else _summary(snapshot))


def _save(snapshot: GraphSnapshot, path: Path) -> None:
    try:
        save_snapshot(snapshot, path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None


def _summary(snapshot: GraphSnapshot) -> str:
    components = sum(len(s.metadata.components) for s in snapshot.sessions.values() if s.metadata)
    return "\n".join(
        (
            f"epoch       {snapshot.epoch}",
            f"revision    {snapshot.revision}",
            f"sessions    {len(snapshot.sessions)}",
            f"edges       {len(snapshot.edge_owners)} ({len(snapshot.persistent)} persistent)",
            f"components  {components}",
            f"settings    {len(snapshot.settings)}",
        )
    )
