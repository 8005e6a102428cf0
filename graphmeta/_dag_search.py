"""Questions about what leads where, answered from the neighbours of each topic.

Breadth first throughout, so paths are shortest. This file knows nothing of levels, of owners, or of change.
"""

from collections.abc import Mapping, Set

Neighbours = Mapping[str, Set[str]]
"""Each topic with those one edge away, in one direction."""


def reach(neighbours: Neighbours, topic: str) -> set[str]:
    """Return all that *topic* leads to, without itself; nothing for an unknown topic."""
    seen: set[str] = set()
    fringe: Set[str] = neighbours.get(topic, seen)
    while fringe:
        seen |= fringe
        fringe = set().union(*map(neighbours.__getitem__, fringe)) - seen
    return seen


def find_path(neighbours: Neighbours, start: str, goal: str) -> tuple[str, ...]:
    """Return a shortest path from *start* to *goal*, both included; there must be one."""
    came_from = {start: start}
    agenda = [start]
    for topic in agenda:
        if topic == goal:
            break
        news = neighbours[topic] - came_from.keys()
        came_from.update(dict.fromkeys(news, topic))
        agenda += news
    path = [goal]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return tuple(reversed(path))


def find_cycle(neighbours: Neighbours, among: Set[str]) -> list[str]:
    """Return a cycle of topics *among* these, each of which has a neighbour among them."""
    trail: dict[str, None] = {}
    topic = next(iter(among))
    while topic not in trail:
        trail[topic] = None
        topic = next(near for near in neighbours[topic] if near in among)
    walk = list(trail)
    return walk[walk.index(topic) :]
