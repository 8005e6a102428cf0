"""A diagram as a Graphviz digraph with nested clusters. Names stand in quoted labels only; ids are our own."""

from collections.abc import Iterator

from ._escape import dot_label
from ._model import Diagram, Visit, walk


def dot(diagram: Diagram, *, owners: bool) -> str:
    """The digraph; every line ends with a line feed."""
    return "".join(f"{line}\n" for line in _lines(diagram, owners))


def _lines(diagram: Diagram, owners: bool) -> Iterator[str]:
    yield "digraph trellis {"
    yield "  rankdir=LR; node [shape=box];"
    ids: dict[str, str] = {}
    depth = 1
    for visit, place in walk(diagram.places):
        if visit is Visit.LEAVE:
            depth -= 1
            yield "  " * depth + "}"
            continue
        if visit is Visit.ENTER:
            yield "  " * depth + f"subgraph cluster_{len(ids)}_{depth} {{ label={dot_label(place.name)};"
            depth += 1
        if place.topic or visit is Visit.MEET:
            ids[place.path] = f"n{len(ids)}"
            yield "  " * depth + f"{ids[place.path]} [label={dot_label(place.name)}];"
    for link in diagram.links:
        label = f" [label={dot_label(', '.join(link.owners))}]" if owners else ""
        yield f"  {ids[link.source]} -> {ids[link.target]}{label};"
    yield "}"
