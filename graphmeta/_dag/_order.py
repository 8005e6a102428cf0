"""A directed graph of topics that is kept acyclic by giving every topic a level.

Each edge leads from a lower level to a higher one, so an edge that agrees with the levels closes no cycle and
costs a few lookups. Levels are free at both ends: a new source goes below its target, a new sink above its
source, and only an edge that contradicts the levels needs a search. An edge counts how often it was inserted,
and stands until it was removed as often. This file knows nothing of owners.

Neighbours are kept in dicts even where no count is needed: unlike sets they keep the order of arrival, so that
equal histories show equal paths, and they are smaller.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import chain

from graphmeta._errors import CycleError
from graphmeta._names import Edge, check_topic, check_topics

from ._dag_levels import first_levels, mend_all, mend_one

Ahead = Mapping[str, Collection[str]]
"""Edges, each once, by the topic that they come from."""


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

    def insert_all(self, new: Ahead) -> set[Edge]:
        """Do `insert` for all of *new* or, when one is refused, for none.

        Returns those that were there already. In a few passes over topics and edges, without a call for each.
        """
        topics = dict.fromkeys(chain(new, *new.values()))
        unknown = [topic for topic in topics if topic not in self.levels]
        check_topics(unknown)
        for topic, ahead in new.items():
            if topic in ahead:
                raise CycleError(Edge(topic, topic), (topic, topic))
        there_already = self._link_all(new)
        try:
            if len(unknown) == len(topics):  # There is nothing to agree with but each other.
                self.levels.update(dict.fromkeys(unknown, 0))
                self.levels.update(first_levels(unknown, new, self.sources))
            elif contrary := self._place(new):
                self._mend(contrary)
        except CycleError:
            self.remove_all(new)
            raise
        return there_already

    def remove(self, from_topic: str, to_topic: str) -> int:
        """Count the edge, which is present, once less and return its count; at none it is gone."""
        count = self.targets[from_topic][to_topic] - 1
        if count:
            self.targets[from_topic][to_topic] = count
        else:
            self._unlink(from_topic, to_topic)
        return count

    def remove_all(self, edges: Ahead) -> set[Edge]:
        """Do `remove` for all of *edges*, and return those that still stand."""
        standing: set[Edge] = set()
        for from_topic, ahead in edges.items():
            targets = self.targets[from_topic]
            if len(ahead) == len(targets) == sum(targets.values()):  # Nobody else has any.
                self._unlink_all(from_topic, ahead)
            else:
                standing.update([Edge(from_topic, topic) for topic in ahead if self.remove(from_topic, topic)])
        return standing

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

    def _place(self, new: Ahead) -> list[Edge]:
        """Give every topic that is new a level; return the edges that contradict the levels."""
        levels = self.levels
        contrary: list[Edge] = []
        for from_topic, ahead in new.items():
            low = levels.get(from_topic)
            if low is None:
                low = levels[from_topic] = min([levels[topic] for topic in ahead if topic in levels], default=1) - 1
            above = low + 1
            for to_topic in ahead:
                if levels.setdefault(to_topic, above) < above:
                    contrary.append(Edge(from_topic, to_topic))
        return contrary

    def _link_all(self, new: Ahead) -> set[Edge]:
        all_targets, all_sources = self.targets, self.sources
        there_already: set[Edge] = set()
        for from_topic, ahead in new.items():
            if from_topic in all_targets:
                targets = all_targets[from_topic]
                there_already.update([Edge(from_topic, to_topic) for to_topic in ahead if to_topic in targets])
                targets.update([(to_topic, targets.get(to_topic, 0) + 1) for to_topic in ahead])
            else:
                all_targets[from_topic] = dict.fromkeys(ahead, 1)
            for to_topic in ahead:
                all_sources[to_topic][from_topic] = None
        self.size += sum(map(len, new.values())) - len(there_already)
        return there_already

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

    def _unlink_all(self, from_topic: str, ahead: Collection[str]) -> None:
        """Take a topic all its edges, each of which was inserted once."""
        all_sources, all_targets, levels = self.sources, self.targets, self.levels
        del all_targets[from_topic]
        for to_topic in ahead:
            sources = all_sources[to_topic]
            del sources[from_topic]
            if not sources:
                del all_sources[to_topic]
                if to_topic not in all_targets:
                    del levels[to_topic]
        if from_topic not in all_sources:
            del levels[from_topic]
        self.size -= len(ahead)
