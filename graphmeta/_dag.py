"""The graph with owners: who holds which edge, and what falls when a holder ends.

An edge stands while its set of owners is not empty. Two indexes, edge to owners and owner to edges, are kept in
step here, so that the end of an owner costs what it owned; the topology itself, and that it stays acyclic,
is the business of `Order`. Every change is all or nothing: what can be refused is refused before
anything is touched. This file knows nothing of sessions; an owner is any hashable value, None for nobody.
"""

from collections.abc import Hashable, Iterable, Iterator

from ._names import Edge, check_edge
from ._order import Order, reach
from ._outcome import Outcome, Removal


class DAG:
    """A directed acyclic graph of topics in which every edge has a set of owners and falls with the last.

    An owner is any hashable value; the owner None stands for persistent edges. Topics exist through their
    edges alone.
    """

    def __init__(self) -> None:
        self._order = Order()
        self._owners: dict[Edge, set[Hashable]] = {}
        self._owned: dict[Hashable, set[Edge]] = {}

    def __repr__(self) -> str:
        return f"<DAG of {len(self._owners)} edges, {len(self._order.targets)} topics, {len(self._owned)} owners>"

    # -- changing --------------------------------------------------------------------------------------------

    def add_edge(self, from_topic: str, to_topic: str, owner: Hashable = None) -> Outcome:
        """Make *owner* an owner of the edge: `ADDED`, `SHARED` or `ALREADY_OWNED`.

        Raises `InvalidTopic` for a malformed topic and `CycleError`, with the path, for an edge that would
        close a cycle; the caller is to blame for both, and nothing changed.
        """
        return self.add_edges(((from_topic, to_topic),), owner)[0]

    def add_edges(self, edges: Iterable[tuple[str, str]], owner: Hashable = None) -> tuple[Outcome, ...]:
        """Do `add_edge` for all of *edges* or, if one is refused, for none; an edge listed twice is `ALREADY_OWNED`."""
        asked = [check_edge(*edge) for edge in edges]
        hash(owner)
        self._order.insert(dict.fromkeys(edge for edge in asked if edge not in self._owners))
        return tuple([self._own(edge, owner) for edge in asked])

    def remove_edge(self, from_topic: str, to_topic: str, owner: Hashable = None) -> Outcome:
        """Make *owner* let go of the edge: `REMOVED`, `RELEASED` or `NOT_OWNER`."""
        return self._disown(Edge(from_topic, to_topic), owner)

    def remove_edges(self, edges: Iterable[tuple[str, str]], owner: Hashable = None) -> tuple[Outcome, ...]:
        """Do `remove_edge` for each of *edges*."""
        asked = [Edge(*edge) for edge in edges]
        return tuple([self._disown(edge, owner) for edge in asked])

    def remove_owner(self, owner: Hashable) -> Removal:
        """Make *owner* let go of all that it holds, at the cost of what it holds."""
        removed, released = [], []
        for edge in self.owned_by(owner):
            (removed if self._disown(edge, owner) else released).append(edge)
        return Removal(tuple(removed), tuple(released))

    def _own(self, edge: Edge, owner: Hashable) -> Outcome:
        owners = self._owners.setdefault(edge, set())
        if owner in owners:
            return Outcome.ALREADY_OWNED
        owners.add(owner)
        self._owned.setdefault(owner, set()).add(edge)
        return Outcome.SHARED if len(owners) > 1 else Outcome.ADDED

    def _disown(self, edge: Edge, owner: Hashable) -> Outcome:
        owners = self._owners.get(edge, ())
        if owner not in owners:
            return Outcome.NOT_OWNER
        owners.remove(owner)
        self._owned[owner].remove(edge)
        if not self._owned[owner]:
            del self._owned[owner]
        if owners:
            return Outcome.RELEASED
        del self._owners[edge]
        self._order.remove(edge)
        return Outcome.REMOVED

    # -- asking ----------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        """The number of edges."""
        return len(self._owners)

    def __contains__(self, edge: object) -> bool:
        return edge in self._owners

    def edges(self) -> Iterator[Edge]:
        """Every edge, the oldest first."""
        return iter(self._owners)

    @property
    def graph(self) -> dict[str, tuple[str, ...]]:
        """Every topic with the topics that it leads to, all sorted."""
        targets = self._order.targets
        return {topic: tuple(sorted(targets[topic])) for topic in sorted(targets)}

    @property
    def edge_owners(self) -> dict[Edge, frozenset[Hashable]]:
        """Every edge with its owners."""
        return {edge: frozenset(owners) for edge, owners in self._owners.items()}

    def owners_of(self, edge: tuple[str, str]) -> frozenset[Hashable]:
        """Who owns *edge*; nobody if there is no such edge."""
        return frozenset(self._owners.get(Edge(*edge), ()))

    def owned_by(self, owner: Hashable) -> tuple[Edge, ...]:
        """What *owner* owns, sorted."""
        return tuple(sorted(self._owned.get(owner, ())))

    def upstream(self, topic: str) -> tuple[str, ...]:
        """All topics that lead to *topic*, sorted, without itself; none for an unknown topic."""
        return tuple(sorted(reach(self._order.sources, topic)))

    def downstream(self, topic: str) -> tuple[str, ...]:
        """All topics that *topic* leads to, sorted, without itself; none for an unknown topic."""
        return tuple(sorted(reach(self._order.targets, topic)))

    def impact(self, owners: Iterable[Hashable]) -> tuple[Edge, ...]:
        """The edges, sorted, that would go if all of *owners* ended: those which nobody else owns."""
        ending = set(owners)
        held = {edge for owner in ending for edge in self._owned.get(owner, ())}
        return tuple(sorted(edge for edge in held if self._owners[edge] <= ending))
