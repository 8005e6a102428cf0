"""A diagram with less in it: components for their streams, collections for their components.

One level draws every topic as its component and joins the topics that only pass on. Each further level closes the
innermost groups that are left, so that a unit beside a collection stays. This file knows the model, no format.
"""

import attrs

from ._join import Routes, join, passing
from ._model import Diagram, Link, Place, Visit, walk


def collapse(diagram: Diagram, levels: int) -> Diagram:
    """Return *diagram* collapsed by *levels*; 0 leaves it as it is."""
    if levels <= 0:
        return diagram
    routes: Routes = {(link.source, link.target): frozenset(link.owners) for link in diagram.links}
    routes, joined = join(routes, sorted(passing(routes) - diagram.ports))
    components = _components(diagram.places, joined)
    drawn = _drawn_as(components, levels - 1)
    links = _merge(routes, drawn)
    return attrs.evolve(diagram, places=_places(components, drawn, links), links=links)


def _component(topic: str) -> str:
    return topic.rpartition("/")[0] or topic


def _components(places: Place, joined: set[str]) -> Place:
    """Return the tree of components: those that are described, and those that have a topic which is not joined."""
    root = Place("", "")
    for visit, place, _ in walk(places):
        if visit is not Visit.LEAVE and place.path not in joined and (place.topic or place.note):
            path = _component(place.path) if place.topic else place.path
            root.at(path).note = places.at(path).note
    return root


def _drawn_as(components: Place, most: int) -> dict[str, str]:
    """Return the place that stands for each component, when groups that are *most* levels high are closed."""
    heights = _heights(components)
    drawn: dict[str, str] = {}
    for visit, place, _ in walk(components):
        if visit is not Visit.LEAVE:
            group = place.path.rpartition("/")[0]
            drawn[place.path] = drawn[group] if heights.get(group, most + 1) <= most else place.path
    return drawn


def _heights(components: Place) -> dict[str, int]:
    """Return how many levels each place has below it."""
    heights: dict[str, int] = {}
    for visit, place, _ in walk(components):
        if visit is not Visit.ENTER:
            heights[place.path] = 1 + max((heights[child.path] for child in place.children.values()), default=-1)
    return heights


def _merge(routes: Routes, drawn: dict[str, str]) -> tuple[Link, ...]:
    """Return one link for each pair of places that remains, with the owners of all that it stands for."""
    merged: Routes = {}
    for (source, target), owners in routes.items():
        ends = drawn[_component(source)], drawn[_component(target)]
        if ends[0] != ends[1]:
            merged[ends] = merged.get(ends, frozenset()) | owners
    return tuple(Link(*ends, tuple(sorted(merged[ends]))) for ends in sorted(merged))


def _places(components: Place, drawn: dict[str, str], links: tuple[Link, ...]) -> Place:
    root = Place("", "")
    for path in drawn.values():
        root.at(path).note = components.at(path).note
    for link in links:
        root.at(link.source).topic = root.at(link.target).topic = True
    return root
