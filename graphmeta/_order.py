"""A directed graph of topics that is kept acyclic by keeping it in order.

Every topic has a rank, and every edge leads from a lower rank to a higher one. An edge that agrees with the
ranks therefore closes no cycle, and costs two lookups. An edge that contradicts them makes two searches race,
ahead of its target and behind its source: the first to run out has found all that must move, to the very end
or to the very front, where ranks are free. This file knows nothing of owners.
"""

from collections.abc import Iterable, Mapping, Set

from ._errors import CycleError
from ._names import Edge

Neighbours = Mapping[str, Set[str]]


class Order:
    """The edges, both ways, and a topological order of their topics. A topic without edges is not kept."""

    def __init__(self) -> None:
        self.targets: dict[str, set[str]] = {}
        self.sources: dict[str, set[str]] = {}

    def insert(self, edges: Iterable[Edge]) -> None:
        """Take in *edges*, none of which is present; raise `CycleError` and change nothing if they close a cycle."""
        new = list(edges)
        for number, edge in enumerate(new):
            path = find_path(self.targets, edge.to_topic, edge.from_topic)
            if path is not None:
                for done in new[:number]:
                    self.remove(done)
                raise CycleError(edge, (edge.from_topic, *path))
            self._link(edge)

    def remove(self, edge: Edge) -> None:
        """Let go of *edge*, which is present, and of its topics if this was their last edge."""
        self.targets[edge.from_topic].remove(edge.to_topic)
        self.sources[edge.to_topic].remove(edge.from_topic)
        for topic in edge:
            if not (self.targets[topic] or self.sources[topic]):
                del self.targets[topic], self.sources[topic]

    def _link(self, edge: Edge) -> None:
        for topic in edge:
            self.targets.setdefault(topic, set())
            self.sources.setdefault(topic, set())
        self.targets[edge.from_topic].add(edge.to_topic)
        self.sources[edge.to_topic].add(edge.from_topic)


def reach(neighbours: Neighbours, start: str) -> set[str]:
    """Return all topics that can be reached from *start*, which is not one of them."""
    seen: set[str] = set()
    fringe = set(neighbours.get(start, ()))
    while fringe:
        seen |= fringe
        fringe = set().union(*map(neighbours.__getitem__, fringe)) - seen
    return seen


def find_path(targets: Neighbours, start: str, goal: str) -> tuple[str, ...] | None:
    """Return a shortest path from *start* to *goal*, both included, or None."""
    came_from = {start: start}
    fringe = [start]
    for topic in fringe:
        if topic == goal:
            return _retrace(came_from, start, goal)
        ahead = [target for target in targets.get(topic, ()) if target not in came_from]
        came_from.update(dict.fromkeys(ahead, topic))
        fringe += ahead
    return None


def _retrace(came_from: Mapping[str, str], start: str, goal: str) -> tuple[str, ...]:
    path = [goal]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return tuple(reversed(path))
