"""``trellis sessions``: who is connected, since when, and what they hold."""

import argparse
from datetime import datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from actors._graph import SessionInfo

from ._diagnose import SILENT
from ._target import add_target, open_target
from ._text import printable


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
        Console().print(_table(sessions))


def _table(sessions: tuple[SessionInfo, ...]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("name", "peer", "since"):
        table.add_column(column)
    for column in ("edges", "components", "endpoints", "heard"):
        table.add_column(column, justify="right")
    for column in ("state", "id"):
        table.add_column(column)
    for session in sessions:
        table.add_row(*(Text(cell) for cell in _row(session)))
    return table


def _row(session: SessionInfo) -> tuple[str, ...]:
    return (
        printable(session.name),
        printable(session.peer),
        f"{datetime.fromtimestamp(session.since):%H:%M:%S}",
        str(session.edges),
        str(session.components),
        str(session.endpoints),
        f"{session.silent:.1f} s ago" if session.silent else "-",
        "silent" if session.silent > SILENT else "alive",
        str(session.id)[:8],
    )
