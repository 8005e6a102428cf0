"""``trellis diff``: what lies between two saved snapshots."""

import argparse
import json
from pathlib import Path
from typing import Any, Final

import attrs

from graphmeta import (
    GraphSnapshot,
    InvalidSnapshot,
    SnapshotSession,
    change_to_json,
    compare,
    read_snapshot,
    snapshot_from_json,
)

from ._changes import described
from ._errors import UsageError
from ._target import COMMAND

_STYLES: Final = {"+": "green", "-": "red"}


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "diff",
        help="compare two saved snapshots",
        description="Say what came and went between two snapshots, but for these commands themselves; exit code 1 when "
        "something did.",
    )
    parser.add_argument("before", type=Path, help="a file from `trellis snapshot --save` or `--json`")
    parser.add_argument("after", type=Path, help="another one")
    parser.add_argument("--json", action="store_true", help="as JSON, one change, for programs")
    parser.set_defaults(command=run)


async def run(args: argparse.Namespace) -> int:
    """Print the differences."""
    change = compare(_read(args.before), _read(args.after))
    lines = list(described(change))
    if args.json:
        print(json.dumps(change_to_json(change)))
        return 1 if lines else 0
    from rich.text import Text  # See `_console`.

    from ._console import Output

    console = Output()
    for line in lines:
        console.print(Text(line, style=_STYLES.get(line[:1], "")))
    return 1 if lines else 0


def _read(path: Path) -> GraphSnapshot:
    try:
        with path.open("rb") as file:
            is_json = file.read(1) == b"{"
        return _unwatched(snapshot_from_json(path.read_bytes()) if is_json else read_snapshot(path))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from None
    except InvalidSnapshot as error:
        raise UsageError(f"{path} is {error}; `trellis snapshot --save FILE` makes one") from None


def _unwatched(snapshot: GraphSnapshot) -> GraphSnapshot:
    """The graph without those who only look at it from here: each snapshot shows the command that took it."""
    sessions = {id_: session for id_, session in snapshot.sessions.items() if not _looks(session)}
    return attrs.evolve(snapshot, sessions=sessions)


def _looks(session: SnapshotSession) -> bool:
    holds = session.edges or session.scopes or session.endpoints or session.metadata
    return session.name.startswith(COMMAND) and not holds
