"""What is read off a snapshot rather than stored in it: the topology, and who owns each edge.

Each view can be derived from what every holder has, or renewed from the view before and what changed. Holders
are merged by session: an edge that two scopes of one session hold has that session as an owner once. This
file knows edges and ids only.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TypeVar
from uuid import UUID

from graphmeta._names import Edge

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
    owners: dict[Edge, Owners] = {}
    shared: set[Edge] = set()
    for owner, edges in holdings:
        alone = (owner,)
        for edge in edges:
            if owners.setdefault(edge, alone) is not alone:
                owners[edge] += alone
                shared.add(edge)
    return {edge: sort_owners(owners[edge]) if edge in shared else owners[edge] for edge in sorted(owners)}


def derive_graph(edges: Iterable[Edge]) -> Graph:
    """Return every topic with the topics that it leads to, sorted; the last topic of a path leads to none."""
    targets: dict[str, list[str]] = {}
    for from_topic, to_topic in edges:
        targets.setdefault(from_topic, []).append(to_topic)
        targets.setdefault(to_topic, [])
    return {topic: tuple(sorted(targets[topic])) for topic in sorted(targets)}


def renew_owners(before: Mapping[Edge, Owners], touched: Mapping[Edge, Owners]) -> dict[Edge, Owners]:
    """Return what `derive_owners` would, given the owners (maybe none) of each edge that changed hands."""
    now = {**before, **{edge: owners for edge, owners in touched.items() if edge in before}}
    for edge, owners in touched.items():
        if edge in before and not owners:
            del now[edge]
    return _with(now, {edge: owners for edge, owners in touched.items() if owners and edge not in before})


def renew_graph(before: Graph, added: Iterable[Edge], removed: Iterable[Edge]) -> Graph:
    """Return what `derive_graph` would, given the edges that came and went."""
    now, new = dict(before), Graph()
    for from_topic, to_topic in removed:
        now[from_topic] = tuple(topic for topic in now[from_topic] if topic != to_topic)
    for from_topic, to_topic in added:
        for topic in (from_topic, to_topic):
            if topic not in now:
                new.setdefault(topic, ())
        home = now if from_topic in now else new
        home[from_topic] = tuple(sorted((*home[from_topic], to_topic)))
    maybe_alone = {topic for edge in removed for topic in edge if not now[topic]}
    if maybe_alone:
        for topic in maybe_alone.difference(*now.values(), *new.values()):
            del now[topic]
    return _with(now, new)


def _with(mapping: dict[K, V], new: dict[K, V]) -> dict[K, V]:
    """Return *mapping*, which is in order, with *new* keys in their places.

    To hash each key again is nearly all that it costs; a copy does not, so there is one if the new keys come last.
    """
    keys = list(mapping)
    added = sorted(new)
    if not added or not keys or keys[-1] < added[0]:
        return mapping | {key: new[key] for key in added}
    now, items, taken = dict[K, V](), iter(mapping.items()), 0
    for key in added:
        place = bisect_left(keys, key)
        now.update(islice(items, place - taken))
        now[key], taken = new[key], place
    now.update(items)
    return now
