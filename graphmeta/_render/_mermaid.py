"""A diagram as a Mermaid flowchart with nested subgraphs."""

from collections.abc import Iterator

from ._escape import mermaid_label
from ._model import Diagram
from ._outline import Line, Part, outline


def mermaid(diagram: Diagram, *, owners: bool) -> str:
    """Return the flowchart; every line ends with a line feed."""
    return "".join(f"{line}\n" for line in _lines(diagram, owners))


def _lines(diagram: Diagram, owners: bool) -> Iterator[str]:
    yield "flowchart LR"
    for line in outline(diagram, owners=owners):
        yield "  " * (line.depth + 1) + _spell(line)


def _spell(line: Line) -> str:
    label = mermaid_label(line.label) if line.label else ""
    match line.part:
        case Part.OPEN:
            return f"subgraph g{line.number}[{label}]"
        case Part.NODE:
            return f"n{line.number}[{label}]"
        case Part.CLOSE:
            return "end"
        case Part.LINK:
            return f"n{line.number} -->" + (f"|{label}|" if label else "") + f" n{line.target}"
