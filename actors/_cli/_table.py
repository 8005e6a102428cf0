"""Rows for a terminal."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from graphmeta import visible

if TYPE_CHECKING:
    from rich.console import JustifyMethod

_LONGEST: Final = 10_000
_GAP: Final = 1
"""Characters between columns in a terminal, where eighty are few."""


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print *rows* under *columns*.

    A column whose name begins with ``>`` is set flush right. Such a column, and one that begins with ``=``, has all the
    room that it needs before any other has some.
    """
    from rich.table import Table  # See `_console`.
    from rich.text import Text

    from ._console import Output

    console = Output()
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, _GAP if console.is_terminal else 2, 0, 0))
    for column in columns:
        justify: JustifyMethod = "right" if column.startswith(">") else "left"
        table.add_column(column.lstrip(">="), justify=justify, no_wrap=column.startswith((">", "=")))
    for row in rows:
        # Text, because a cell is a name from elsewhere and no markup of ours.
        table.add_row(*(Text(visible(cell)) for cell in row))
    if not console.is_terminal:
        # For programs and files a row is a line, however long.
        console = Output(width=_LONGEST)
    console.print(table)
