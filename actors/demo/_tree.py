"""The graph as a tree of lines, as both views show it. This file knows no way to draw more than text."""

import re
from typing import Final

from graphmeta import GraphSnapshot, render

_ASCII: Final = str.maketrans("├└│─→", "|`|->")
_MODULES: Final = re.compile(r"  (unit |collection |)[\w.]+[.:](\w+)$")
"""The end of a line that names a class: where that comes from is too long for a panel."""


def tree_lines(snapshot: GraphSnapshot, collapse: int, *, ascii_only: bool) -> list[str]:
    """Return the tree of *snapshot*, with so many levels taken off it."""
    lines = [_MODULES.sub(r"  \1\2", line) for line in render(snapshot, collapse=collapse).splitlines()]
    return [_plain(line) for line in lines] if ascii_only else lines


def fitting_tree(snapshot: GraphSnapshot, height: int, *, ascii_only: bool) -> list[str]:
    """Return the most detailed tree of at most *height* lines, or the start of the least detailed one."""
    for collapse in (0, 1, 2):
        lines = tree_lines(snapshot, collapse, ascii_only=ascii_only)
        if len(lines) <= height:
            return lines
    kept = max(0, height - 1)
    return [*lines[:kept], f"and {len(lines) - kept} lines more"]


def _plain(line: str) -> str:
    return line.translate(_ASCII).encode("ascii", "backslashreplace").decode()
