"""What is read off a snapshot rather than stored in it: the topology, and who owns each edge.

Each view can be derived from what every holder has, or renewed from the view before and what changed. Holders
are merged by session: an edge that two scopes of one session hold has that session as an owner once. This
file knows edges and ids only.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar
from uuid import UUID

from ._names import Edge

Owners = tuple[UUID | None, ...]
"""The owners of an edge, each once, sorted; None (persistent) first."""

Graph = dict[str, tuple[str, ...]]
"""Every topic with the topics that it leads to."""

K = TypeVar("K", str, Edge)
V = TypeVar("V")


def sort_owners(owners: Iterable[UUID | None]) -> Owners:
    """Return *owners*, each once, in the order in which they are shown: None first, then by id."""
    return tuple(sorted(set(owners), key=lambda owner: b"" if owner is None else owner.bytes))


def derive_owners(holdings: Iterable[tuple[UUID | None, Iterable[Edge]]]) -> dict[Edge, Owners]:
    """Return every edge with its owners, sorted by edge."""
    owners: dict[Edge, list[UUID | None]] = {}
    for owner, edges in holdings:
        for edge in edges:
            owners.setdefault(edge, []).append(owner)
    return {edge: sort_owners(owners[edge]) for edge in sorted(owners)}


def derive_graph(edges: Iterable[Edge]) -> Graph:
    """Return every topic with the topics that it leads to, sorted; the last topic of a path leads to none."""
    targets: dict[str, list[str]] = {}
    for from_topic, to_topic in edges:
        targets.setdefault(from_topic, []).append(to_topic)
        targets.setdefault(to_topic, [])
    return {topic: tuple(sorted(targets[topic])) for topic in sorted(targets)}


def renew_owners(before: Mapping[Edge, Owners], touched: Mapping[Edge, Owners]) -> dict[Edge, Owners]:
    """Return what `derive_owners` would, given the owners (maybe none) of each edge that changed hands."""
    now = {**before, **touched}
    for edge, owners in touched.items():
        if not owners:
            del now[edge]
    return now if touched.keys() <= before.keys() else _in_order(now)


def renew_graph(before: Graph, added: Iterable[Edge], removed: Iterable[Edge]) -> Graph:
    """Return what `derive_graph` would, given the edges that came and went."""
    now = dict(before)
    for from_topic, to_topic in removed:
        now[from_topic] = tuple(topic for topic in now[from_topic] if topic != to_topic)
    for from_topic, to_topic in added:
        now[from_topic] = tuple(sorted((*now.get(from_topic, ()), to_topic)))
        now.setdefault(to_topic, ())
    maybe_alone = {topic for edge in removed for topic in edge if not now[topic]}
    if maybe_alone:
        for topic in maybe_alone.difference(*now.values()):
            del now[topic]
    return now if now.keys() <= before.keys() else _in_order(now)


def _in_order(mapping: dict[K, V]) -> dict[K, V]:
    return {key: mapping[key] for key in sorted(mapping)}
