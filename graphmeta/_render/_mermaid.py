"""A diagram as a Mermaid flowchart with nested subgraphs. Names stand in quoted labels only; ids are our own."""

from collections.abc import Iterator

from ._escape import mermaid_label
from ._model import Diagram, Visit, walk


def mermaid(diagram: Diagram, *, owners: bool) -> str:
    """The flowchart; every line ends with a line feed."""
    return "".join(f"{line}\n" for line in _lines(diagram, owners))


def _lines(diagram: Diagram, owners: bool) -> Iterator[str]:
    yield "flowchart LR"
    ids: dict[str, str] = {}
    depth = 1
    for visit, place in walk(diagram.places):
        if visit is Visit.LEAVE:
            depth -= 1
            yield "  " * depth + "end"
            continue
        if visit is Visit.ENTER:
            yield "  " * depth + f"subgraph g{len(ids)}_{depth}[{mermaid_label(place.name)}]"
            depth += 1
        if place.topic or visit is Visit.MEET:
            ids[place.path] = f"n{len(ids)}"
            yield "  " * depth + f"{ids[place.path]}[{mermaid_label(place.name)}]"
    for link in diagram.links:
        label = f"|{mermaid_label(', '.join(link.owners))}|" if owners else ""
        yield f"  {ids[link.source]} -->{label} {ids[link.target]}"
