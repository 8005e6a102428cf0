"""``trellis doctor``: what may be wrong with a running graph."""

import argparse
from typing import Any, Final

import msgspec

from ._diagnose import Patient, diagnose
from ._fitting import Column
from ._target import add_target, open_target

_COLUMNS: Final = (Column("finding"), Column("where"), Column("what to know"))


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "doctor",
        help="look for trouble",
        description="Look for trouble; exit code 1 when there is any, and 0 when something only may be wrong.",
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
        from ._table import print_table  # See `_console`.

        rows = ((finding.rule, finding.subject, finding.advice) for finding in findings)
        print_table(_COLUMNS, rows)
    else:
        print("nothing found")
    return 1 if any(not finding.note for finding in findings) else 0
