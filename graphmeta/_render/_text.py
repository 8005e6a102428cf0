"""A diagram as a tree for the terminal: components, their ports, and under each port where its messages go."""

from collections.abc import Iterator, Sequence
from typing import Final

from graphmeta._records._visible import visible

from ._model import Diagram, Link, Place, Visit, walk

_BRANCHES: Final = {False: ("├─ ", "│  "), True: ("└─ ", "   ")}
"""By whether it is the last of its level: what leads to a place, and what stands before the lines inside it."""

_ARROWS: Final = {False: "├→ ", True: "└→ "}


def text(diagram: Diagram, *, owners: bool) -> str:
    """Return the tree; every line ends with a line feed."""
    lines = list(_tree(diagram, owners)) or ["(an empty graph)"]
    if owners and diagram.sessions:
        lines += ["", "Sessions", *(f"  {visible(line)}" for line in diagram.sessions)]
    return "".join(f"{line}\n" for line in lines)


def _tree(diagram: Diagram, owners: bool) -> Iterator[str]:
    links: dict[str, list[Link]] = {}
    for link in diagram.links:
        links.setdefault(link.source, []).append(link)
    margins = [""]  # What stands before the lines of each level that is open.
    for visit, place, last in walk(diagram.places):
        if visit is Visit.LEAVE:
            margins.pop()
            continue
        branch, rail = ("", "") if len(margins) == 1 else _BRANCHES[last]
        yield margins[-1] + branch + _title(place)
        inner = margins[-1] + rail
        yield from _arrows(inner, links.get(place.path, ()), bool(place.children), owners)
        if visit is Visit.ENTER:
            margins.append(inner)


def _title(place: Place) -> str:
    return visible(place.name) + (f"  {visible(place.note)}" if place.note else "")


def _arrows(margin: str, links: Sequence[Link], more: bool, owners: bool) -> Iterator[str]:
    for number, link in enumerate(links, 1):
        last = number == len(links) and not more
        names = f"  [{visible(', '.join(link.owners))}]" if owners else ""
        yield f"{margin}{_ARROWS[last]}{visible(link.target)}{names}"
