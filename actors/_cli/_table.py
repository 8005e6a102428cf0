"""Rows for a terminal."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from graphmeta import visible

_LONGEST: Final = 10_000


def draws(console: Console) -> bool:
    """Whether a picture can be drawn over and over there."""
    return console.is_terminal and not console.is_dumb_terminal


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print *rows* under *columns*; a column whose name begins with ``>`` is set flush right."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left")
    for row in rows:
        # Text, because a cell is a name from elsewhere and no markup of ours.
        table.add_row(*(Text(visible(cell)) for cell in row))
    console = Console()
    if not console.is_terminal:
        # For programs and files a row is a line, however long.
        console = Console(width=_LONGEST)
    console.print(table)
