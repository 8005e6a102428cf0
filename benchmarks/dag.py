"""How fast edges come and go, in the three orders in which they may come.

The graph is layered: each topic leads to two of the next layer. Every contender gets the same pairs of names,
refuses an edge that would close a cycle, and takes an edge that it has already for the same edge; "numbered" has
turned the names into numbers before the clock starts. Only ours also checks the names and keeps an index of owners.
Times are processor time of one thread.
"""

import gc
import tracemalloc
from collections.abc import Iterator, Sequence
from functools import partial

from graphmeta import Removal

from ._dag_peers import REFUSALS, Ezmsg, Graph, Networkx, NumberedRustworkx, Ours, Rustworkx
from ._harness import Case, Contender, timed
from ._records import Fact, Target
from ._workloads import Pairs, in_orders, layered

PEERS = ("networkx", "rustworkx", "ezmsg")


def cases(quick: bool) -> Iterator[Case | Fact]:
    edges = 200 if quick else 5_000
    for order, these in in_orders(layered(edges)).items():
        yield one_by_one(order, these)
    yield one_by_one("layered", layered(edges * 20), with_ezmsg=False)
    for order, these in in_orders(layered(edges)).items():
        yield in_a_batch(order, these)
    yield growth(edges * 2)
    yield release(edges, edges * 20)
    yield from memory(edges * 20)


# -- what is added and released ------------------------------------------------------------------------------


def add_one_by_one(graph: Graph, edges: Pairs) -> Graph:
    add_edge = graph.add_edge
    for from_topic, to_topic in edges:
        add_edge(from_topic, to_topic)
    return graph


def contents(graph: Graph) -> tuple[set[tuple[str, str]], bool]:
    """Prove what *graph* holds, and that it refuses an edge that would close a cycle."""
    edges = set(graph.pairs())
    from_topic, to_topic = min(edges)
    try:
        graph.add_edge(to_topic, from_topic)
    except REFUSALS:
        return edges, True
    return edges, False


# -- what is measured ----------------------------------------------------------------------------------------


def one_by_one(order: str, edges: Pairs, with_ezmsg: bool = True) -> Case:
    """Add each edge by itself; ezmsg takes about a minute for 5,000 of them."""

    def add(graph: Graph) -> Graph:
        return add_one_by_one(graph, edges)

    contenders = [
        timed("trellis", Ours, add, contents),
        timed("networkx", Networkx, add, contents),
        timed("rustworkx", Rustworkx, add, contents),
        timed("rustworkx, numbered", partial(NumberedRustworkx, edges), NumberedRustworkx.add_numbered, contents),
    ]
    targets = [Target(1, than="networkx"), Target(10 if order == "shuffled" else 5, than="rustworkx")]
    if with_ezmsg:
        contenders.append(timed("ezmsg", Ezmsg, add, contents, rounds=1))
        targets.append(Target(1 / 2000, than="ezmsg"))
    return Case(f"{len(edges):,} edges one by one, {order}", contenders, targets)


def in_a_batch(order: str, edges: Pairs) -> Case:
    def add(graph: Ours | Networkx | Rustworkx) -> Graph:
        graph.add_edges(edges)
        return graph

    contenders = [
        timed("trellis", Ours, add, contents),
        timed("networkx", Networkx, add, contents),
        timed("rustworkx", Rustworkx, add, contents),
    ]
    return Case(f"{len(edges):,} edges in one batch, {order}", contenders)


def growth(edges: int) -> Case:
    """Measure a large graph beside a tenth of it, and beside ten such tenths.

    The ten need as much new memory as the large graph; a single tenth fits into what the allocator kept.
    """

    def graphs(count: int, edges: Pairs) -> Contender:
        def add(graphs: Sequence[Ours]) -> list[Graph]:
            return [add_one_by_one(graph, edges) for graph in graphs]

        def all_there(graphs: Sequence[Graph]) -> bool:
            return all(set(graph.pairs()) == set(edges) for graph in graphs)

        name = f"{count} x {len(edges):,} edges"
        return timed(name, lambda: [Ours() for _ in range(count)], add, all_there)

    large, tenth = graphs(1, layered(edges * 10)), graphs(1, layered(edges))
    ten_tenths = graphs(10, layered(edges))
    return Case("growth, layered", [large, tenth, ten_tenths], [Target(12, than=tenth.name)])


def release(edges: int, others: int) -> Case:
    """Measure the end of an owner of so many edges, in a graph of its own and in one where others own more."""
    mine, theirs = layered(edges, "MINE"), layered(others, "THEIRS")

    def ours(edges_of_others: Pairs) -> Ours:
        graph = Ours()
        graph.add_edges(edges_of_others, "other")
        graph.add_edges(mine, "me")
        return graph

    def ezmsg() -> Ezmsg:
        graph = Ezmsg()
        graph.fill(mine, "me")
        return graph

    def end(graph: Ours | Ezmsg) -> set[tuple[str, str]]:
        removal = graph.remove_owner("me")
        return set(removal.removed) if isinstance(removal, Removal) else removal

    contenders = [
        timed(f"trellis, among {others:,} others", partial(ours, theirs), end, set(mine).__eq__),
        timed("trellis, alone", partial(ours, ()), end, set(mine).__eq__),
        timed("ezmsg, alone", ezmsg, end, set(mine).__eq__, rounds=1),
    ]
    return Case(f"the end of an owner of {len(mine):,} edges", contenders, [Target(0.010)])


def memory(count: int) -> Iterator[Fact]:
    """Measure what an edge costs, its share in its topics included but not their names, which the caller has."""
    edges = layered(count)
    gc.collect()
    tracemalloc.start()
    graph = Ours()
    for owner, name in (("me", "memory per layered edge"), ("you", "memory per edge for a second owner")):
        before, _ = tracemalloc.get_traced_memory()
        for from_topic, to_topic in edges:
            graph.add_edge(from_topic, to_topic, owner)
        after, _ = tracemalloc.get_traced_memory()
        yield Fact(name, (after - before) / len(edges), "bytes")
    tracemalloc.stop()
