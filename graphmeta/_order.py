"""A directed graph of topics that is kept acyclic by giving every topic a level.

Each edge leads from a lower level to a higher one, so an edge that agrees with the levels closes no cycle and
costs a few lookups. Levels are free at both ends: a new source goes below its target, a new sink above its
source, and only an edge that contradicts the levels needs a search. An edge counts how often it was inserted,
and stands until it was removed as often. This file knows nothing of owners.

Neighbours are kept in dicts even where no count is needed: unlike sets they keep the order of arrival, so that
equal histories show equal paths, and they are smaller.
"""

from collections import defaultdict
from collections.abc import Sequence

from ._dag_levels import mend_all, mend_one
from ._errors import CycleError, GraphError
from ._names import Edge, check_topic


class Order:
    """The edges, in both directions, and the level of each topic; a topic without edges is not kept."""

    def __init__(self) -> None:
        self.targets: defaultdict[str, dict[str, int]] = defaultdict(dict)
        """Each topic that leads anywhere, with where to, and how often that edge was inserted."""
        self.sources: defaultdict[str, dict[str, None]] = defaultdict(dict)
        """Each topic that anything leads to, with where from."""
        self.levels: dict[str, int] = {}
        """Each topic, with a number that is lower than those of all its targets."""
        self.size = 0
        """The number of edges."""

    def insert(self, from_topic: str, to_topic: str) -> int:
        """Count the edge once more and return its count; raise `InvalidTopic` or `CycleError`, nothing changed."""
        if not self._fits(from_topic, to_topic):
            self._mend([Edge(from_topic, to_topic)])
        return self._link(from_topic, to_topic)

    def insert_all(self, edges: Sequence[tuple[str, str]]) -> list[int]:
        """Do `insert` for all of *edges* or, when one is refused, for none."""
        contrary: list[Edge] = []
        counts: list[int] = []
        try:
            for from_topic, to_topic in edges:
                if not self._fits(from_topic, to_topic):
                    contrary.append(Edge(from_topic, to_topic))
                counts.append(self._link(from_topic, to_topic))
            if contrary:
                self._mend(contrary)
        except GraphError:
            for edge in edges[: len(counts)]:
                self.remove(*edge)
            raise
        return counts

    def remove(self, from_topic: str, to_topic: str) -> int:
        """Count the edge, which is present, once less and return its count; at none it is gone."""
        count = self.targets[from_topic][to_topic] - 1
        if count:
            self.targets[from_topic][to_topic] = count
        else:
            self._unlink(from_topic, to_topic)
        return count

    def _fits(self, from_topic: str, to_topic: str) -> bool:
        """Tell whether an edge would agree with the levels; a topic that is new is given one that does."""
        low, high = self.levels.get(from_topic), self.levels.get(to_topic)
        if low is not None and high is not None:
            return low < high
        self._enter(from_topic, low, to_topic, high)
        return True

    def _mend(self, contrary: Sequence[Edge]) -> None:
        mend = mend_one if len(contrary) == 1 else mend_all
        self.levels.update(mend(contrary, self.targets, self.sources, self.levels))

    def _enter(self, from_topic: str, low: int | None, to_topic: str, high: int | None) -> None:
        """Look at whichever of two topics is new, and give it a level that suits the other."""
        levels = self.levels
        if low is None:
            check_topic(from_topic)
        if high is None:
            check_topic(to_topic)
        if from_topic == to_topic:
            raise CycleError(Edge(from_topic, to_topic), (from_topic, to_topic))
        if low is None:
            low = levels[from_topic] = 0 if high is None else high - 1
        if high is None:
            levels[to_topic] = low + 1

    def _link(self, from_topic: str, to_topic: str) -> int:
        targets = self.targets[from_topic]
        count = targets[to_topic] = targets.get(to_topic, 0) + 1
        if count == 1:
            self.sources[to_topic][from_topic] = None
            self.size += 1
        return count

    def _unlink(self, from_topic: str, to_topic: str) -> None:
        targets, sources = self.targets[from_topic], self.sources[to_topic]
        del targets[to_topic], sources[from_topic]
        self.size -= 1
        if not targets:
            del self.targets[from_topic]
            if from_topic not in self.sources:
                del self.levels[from_topic]
        if not sources:
            del self.sources[to_topic]
            if to_topic not in self.targets:
                del self.levels[to_topic]
