"""A directed graph of topics that is kept acyclic by giving every topic a level.

Each edge leads from a lower level to a higher one, so an edge that agrees with the levels closes no cycle and
costs a few lookups. Levels are free at both ends: a new source goes below its target, a new sink above its
source, and only an edge that contradicts the levels needs a search. This file knows nothing of owners, and
expects well-formed edges.
"""

from collections.abc import Collection

from ._dag_levels import mend_all, mend_one
from ._errors import CycleError
from ._names import Edge


class Order:
    """The edges, in both directions, and the level of each topic. A topic without edges is not kept."""

    def __init__(self) -> None:
        self.targets: dict[str, set[str]] = {}
        self.sources: dict[str, set[str]] = {}
        self._levels: dict[str, int] = {}

    def levels(self) -> dict[str, int]:
        """Return the level of each topic: it is lower than those of all its targets."""
        return dict(self._levels)

    def insert(self, edges: Collection[Edge]) -> None:
        """Take in *edges*, each of them new and no loop, or raise `CycleError` and change nothing."""
        contrary = [edge for edge in edges if not self._link(edge)]
        if not contrary:
            return
        try:
            self._levels.update(self._mend(contrary))
        except CycleError:
            for edge in edges:
                self.remove(edge)
            raise

    def remove(self, edge: Edge) -> None:
        """Let go of *edge*, which is present, and of those of its topics that have no other."""
        from_topic, to_topic = edge
        targets, sources = self.targets[from_topic], self.sources[to_topic]
        targets.remove(to_topic)
        sources.remove(from_topic)
        if not targets and not self.sources[from_topic]:
            self._forget(from_topic)
        if not sources and not self.targets[to_topic]:
            self._forget(to_topic)

    def _mend(self, contrary: list[Edge]) -> dict[str, int]:
        if len(contrary) == 1:
            return mend_one(contrary[0], self.targets, self.sources, self._levels)
        return mend_all(contrary, self.targets, self.sources, self._levels)

    def _link(self, edge: Edge) -> bool:
        """Note *edge*; tell whether it agrees with the levels, those that its new topics are given included."""
        from_topic, to_topic = edge
        levels = self._levels
        if from_topic not in levels:
            self._enter(from_topic, levels.get(to_topic, 1) - 1)
        if to_topic not in levels:
            self._enter(to_topic, levels[from_topic] + 1)
        self.targets[from_topic].add(to_topic)
        self.sources[to_topic].add(from_topic)
        return levels[from_topic] < levels[to_topic]

    def _enter(self, topic: str, level: int) -> None:
        self.targets[topic] = set()
        self.sources[topic] = set()
        self._levels[topic] = level

    def _forget(self, topic: str) -> None:
        del self.targets[topic], self.sources[topic], self._levels[topic]
