"""The graphs that are compared, each with one way to add an edge, to release an owner and to show its edges.

Where a library lacks something, its users would write what stands here. This file measures nothing.
"""

from collections.abc import Iterable
from typing import Protocol

import networkx
import rustworkx
from ezmsg.core import dag as ezmsg_dag

from graphmeta import DAG, CycleError

REFUSALS = (CycleError, ValueError, rustworkx.DAGWouldCycle, ezmsg_dag.CyclicException)
"""How the graphs say no to a cycle."""


class Graph(Protocol):
    """What all of them have."""

    def add_edge(self, from_topic: str, to_topic: str) -> object: ...

    def pairs(self) -> Iterable[tuple[str, str]]: ...


class Ours(DAG):
    """Checks the names and keeps the owners as well."""

    def pairs(self) -> Iterable[tuple[str, str]]:
        return self.edges()


class Networkx:
    """Has no cycle check of its own: asks for a path first."""

    def __init__(self) -> None:
        self.graph = networkx.DiGraph()

    def add_edge(self, from_topic: str, to_topic: str) -> None:
        graph = self.graph
        if from_topic in graph and to_topic in graph and networkx.has_path(graph, to_topic, from_topic):
            raise ValueError("cycle")
        graph.add_edge(from_topic, to_topic)

    def add_edges(self, edges: Iterable[tuple[str, str]]) -> None:
        self.graph.add_edges_from(edges)
        if not networkx.is_directed_acyclic_graph(self.graph):
            raise ValueError("cycle")

    def pairs(self) -> Iterable[tuple[str, str]]:
        return self.graph.edges


class Rustworkx:
    """Knows numbers only: looks each name up."""

    def __init__(self) -> None:
        self.graph = rustworkx.PyDiGraph(check_cycle=True, multigraph=False)
        self.numbers: dict[str, int] = {}

    def number(self, topic: str) -> int:
        number = self.numbers.get(topic)
        if number is None:
            number = self.numbers[topic] = self.graph.add_node(topic)
        return number

    def add_edge(self, from_topic: str, to_topic: str) -> None:
        self.graph.add_edge(self.number(from_topic), self.number(to_topic), None)

    def add_edges(self, edges: Iterable[tuple[str, str]]) -> None:
        self.graph.check_cycle = False
        self.graph.add_edges_from_no_data([(self.number(low), self.number(high)) for low, high in edges])
        if not rustworkx.is_directed_acyclic_graph(self.graph):
            raise ValueError("cycle")
        self.graph.check_cycle = True

    def pairs(self) -> Iterable[tuple[str, str]]:
        return [(self.graph[low], self.graph[high]) for low, high in self.graph.edge_list()]


class NumberedRustworkx(Rustworkx):
    """Is told the numbers beforehand, off the clock: what the check alone costs it, without the names."""

    def __init__(self, edges: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self.numbered = [(self.number(low), self.number(high)) for low, high in edges]

    def add_numbered(self) -> Rustworkx:
        add_edge = self.graph.add_edge
        for low, high in self.numbered:
            add_edge(low, high, None)
        return self


class Ezmsg(ezmsg_dag.DAG):
    """Keeps owners too."""

    def pairs(self) -> Iterable[tuple[str, str]]:
        return self.edge_owners

    def fill(self, edges: Iterable[tuple[str, str]], owner: str) -> None:
        """Put in *edges* without its cycle check, which would take minutes before anything is measured."""
        for from_topic, to_topic in edges:
            self.graph[from_topic].add(to_topic)
            self.graph[to_topic]
            self.edge_owners.setdefault((from_topic, to_topic), set()).add(owner)
