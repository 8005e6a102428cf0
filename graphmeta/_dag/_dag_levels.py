"""How levels are found for topics that are new together, and mended when new edges contradict them.

Every edge should lead from a lower level to a higher one. The functions here are given edges that do not, or topics
that have no levels yet; they return the levels to set, or raise `CycleError`, and change nothing themselves. This file
knows nothing of owners, nor of how edges come and go.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from heapq import heappop, heappush
from itertools import pairwise

from graphmeta._errors import CycleError
from graphmeta._names import Edge

from ._dag_search import Neighbours, find_cycle, find_path

Levels = Mapping[str, int]


def mend_one(edges: Sequence[Edge], targets: Neighbours, sources: Neighbours, levels: Levels) -> dict[str, int]:
    """Return the levels that must change for a single edge, at the cost of the cheaper of its two ends.

    Two searches race: one lifts what the edge leads to, the other lowers what leads to it, and either would do.
    Where they meet, there is a cycle.
    """
    [edge] = edges
    from_topic, to_topic = edge
    lift = _Shift(targets, levels, 1, to_topic, levels[from_topic])
    lower = _Shift(sources, levels, -1, from_topic, levels[to_topic])
    met = from_topic == to_topic
    while lift.queue and lower.queue and not met:
        cheaper, other = (lift, lower) if lift.cost < lower.cost else (lower, lift)
        met = cheaper.step(other.moved)
    if met:
        raise _refusal(edge, targets)
    return (lower if lift.queue else lift).levels()


class _Shift:
    """A search that moves one end of an edge past the other, pushing on whatever stands in the way.

    Heights are levels as seen in the direction of the search: lowering is lifting with the sign changed.
    Topics are taken from the lowest up, so each is visited once, when its new height is final.
    """

    def __init__(self, neighbours: Neighbours, levels: Levels, sign: int, start: str, past: int) -> None:
        self._neighbours = neighbours
        self._levels = levels
        self._sign = sign
        self.moved = {start: sign * past + 1}
        self.queue = [(sign * levels[start], start)]
        # What will have been looked at after the next step: a search that comes to a hub lets the other go on.
        self.cost = len(neighbours.get(start, ()))

    def step(self, others: Collection[str]) -> bool:
        """Visit one topic and queue those of its neighbours that it pushes on; tell if one is among *others*."""
        moved, levels, sign, queue = self.moved, self._levels, self._sign, self.queue
        topic = heappop(queue)[1]
        above = moved[topic] + 1
        for near in self._neighbours.get(topic, ()):
            height = sign * levels[near]
            if near in moved:
                moved[near] = max(moved[near], above)
            elif height < above:
                if near in others:
                    return True
                moved[near] = above
                heappush(queue, (height, near))
        if queue:
            self.cost += len(self._neighbours.get(queue[0][1], ()))
        return False

    def levels(self) -> dict[str, int]:
        """Return the new level of each topic that was moved."""
        return {topic: self._sign * height for topic, height in self.moved.items()}


def first_levels(topics: Collection[str], targets: Neighbours, sources: Neighbours) -> dict[str, int]:
    """Return levels for *topics*, which have all their edges among each other."""
    waits_for = {topic: len(sources.get(topic, ())) for topic in topics}
    levels = dict.fromkeys(topics, 0)
    if stuck := _settle(levels, waits_for, targets):
        edges = [Edge(topic, target) for topic, ahead in targets.items() for target in ahead]
        raise _refusal(_last_on_a_cycle(edges, sources, stuck), targets)
    return levels


def mend_all(edges: Sequence[Edge], targets: Neighbours, sources: Neighbours, levels: Levels) -> dict[str, int]:
    """Return the levels that must change for *edges*, in one pass of Kahn's algorithm over all they lead to.

    The edges are among *targets* and *sources* already.
    """
    waits_for = _count_sources((edge.to_topic for edge in edges), targets)
    new = {topic: levels[topic] for topic in waits_for}
    for from_topic, to_topic in edges:
        new[to_topic] = max(new[to_topic], levels[from_topic] + 1)
    if stuck := _settle(new, waits_for, targets):
        raise _refusal(_last_on_a_cycle(edges, sources, stuck), targets)
    return new


def _settle(levels: dict[str, int], waits_for: dict[str, int], targets: Neighbours) -> dict[str, int]:
    """Lift each topic above its sources, once these have settled; return the topics on cycles and beyond."""
    settled = [topic for topic, count in waits_for.items() if not count]
    for topic in settled:
        above = levels[topic] + 1
        for target in targets.get(topic, ()):
            if levels[target] < above:
                levels[target] = above
            left = waits_for[target] = waits_for[target] - 1
            if not left:
                settled.append(target)
    return {topic: count for topic, count in waits_for.items() if count}


def _count_sources(heads: Iterable[str], targets: Neighbours) -> dict[str, int]:
    """Return all that *heads* lead to, themselves included, each with the number of its sources among these."""
    count = dict.fromkeys(heads, 0)
    agenda = list(count)
    for topic in agenda:
        for target in targets.get(topic, ()):
            if target in count:
                count[target] += 1
            else:
                count[target] = 1
                agenda.append(target)
    return count


def _last_on_a_cycle(edges: Sequence[Edge], sources: Neighbours, stuck: Collection[str]) -> Edge:
    """Return the last of *edges* on some cycle among *stuck*, all of which have a source there."""
    backwards = find_cycle(sources, stuck)
    on_cycle = {(to, from_) for from_, to in pairwise((*backwards, backwards[0]))}
    return next(edge for edge in reversed(edges) if edge in on_cycle)


def _refusal(edge: Edge, targets: Neighbours) -> CycleError:
    return CycleError(edge, (edge.from_topic, *find_path(targets, edge.to_topic, edge.from_topic)))
