"""The graph with owners: who holds which edge, and what falls when a holder ends.

Each owner holds edges of its own, and the graph is their sum: `Order` counts how many hold an edge, which
stands while anybody does, and keeps the sum acyclic. So the end of an owner costs what it held. Every change is
all or nothing: what can be refused is refused before anything is noted here. This file knows nothing of
sessions: an owner is any hashable value.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Set
from functools import partial
from typing import Final

from graphmeta._names import Edge

from ._dag_search import reach
from ._order import Order
from ._outcome import Outcome, Removal

# In Python 3.11 looking up a member of an enumeration takes longer than looking up an edge.
ADDED, SHARED, ALREADY_OWNED = Outcome.ADDED, Outcome.SHARED, Outcome.ALREADY_OWNED
REMOVED, RELEASED, NOT_OWNER = Outcome.REMOVED, Outcome.RELEASED, Outcome.NOT_OWNER

Held = defaultdict[str, dict[str, None]]
"""Edges by the topic that they come from."""

_NOTHING: Final[Mapping[str, dict[str, None]]] = {}

# As `Edge`, of a pair: a named tuple is made by a function in Python, and there are thousands to be made in one step.
_edge: Final[Callable[[tuple[str, str]], Edge]] = partial(tuple.__new__, Edge)


class DAG:
    """A directed acyclic graph of topics, in which every edge has a set of owners and falls with the last.

    An owner is any hashable value; None stands for nobody in particular, and makes an edge persistent. A topic
    is there while it has an edge.
    """

    def __init__(self) -> None:
        self._order = Order()
        self._held: dict[Hashable, Held] = {}

    def __repr__(self) -> str:
        return f"<DAG: {len(self)} edges, {len(self._order.levels)} topics, {len(self._held)} owners>"

    # -- changing --------------------------------------------------------------------------------------------

    def add_edge(self, from_topic: str, to_topic: str, owner: Hashable = None) -> Outcome:
        """Make *owner* an owner of the edge, and say what that came to: `ADDED`, `SHARED` or `ALREADY_OWNED`.

        Raises `InvalidTopic` for a malformed topic, and `CycleError` with the path for an edge that would close
        a cycle; the caller is to blame for both, and nothing changed.
        """
        held = self._held.get(owner)
        if held is not None and to_topic in held.get(from_topic, ()):
            return ALREADY_OWNED
        count = self._order.insert(from_topic, to_topic)
        if held is None:
            held = self._held[owner] = defaultdict(dict)
        held[from_topic][to_topic] = None
        return ADDED if count == 1 else SHARED

    def add_edges(self, edges: Iterable[tuple[str, str]], owner: Hashable = None) -> tuple[Outcome, ...]:
        """Do `add_edge` for all of *edges* or, when one is refused, for none; say for each what it came to.

        An edge that is listed twice is `ALREADY_OWNED` the second time.
        """
        listed = tuple(edges)
        if len(listed) == 1:  # Needs none of what follows.
            return (self.add_edge(*listed[0], owner),)
        new = self._not_held(owner, listed)
        there_already = self._order.insert_all(new)
        if new:
            self._hold(owner, new)
        return _outcomes(listed, new, there_already, (ADDED, SHARED, ALREADY_OWNED))

    def remove_edge(self, from_topic: str, to_topic: str, owner: Hashable = None) -> Outcome:
        """Make *owner* let go of the edge, and say what that came to: `REMOVED`, `RELEASED` or `NOT_OWNER`."""
        if to_topic not in self._held.get(owner, _NOTHING).get(from_topic, ()):
            return NOT_OWNER
        held = self._held[owner]
        del held[from_topic][to_topic]
        if not held[from_topic]:
            del held[from_topic]
        if not held:
            del self._held[owner]
        return RELEASED if self._order.remove(from_topic, to_topic) else REMOVED

    def remove_edges(self, edges: Iterable[tuple[str, str]], owner: Hashable = None) -> tuple[Outcome, ...]:
        """Do `remove_edge` for each of *edges*, and say for each what it came to."""
        listed = tuple(edges)
        if len(listed) == 1:
            return (self.remove_edge(*listed[0], owner),)
        going = self._held_among(owner, listed)
        standing = self._order.remove_all(going)
        if going:
            self._let_go(owner, going)
        return _outcomes(listed, going, standing, (REMOVED, RELEASED, NOT_OWNER))

    def remove_owner(self, owner: Hashable) -> Removal:
        """Make *owner* let go of all that it owns, at the cost of what it owns."""
        edges = self.owned_by(owner)
        standing = self._order.remove_all(self._held.pop(owner, _NOTHING))
        if not standing:
            return Removal(edges, ())
        removed = tuple([edge for edge in edges if edge not in standing])
        return Removal(removed, tuple([edge for edge in edges if edge in standing]))

    def _not_held(self, owner: Hashable, edges: Collection[tuple[str, str]]) -> Held:
        """Return those of *edges* that *owner* does not hold, each once."""
        held, new = self._held.get(owner, _NOTHING), Held(dict)
        for from_topic, to_topic in edges:
            if not held or to_topic not in held.get(from_topic, ()):
                new[from_topic][to_topic] = None
        return new

    def _held_among(self, owner: Hashable, edges: Collection[tuple[str, str]]) -> Held:
        """Return those of *edges* that *owner* holds, each once."""
        held, going = self._held.get(owner, _NOTHING), Held(dict)
        for from_topic, to_topic in edges:
            if to_topic in held.get(from_topic, _NOTHING):
                going[from_topic][to_topic] = None
        return going

    def _hold(self, owner: Hashable, new: Held) -> None:
        held = self._held.setdefault(owner, new)
        if held is not new:
            for from_topic, ahead in new.items():
                held[from_topic].update(ahead)

    def _let_go(self, owner: Hashable, going: Held) -> None:
        held = self._held[owner]
        for from_topic, ahead in going.items():
            if len(ahead) == len(held[from_topic]):
                del held[from_topic]
            else:
                for to_topic in ahead:
                    del held[from_topic][to_topic]
        if not held:
            del self._held[owner]

    # -- asking ----------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        """The number of edges."""
        return self._order.size

    def __contains__(self, edge: tuple[str, str]) -> bool:
        from_topic, to_topic = edge
        return to_topic in self._order.targets.get(from_topic, ())

    def edges(self) -> Iterator[Edge]:
        """Every edge, in no particular order."""
        for from_topic, targets in self._order.targets.items():
            for to_topic in targets:
                yield Edge(from_topic, to_topic)

    @property
    def graph(self) -> dict[str, tuple[str, ...]]:
        """Every topic with the topics that it leads to, all sorted."""
        targets = self._order.targets
        return {topic: tuple(sorted(targets.get(topic, ()))) for topic in sorted(self._order.levels)}

    @property
    def edge_owners(self) -> dict[Edge, frozenset[Hashable]]:
        """Every edge with its owners."""
        owners: defaultdict[Edge, set[Hashable]] = defaultdict(set)
        for owner in self._held:
            for edge in self.owned_by(owner):
                owners[edge].add(owner)
        return {edge: frozenset(these) for edge, these in owners.items()}

    def owners_of(self, edge: tuple[str, str]) -> frozenset[Hashable]:
        """Return who owns *edge*, nobody if there is no such edge; asks each owner in the graph."""
        from_topic, to_topic = edge
        return frozenset(owner for owner, held in self._held.items() if to_topic in held.get(from_topic, ()))

    def owns(self, owner: Hashable, edge: tuple[str, str]) -> bool:
        """Tell whether *owner* is an owner of *edge*."""
        from_topic, to_topic = edge
        return to_topic in self._held.get(owner, _NOTHING).get(from_topic, ())

    def owned_by(self, owner: Hashable) -> tuple[Edge, ...]:
        """Return what *owner* owns, sorted."""
        held = self._held.get(owner, _NOTHING)
        pairs = ((topic, target) for topic in sorted(held) for target in sorted(held[topic]))
        return tuple(map(_edge, pairs))

    def upstream(self, topic: str) -> tuple[str, ...]:
        """Return all topics that lead to *topic*, sorted, without itself; none for an unknown topic."""
        return tuple(sorted(reach(self._order.sources, topic)))

    def downstream(self, *topics: str) -> tuple[str, ...]:
        """Return all topics that any of *topics* leads to, sorted; none for an unknown topic."""
        return tuple(sorted(reach(self._order.targets, *topics)))

    def impact(self, owners: Iterable[Hashable]) -> tuple[Edge, ...]:
        """Return the edges, sorted, that would go if all of *owners* ended: those that nobody else owns."""
        targets = self._order.targets
        ending = [edge for owner in set(owners) for edge in self.owned_by(owner)]
        alone = [edge for edge in ending if targets[edge[0]][edge[1]] == 1]
        among = Counter([edge for edge in ending if targets[edge[0]][edge[1]] > 1])
        return tuple(sorted(alone + [edge for edge, count in among.items() if count == targets[edge[0]][edge[1]]]))


def _outcomes(
    listed: Collection[tuple[str, str]], touched: Held, others_too: Set[Edge], words: tuple[Outcome, Outcome, Outcome]
) -> tuple[Outcome, ...]:
    """Return what became of each edge that an owner listed.

    *touched* are those that it gained or lost, each once, and *others_too* those of them that others hold as well. Of
    *words*, the first is for what only it held, the second for those, the third for where nothing changed.
    """
    alone, with_others, nothing = words
    if not others_too and sum(map(len, touched.values())) == len(listed):
        return (alone,) * len(listed)
    left = {(from_topic, to_topic) for from_topic, ahead in touched.items() for to_topic in ahead}
    outcomes: list[Outcome] = []
    for from_topic, to_topic in listed:
        edge = (from_topic, to_topic)
        outcomes.append((with_others if edge in others_too else alone) if edge in left else nothing)
        left.discard(edge)
    return tuple(outcomes)
