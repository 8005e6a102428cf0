"""``trellis doctor``: what may be wrong with a running graph."""

import argparse
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ._diagnose import Finding, Patient, diagnose
from ._target import add_target, open_target
from ._text import printable


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "doctor", help="look for trouble", description="Look for trouble; exit code 1 when there is any."
    )
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")
    add_target(parser)
    parser.set_defaults(command=run)


async def run(args: argparse.Namespace) -> int:
    """Print what was found."""
    async with open_target(args, "doctor") as session:
        findings = diagnose(Patient(await session.snapshot(), await session.sessions()))
    if args.json:
        print(msgspec.json.encode(findings).decode())
    elif findings:
        Console().print(_table(findings))
    else:
        print("nothing found")
    return 1 if findings else 0


def _table(findings: tuple[Finding, ...]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("finding", "where", "what to know"):
        table.add_column(column)
    for finding in findings:
        table.add_row(*(Text(printable(cell)) for cell in (finding.rule, finding.subject, finding.advice)))
    return table
