"""Which columns of a table have room in a terminal, and how much of it each gets. Pure.

What has no room is left out as a whole column: a cell that is cut in the middle of a word can be taken for another.
"""

from collections.abc import Sequence
from typing import Final

import attrs

_WORD: Final = 24
"""Characters of a word for which others are left out; one that is longer may be broken."""


@attrs.frozen
class Column:
    """What stands above the cells, and what becomes of them where there is little room."""

    name: str
    right: bool = False
    """Set flush right, as numbers are."""
    whole: bool = False
    """Never folded into several lines."""
    spare: int = 0
    """Left out where there is no room for all, those with the highest number first; 0: never."""


def fit(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int, gap: int) -> dict[int, int | None]:
    """The numbers of the columns that have room, and their widths: no word of theirs is broken, no whole cell folded.

    A width is None where there is too little room even for those that are never left out.
    """
    ranges = {index: _range(column, [row[index] for row in rows]) for index, column in enumerate(columns)}

    def left() -> int:
        return room - sum(least for least, _ in ranges.values()) - gap * (len(ranges) - 1)

    while left() < 0:
        worst = max(ranges, key=lambda index: columns[index].spare)
        if not columns[worst].spare:
            return dict.fromkeys(ranges)
        del ranges[worst]
    return _share(left(), ranges)


def _range(column: Column, cells: Sequence[str]) -> tuple[int, int]:
    """The least and the most room that a column can use."""
    from rich.cells import cell_len  # See `_console`.

    texts = (column.name, *cells)
    most = max(map(cell_len, texts))
    if column.whole:
        return most, most
    return max(min(cell_len(word), _WORD) for text in texts for word in text.split()), most


def _share(left: int, ranges: dict[int, tuple[int, int]]) -> dict[int, int | None]:
    """What is *left* is shared out evenly; who can use less than his share leaves it to the others."""
    widths: dict[int, int | None] = dict.fromkeys(ranges)
    modest_first = sorted(ranges, key=lambda index: ranges[index][1] - ranges[index][0])
    for place, index in enumerate(modest_first):
        least, most = ranges[index]
        more = min(left // (len(ranges) - place), most - least)
        widths[index], left = least + more, left - more
    return widths
