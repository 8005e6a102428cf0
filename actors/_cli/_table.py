"""Rows for a terminal, where there is room for them; a program or a file gets all columns, and a line for each row."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from graphmeta import visible

from ._console import Output
from ._fitting import Column, fit

_LONGEST: Final = 10_000
_GAP: Final = 1
"""Characters between columns in a terminal, where eighty are few."""


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print *rows* under *columns*."""
    console = Output()
    cells = [[visible(cell) for cell in row] for row in rows]
    if not console.is_terminal:
        Output(width=_LONGEST).print(_table(columns, cells, dict.fromkeys(range(len(columns))), 2))
        return
    widths = fit(columns, cells, console.width, _GAP)
    console.print(_table(columns, cells, widths, _GAP))
    _say_missing(console, [column.name for index, column in enumerate(columns) if index not in widths])


def _table(columns: Sequence[Column], rows: Sequence[Sequence[str]], widths: dict[int, int | None], gap: int) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, gap, 0, 0))
    for index, width in widths.items():
        column = columns[index]
        justify: JustifyMethod = "right" if column.right else "left"
        table.add_column(column.name, justify=justify, no_wrap=column.whole, overflow="fold", width=width)
    for row in rows:
        # Text, because a cell is a name from elsewhere and no markup of ours.
        table.add_row(*(Text(row[index]) for index in widths))
    return table


def _say_missing(console: Console, names: Sequence[str]) -> None:
    if names:
        console.print(Text(f"no room here for {', '.join(names)}; --json has all", style="dim"))
