"""A diagram as a tree for the terminal: components, their ports, and under each port where its messages go."""

from collections.abc import Iterator

from ._escape import visible
from ._model import Diagram, Link, Place, Visit, walk


def text(diagram: Diagram, *, owners: bool) -> str:
    """The tree; every line ends with a line feed."""
    lines = [*_tree(diagram, owners)] or ["(an empty graph)"]
    if owners and diagram.sessions:
        lines += ["", "sessions", *(f"  {visible(line)}" for line in diagram.sessions)]
    return "".join(f"{line}\n" for line in lines)


def _tree(diagram: Diagram, owners: bool) -> Iterator[str]:
    links: dict[str, list[Link]] = {}
    for link in diagram.links:
        links.setdefault(link.source, []).append(link)
    depth = 0
    for visit, place in walk(diagram.places):
        if visit is Visit.LEAVE:
            depth -= 1
            continue
        yield "  " * depth + _title(place)
        for link in links.get(place.path, ()):
            yield "  " * (depth + 1) + _arrow(link, owners)
        depth += visit is Visit.ENTER


def _title(place: Place) -> str:
    return visible(place.name) + (f"  ({visible(place.note)})" if place.note else "")


def _arrow(link: Link, owners: bool) -> str:
    return f"-> {visible(link.target)}" + (f"  [{visible(', '.join(link.owners))}]" if owners else "")
