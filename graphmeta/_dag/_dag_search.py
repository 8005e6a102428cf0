"""Questions about what leads where, answered from the neighbours of each topic.

This file knows nothing of levels, of owners, or of change.
"""

from collections.abc import Collection, Mapping

Neighbours = Mapping[str, Collection[str]]
"""Each topic that has any, with those one edge away, in one direction."""


def reach(neighbours: Neighbours, *topics: str) -> set[str]:
    """Return all that any of *topics* leads to; nothing for an unknown topic."""
    seen: set[str] = set()
    agenda = [*topics]
    for each in agenda:
        news = [near for near in neighbours.get(each, ()) if near not in seen]
        seen.update(news)
        agenda += news
    return seen


def find_path(neighbours: Neighbours, start: str, goal: str) -> tuple[str, ...]:
    """Return a shortest path from *start* to *goal*, both included; there must be one."""
    came_from = {start: start}
    agenda = [start]
    for topic in agenda:
        if topic == goal:
            break
        news = [near for near in neighbours.get(topic, ()) if near not in came_from]
        came_from.update(dict.fromkeys(news, topic))
        agenda += news
    path = [goal]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return tuple(reversed(path))


def find_cycle(neighbours: Neighbours, among: Collection[str]) -> list[str]:
    """Return a cycle of topics *among* these, each of which has a neighbour among them."""
    trail: dict[str, None] = {}
    topic = next(iter(among))
    while topic not in trail:
        trail[topic] = None
        topic = next(near for near in neighbours[topic] if near in among)
    walk = list(trail)
    return walk[walk.index(topic) :]
