"""The graph against a reference that knows no better way: a dict of sets, and a walk from every topic.

Hypothesis makes up histories of calls, good and bad. After every step both must agree on everything that can be
asked, and a refused call must have left no trace, not even in the order that the graph keeps for itself.
"""

import copy
import os
from itertools import combinations, pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from graphmeta import DAG, CycleError, InvalidTopic, Outcome

TOPICS = ("A", "B/OUT", "B/IN", "C", "D", "E d", "é")
OWNERS = (None, "viewer", ("session", ""), ("session", "scope"))
FULL = os.environ.get("TRELLIS_CAMPAIGN") == "full"

topics = st.sampled_from(TOPICS)
edges = st.tuples(topics, topics)
owners = st.sampled_from(OWNERS)
batches = st.lists(edges, max_size=8)


class Reference:
    """Who owns which edge, and nothing else."""

    def __init__(self):
        self.owners = {}

    def neighbours(self, edges, topic, back=False):
        return {edge[not back] for edge in edges if edge[back] == topic}

    def reach(self, edges, topic, back=False):
        seen, agenda = set(), [topic]
        while agenda:
            news = self.neighbours(edges, agenda.pop(), back) - seen
            seen |= news
            agenda += news
        return seen

    def accepts(self, new):
        together = {*self.owners, *new}
        return not any(topic in self.reach(together, topic) for edge in new for topic in edge)

    def add(self, edge, owner):
        held_by = self.owners.setdefault(edge, set())
        if owner in held_by:
            return Outcome.ALREADY_OWNED
        held_by.add(owner)
        return Outcome.SHARED if len(held_by) > 1 else Outcome.ADDED

    def remove(self, edge, owner):
        if owner not in self.owners.get(edge, ()):
            return Outcome.NOT_OWNER
        self.owners[edge].discard(owner)
        if self.owners[edge]:
            return Outcome.RELEASED
        del self.owners[edge]
        return Outcome.REMOVED

    def owned_by(self, owner):
        return sorted(edge for edge, owners in self.owners.items() if owner in owners)

    def impact(self, ending):
        return sorted(edge for edge, owners in self.owners.items() if owners <= set(ending))


class GraphAgainstReference(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.dag = DAG()
        self.reference = Reference()

    def everything(self):
        order = self.dag._order
        return copy.deepcopy((order.levels, order.targets, order.sources, order.size, dict(self.dag._held)))

    def check_refusal(self, call, new):
        before = self.everything()
        with pytest.raises(CycleError) as refused:
            call()
        edge, path = refused.value.edge, refused.value.path
        assert edge in new
        assert path[:2] == edge
        assert path[-1] == path[0]
        assert {*pairwise(path)} <= {*self.reference.owners, *new}
        assert self.everything() == before

    @rule(edge=edges, owner=owners)
    def add_one(self, edge, owner):
        if self.reference.accepts([edge]):
            assert self.dag.add_edge(*edge, owner) is self.reference.add(edge, owner)
        else:
            self.check_refusal(lambda: self.dag.add_edge(*edge, owner), [edge])

    @rule(batch=batches, owner=owners)
    def add_many(self, batch, owner):
        if self.reference.accepts(batch):
            expected = tuple(self.reference.add(edge, owner) for edge in batch)
            assert self.dag.add_edges(batch, owner) == expected
        else:
            self.check_refusal(lambda: self.dag.add_edges(batch, owner), batch)

    @rule(batch=batches, owner=owners, bad=st.sampled_from(("", "A//B", "/", " ", "\0")), data=st.data())
    def add_many_and_a_malformed_one(self, batch, owner, bad, data):
        before = self.everything()
        where = data.draw(st.integers(0, len(batch)))
        batch = [*batch[:where], data.draw(st.sampled_from([("A", bad), (bad, "A"), (bad, bad)])), *batch[where:]]
        with pytest.raises((InvalidTopic, CycleError)):
            self.dag.add_edges(batch, owner)
        assert self.everything() == before

    @rule(edge=edges, owner=owners)
    def remove_one(self, edge, owner):
        assert self.dag.remove_edge(*edge, owner) is self.reference.remove(edge, owner)

    @rule(batch=batches, owner=owners)
    def remove_many(self, batch, owner):
        expected = tuple(self.reference.remove(edge, owner) for edge in batch)
        assert self.dag.remove_edges(batch, owner) == expected

    @rule(owner=owners)
    def end_an_owner(self, owner):
        removal = self.dag.remove_owner(owner)
        owned = self.reference.owned_by(owner)
        fates = {edge: self.reference.remove(edge, owner) for edge in owned}
        assert removal.removed == tuple(edge for edge in owned if fates[edge] is Outcome.REMOVED)
        assert removal.released == tuple(edge for edge in owned if fates[edge] is Outcome.RELEASED)

    @invariant()
    def edges_and_owners_agree(self):
        held = self.reference.owners
        assert self.dag.edge_owners == held
        assert sorted(self.dag.edges()) == sorted(held)
        assert len(self.dag) == len(held)
        assert all(self.dag.owners_of(edge) == held.get(edge, set()) for edge in combinations(TOPICS, 2))

    @invariant()
    def each_owner_owns_the_same(self):
        for owner in OWNERS:
            assert self.dag.owned_by(owner) == tuple(self.reference.owned_by(owner))
        assert self.dag._held.keys() == {owner for owners in self.reference.owners.values() for owner in owners}
        assert all(targets for held in self.dag._held.values() for targets in held.values())
        for count in range(len(OWNERS) + 1):
            for ending in combinations(OWNERS, count):
                assert self.dag.impact(ending) == tuple(self.reference.impact(ending))

    @invariant()
    def the_topology_agrees_and_has_no_cycle(self):
        held = self.reference.owners
        present = sorted({topic for edge in held for topic in edge})
        neighbours, reach = self.reference.neighbours, self.reference.reach
        assert list(self.dag.graph.items()) == [(t, tuple(sorted(neighbours(held, t)))) for t in present]
        for topic in TOPICS:
            assert topic not in reach(held, topic)
            assert self.dag.downstream(topic) == tuple(sorted(reach(held, topic)))
            assert self.dag.upstream(topic) == tuple(sorted(reach(held, topic, back=True)))

    @invariant()
    def every_edge_leads_to_a_higher_level(self):
        levels = self.dag._order.levels
        assert levels.keys() == {topic for edge in self.reference.owners for topic in edge}
        assert all(levels[from_topic] < levels[to_topic] for from_topic, to_topic in self.reference.owners)


TestGraphAgainstReference = GraphAgainstReference.TestCase
TestGraphAgainstReference.settings = settings(
    max_examples=2500 if FULL else 100, stateful_step_count=50 if FULL else 40, deadline=None
)
