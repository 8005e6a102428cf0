"""What is read off a snapshot rather than stored in it: the topology, and who owns each edge.

Everything here is a pure function of the edges that each holder has. Holders are merged by session: an edge that
two scopes of one session hold has that session as an owner once. This file knows edges and ids only.
"""

from collections.abc import Iterable
from uuid import UUID

from ._names import Edge

Owners = tuple[UUID | None, ...]
"""The owners of an edge, each once, sorted; None (persistent) first."""


def sort_owners(owners: Iterable[UUID | None]) -> Owners:
    """*owners*, each once, in the order in which they are shown: None first, then by id."""
    return tuple(sorted(set(owners), key=lambda owner: b"" if owner is None else owner.bytes))


def derive_owners(holdings: Iterable[tuple[UUID | None, Iterable[Edge]]]) -> dict[Edge, Owners]:
    """Every edge with its owners, sorted by edge."""
    owners: dict[Edge, list[UUID | None]] = {}
    for owner, edges in holdings:
        for edge in edges:
            owners.setdefault(edge, []).append(owner)
    return {edge: sort_owners(owners[edge]) for edge in sorted(owners)}


def derive_graph(edges: Iterable[Edge]) -> dict[str, tuple[str, ...]]:
    """Every topic with the topics that it leads to, both sorted; the last topic of a path leads to none."""
    targets: dict[str, list[str]] = {}
    for from_topic, to_topic in edges:
        targets.setdefault(from_topic, []).append(to_topic)
        targets.setdefault(to_topic, [])
    return {topic: tuple(sorted(targets[topic])) for topic in sorted(targets)}
