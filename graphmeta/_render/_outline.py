"""A diagram as a flat list: groups opened and closed, nodes between them, and links by number.

The two formats for graph layout programs differ in how they spell this, and in nothing else. Names take no part in
the ids, so no name can be mistaken for one, nor for a keyword.
"""

import enum
from collections.abc import Iterator

import attrs

from ._model import Diagram, Visit, walk


class Part(enum.Enum):
    """What a line is about."""

    OPEN = enum.auto()
    """A group begins."""
    NODE = enum.auto()
    CLOSE = enum.auto()
    """The group that began last ends."""
    LINK = enum.auto()


@attrs.frozen
class Line:
    """One line. ``number`` counts groups and nodes, each from 0; a link goes from one node's to another's."""

    part: Part
    depth: int
    number: int = 0
    target: int = 0
    label: str = ""


def outline(diagram: Diagram, *, owners: bool) -> Iterator[Line]:
    """Yield the lines of *diagram*, links last; with *owners*, their names are the labels of links."""
    numbers: dict[str, int] = {}
    depth = groups = 0
    for visit, place, _ in walk(diagram.places):
        if visit is Visit.LEAVE:
            depth -= 1
            yield Line(Part.CLOSE, depth)
            continue
        if visit is Visit.ENTER:
            yield Line(Part.OPEN, depth, groups, label=place.name)
            groups += 1
            depth += 1
        if place.topic or visit is Visit.MEET:
            number = numbers[place.path] = len(numbers)
            yield Line(Part.NODE, depth, number, label=place.name)
    for link in diagram.links:
        label = ", ".join(link.owners) if owners else ""
        yield Line(Part.LINK, 0, numbers[link.source], numbers[link.target], label)
