"""``trellis sessions``: who is connected, since when, and what they hold."""

import argparse
from datetime import datetime
from typing import Any, Final

import msgspec

from actors._graph import SessionInfo

from ._diagnose import SILENT
from ._fitting import Column
from ._target import add_target, open_target

_COLUMNS: Final = (
    Column("name"),
    Column("peer", spare=3),
    Column("since", whole=True, spare=4),
    Column("heard", right=True, whole=True, spare=5),
    Column("edges", right=True, whole=True, spare=1),
    Column("components", right=True, whole=True, spare=7),
    Column("endpoints", right=True, whole=True, spare=6),
    Column("state", whole=True, spare=2),
    Column("id", whole=True),
)


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("sessions", help="list the sessions", description="List the sessions of the graph.")
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")
    add_target(parser)
    parser.set_defaults(command=run)


async def run(args: argparse.Namespace) -> None:
    """Print the sessions."""
    async with open_target(args, "sessions") as session:
        sessions = await session.sessions()
    if args.json:
        print(msgspec.json.encode(sessions).decode())
    else:
        from ._table import print_table  # See `_console`.

        print_table(_COLUMNS, map(row_of, sessions))


def row_of(session: SessionInfo) -> tuple[str, ...]:
    """One session under the columns."""
    return (
        session.name,
        session.peer,
        f"{datetime.fromtimestamp(session.since):%H:%M:%S}",
        f"{session.silent:.0f} s",
        str(session.edges),
        str(session.components),
        str(session.endpoints),
        _state(session),
        str(session.id)[:8],
    )


def _state(session: SessionInfo) -> str:
    if session.silent > SILENT:
        return "silent"
    return "alive" if session.role == "control" else "reads only"
