"""A diagram with less in it: topics that only pass on are joined, and places are drawn as what contains them.

Each level takes one step off the end of every path: one level draws components for streams, two draw collections for
components. This file knows the model, no format.
"""

from collections.abc import Iterable
from typing import Final

from ._model import Diagram, Link, Place, Visit, walk

MOST_JOINED: Final = 64
"""A topic that passes on stays when joining it would draw more links than this, or than it has."""

Routes = dict[tuple[str, str], frozenset[str]]
"""Owners by source and target."""


def collapse(diagram: Diagram, levels: int) -> Diagram:
    """Collapse *diagram* by *levels*; 0 leaves it as it is."""
    if levels <= 0:
        return diagram
    routes: Routes = {(link.source, link.target): frozenset(link.owners) for link in diagram.links}
    routes = _join(routes, _passing(diagram, routes))
    merged: Routes = {}
    for (source, target), owners in routes.items():
        ends = _shorten(source, levels), _shorten(target, levels)
        if ends[0] != ends[1]:
            merged[ends] = merged.get(ends, frozenset()) | owners
    links = tuple(Link(*ends, tuple(sorted(merged[ends]))) for ends in sorted(merged))
    return Diagram(_prune(diagram.places, links, levels), links, diagram.ports, diagram.sessions)


def _passing(diagram: Diagram, routes: Routes) -> list[str]:
    """Topics that something leads to and that lead on; a unit's own port is never one of them."""
    sources, targets = {ends[0] for ends in routes}, {ends[1] for ends in routes}
    return sorted((sources & targets) - diagram.ports)


def _join(routes: Routes, topics: Iterable[str]) -> Routes:
    inward: dict[str, dict[str, frozenset[str]]] = {}
    outward: dict[str, dict[str, frozenset[str]]] = {}
    for (source, target), owners in routes.items():
        outward.setdefault(source, {})[target] = owners
        inward.setdefault(target, {})[source] = owners
    for topic in topics:
        before, after = inward.get(topic, {}), outward.get(topic, {})
        if len(before) * len(after) > max(MOST_JOINED, len(before) + len(after)):
            continue
        inward.pop(topic, None), outward.pop(topic, None)
        for source in before:
            del outward[source][topic]
        for target in after:
            del inward[target][topic]
        for source in before.keys() - {topic}:
            for target in after.keys() - {source}:
                owners = outward[source].get(target, frozenset()) | before[source] | after[target]
                outward[source][target] = inward[target][source] = owners
    return {(source, target): owners for source, row in outward.items() for target, owners in row.items()}


def _prune(places: Place, links: Iterable[Link], levels: int) -> Place:
    root = Place("", "")
    for visit, place in walk(places):
        if visit is not Visit.LEAVE:
            path = _shorten(place.path, levels if place.topic else levels - 1)
            root.at(path).note = places.at(path).note
    for link in links:
        root.at(link.source).topic = root.at(link.target).topic = True
    return root


def _shorten(path: str, levels: int) -> str:
    return "/".join(path.split("/")[: -levels or None]) or path.split("/")[0]
