"""The network of bound components as edges: every collection's pairs, in addresses.

This file knows components and topics; whether the edges fit into a running graph, its owner decides.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NoReturn

import attrs

from graphmeta._dag._dag import DAG
from graphmeta._errors import InvalidComponent, InvalidTopic
from graphmeta._names import Edge, check_topic

from ._components import Collection, Component
from ._crawl import crawl_components
from ._streams import InputStream, InputTopic, OutputStream, OutputTopic, Port, Relay


def collect_edges(
    components: Mapping[str, Component] | Iterable[Component], connections: Iterable[tuple[Any, Any]] = ()
) -> tuple[Edge, ...]:
    """Return the edges of all collections among and below bound *components*, then of *connections*.

    Each edge is there once. Raises `CycleError` with the path when they close a cycle, and `InvalidComponent`
    with the collection for a pair that cannot be connected.
    """
    roots = components.values() if isinstance(components, Mapping) else components
    edges = tuple(dict.fromkeys(edge for pairs in _networks(roots, connections) for edge in pairs.edges()))
    DAG().add_edges(edges)
    return edges


def _networks(roots: Iterable[Component], connections: Iterable[tuple[Any, Any]]) -> Iterator["_Pairs"]:
    for root in roots:
        for component in crawl_components(root):
            if isinstance(component, Collection):
                where = component.address or type(component).__qualname__
                yield _Pairs(where, "network", component.network(), component)
    yield _Pairs("run", "connections", connections, None)


@attrs.frozen
class _Pairs:
    """The pairs of one network, and who is to blame for them."""

    where: str
    attribute: str
    pairs: Any
    collection: Collection | None

    def edges(self) -> Iterator[Edge]:
        if not isinstance(self.pairs, Iterable):
            self._refuse(f"{self.pairs!r:.80} is no iterable of pairs")
        for pair in self.pairs:
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                self._refuse(f"{pair!r:.80} is no pair")
            yield Edge(self._topic(pair[0], *_NO_SOURCES), self._topic(pair[1], *_NO_TARGETS))

    def _topic(self, end: object, foreign: tuple[type, ...], reason: str) -> str:
        if isinstance(end, Port):
            return self._of_port(end, foreign, reason)
        try:
            return str.__str__(check_topic(end))  # A member of a string enum is a topic, too; its text is.
        except InvalidTopic as error:
            self._refuse(str(error))

    def _of_port(self, port: Port[Any], foreign: tuple[type, ...], reason: str) -> str:
        own = getattr(self.collection, port.name, None) is port
        if port._address is None:
            self._refuse(f"{port!r} belongs to no component here: use self.COMPONENT.{port.name or 'STREAM'}")
        if isinstance(port, foreign) and not own:
            self._refuse(f"{port.address} {reason}")
        return port.inside if own and isinstance(port, Relay) else port.address

    def _refuse(self, reason: str) -> NoReturn:
        raise InvalidComponent(self.where, self.attribute, reason)


_NO_SOURCES: Final = ((InputStream, InputTopic), "takes messages, so it cannot come first")
_NO_TARGETS: Final = ((OutputStream, OutputTopic), "gives messages, so it cannot come second")
