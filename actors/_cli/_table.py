"""Rows for a terminal."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from graphmeta import visible


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print *rows* under *columns*; a column whose name begins with ``>`` is set flush right."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left")
    for row in rows:
        # Text, because a cell is a name from elsewhere and no markup of ours.
        table.add_row(*(Text(visible(cell)) for cell in row))
    Console().print(table)
