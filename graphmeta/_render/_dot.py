"""A diagram as a Graphviz digraph with nested clusters."""

from collections.abc import Iterator

from ._escape import dot_label
from ._model import Diagram
from ._outline import Line, Part, outline


def dot(diagram: Diagram, *, owners: bool) -> str:
    """Return the digraph; every line ends with a line feed."""
    return "".join(f"{line}\n" for line in _lines(diagram, owners))


def _lines(diagram: Diagram, owners: bool) -> Iterator[str]:
    yield "digraph trellis {"
    yield "  rankdir=LR; node [shape=box];"
    for line in outline(diagram, owners=owners):
        yield "  " * (line.depth + 1) + _spell(line)
    yield "}"


def _spell(line: Line) -> str:
    label = f"label={dot_label(line.label)}" if line.label else ""
    match line.part:
        case Part.OPEN:
            return f"subgraph cluster{line.number} {{ {label};"
        case Part.NODE:
            return f"n{line.number} [{label}];"
        case Part.CLOSE:
            return "}"
        case Part.LINK:
            return f"n{line.number} -> n{line.target}" + (f" [{label}];" if label else ";")
