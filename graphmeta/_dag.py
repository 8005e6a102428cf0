"""The graph with owners: who holds which edge, and what falls when a holder ends.

An edge stands while its set of owners is not empty. Two indexes, from edge to owners and from owner to edges,
are kept in step here, so the end of an owner costs what it held; the topology, and that it stays acyclic, is
the business of `Order`. Every change is all or nothing: whatever can be refused is refused before anything is
touched. This file knows nothing of sessions: an owner is any hashable value.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator

from ._dag_search import reach
from ._errors import CycleError
from ._names import Edge, check_edge
from ._order import Order
from ._outcome import Outcome, Removal


class DAG:
    """A directed acyclic graph of topics, in which every edge has a set of owners and falls with the last.

    An owner is any hashable value; None stands for nobody in particular, and makes an edge persistent. A topic
    is there while it has an edge.
    """

    def __init__(self) -> None:
        self._order = Order()
        self._owners: dict[Edge, set[Hashable]] = {}
        self._owned: defaultdict[Hashable, set[Edge]] = defaultdict(set)

    def __repr__(self) -> str:
        return f"<DAG: {len(self)} edges, {len(self._order.targets)} topics, {len(self._owned)} owners>"

    # -- changing --------------------------------------------------------------------------------------------

    def add_edge(self, from_topic: str, to_topic: str, owner: Hashable = None) -> Outcome:
        """Make *owner* an owner of the edge, and say what that came to: `ADDED`, `SHARED` or `ALREADY_OWNED`.

        Raises `InvalidTopic` for a malformed topic, and `CycleError` with the path for an edge that would close
        a cycle; the caller is to blame for both, and nothing changed.
        """
        edge = self._check(from_topic, to_topic)
        hash(owner)
        if edge not in self._owners:
            self._order.insert((edge,))
        return self._own(edge, owner)

    def add_edges(self, edges: Iterable[tuple[str, str]], owner: Hashable = None) -> tuple[Outcome, ...]:
        """Do `add_edge` for all of *edges* or, when one is refused, for none; say for each what it came to.

        An edge that is listed twice is `ALREADY_OWNED` the second time.
        """
        wanted = [self._check(*edge) for edge in edges]
        hash(owner)
        self._order.insert(dict.fromkeys(edge for edge in wanted if edge not in self._owners))
        return tuple([self._own(edge, owner) for edge in wanted])

    def remove_edge(self, from_topic: str, to_topic: str, owner: Hashable = None) -> Outcome:
        """Make *owner* let go of the edge, and say what that came to: `REMOVED`, `RELEASED` or `NOT_OWNER`."""
        return self._disown(Edge(from_topic, to_topic), owner)

    def remove_edges(self, edges: Iterable[tuple[str, str]], owner: Hashable = None) -> tuple[Outcome, ...]:
        """Do `remove_edge` for each of *edges*, and say for each what it came to."""
        unwanted = [Edge(*edge) for edge in edges]
        return tuple([self._disown(edge, owner) for edge in unwanted])

    def remove_owner(self, owner: Hashable) -> Removal:
        """Make *owner* let go of all that it owns, at the cost of what it owns."""
        removed: list[Edge] = []
        released: list[Edge] = []
        for edge in self.owned_by(owner):
            (removed if self._disown(edge, owner) is Outcome.REMOVED else released).append(edge)
        return Removal(tuple(removed), tuple(released))

    def _check(self, from_topic: str, to_topic: str) -> Edge:
        """Return the edge, or refuse what can be refused by its looks; known topics were looked at before."""
        known = self._order.targets
        if from_topic not in known or to_topic not in known:
            check_edge(from_topic, to_topic)
        edge = Edge(from_topic, to_topic)
        if from_topic == to_topic:
            raise CycleError(edge, edge)
        return edge

    def _own(self, edge: Edge, owner: Hashable) -> Outcome:
        owners = self._owners.get(edge)
        if owners is None:
            self._owners[edge] = {owner}
        elif owner in owners:
            return Outcome.ALREADY_OWNED
        else:
            owners.add(owner)
        self._owned[owner].add(edge)
        return Outcome.SHARED if owners else Outcome.ADDED

    def _disown(self, edge: Edge, owner: Hashable) -> Outcome:
        owners = self._owners.get(edge)
        if owners is None or owner not in owners:
            return Outcome.NOT_OWNER
        owners.remove(owner)
        owned = self._owned[owner]
        owned.remove(edge)
        if not owned:
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
        """Every edge with its owners, the oldest edge first."""
        return {edge: frozenset(owners) for edge, owners in self._owners.items()}

    def owners_of(self, edge: tuple[str, str]) -> frozenset[Hashable]:
        """Return who owns *edge*: nobody if there is no such edge."""
        return frozenset(self._owners.get(Edge(*edge), ()))

    def owned_by(self, owner: Hashable) -> tuple[Edge, ...]:
        """Return what *owner* owns, sorted."""
        return tuple(sorted(self._owned.get(owner, ())))

    def upstream(self, topic: str) -> tuple[str, ...]:
        """Return all topics that lead to *topic*, sorted, without itself; none for an unknown topic."""
        return tuple(sorted(reach(self._order.sources, topic)))

    def downstream(self, topic: str) -> tuple[str, ...]:
        """Return all topics that *topic* leads to, sorted, without itself; none for an unknown topic."""
        return tuple(sorted(reach(self._order.targets, topic)))

    def impact(self, owners: Iterable[Hashable]) -> tuple[Edge, ...]:
        """Return the edges, sorted, that would go if all of *owners* ended: those that nobody else owns."""
        ending = set(owners)
        held = {edge for owner in ending for edge in self._owned.get(owner, ())}
        return tuple(sorted(edge for edge in held if self._owners[edge] <= ending))
