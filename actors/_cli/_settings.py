"""``trellis settings``: the live settings of running components, and who said so."""

import argparse
import json
from datetime import datetime
from typing import Any, Final

import msgspec

from actors._graph import Session
from graphmeta import SettingValue

from ._fitting import Column
from ._target import add_target, open_target

Rows = list[tuple[str, SettingValue]]

_COLUMNS: Final = (
    Column("address"),
    Column("settings"),
    Column("by", spare=3),
    Column("since", whole=True, spare=2),
    Column("revision", right=True, whole=True, spare=1),
)


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "settings", help="show live settings", description="Show what components are set to, and since when."
    )
    parser.add_argument("address", nargs="?", help="one component and the last values it had (default: all)")
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")
    add_target(parser)
    parser.set_defaults(command=run)


async def run(args: argparse.Namespace) -> None:
    """Print settings."""
    async with open_target(args, "settings") as session:
        rows = await _rows(session, args.address)
    if args.json:
        print(msgspec.json.encode([{"address": address, "value": value} for address, value in rows]).decode())
    else:
        from ._table import print_table  # See `_console`.

        print_table(_COLUMNS, (row_of(*row) for row in rows))


async def _rows(session: Session, address: str | None) -> Rows:
    if address is None:
        return list((await session.settings()).items())
    return [(address, value) for value in await session.settings_history(address)]


def row_of(address: str, value: SettingValue) -> tuple[str, ...]:
    """One value under the columns."""
    return (
        address,
        json.dumps(value.readable, ensure_ascii=False),
        "its unit" if value.reported else "registration",
        f"{datetime.fromtimestamp(value.at):%H:%M:%S}",
        str(value.revision),
    )
