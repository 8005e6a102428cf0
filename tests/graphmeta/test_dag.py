"""The graph with owners: what each call comes to, and that a refused one leaves everything as it was."""

import random
from itertools import pairwise

import pytest

from graphmeta import DAG, CycleError, Edge, InvalidTopic, Outcome, Removal, check_edges, check_topic
from graphmeta._names import check_topics

AB, BC, CA, CD = Edge("A", "B"), Edge("B", "C"), Edge("C", "A"), Edge("C", "D")


@pytest.fixture
def dag():
    """The path A -> B -> C -> D: the first edge is shared, the second persistent, the third the viewer's."""
    dag = DAG()
    dag.add_edge(*AB, "front-end")
    dag.add_edge(*AB, "viewer")
    dag.add_edge(*BC)
    dag.add_edge(*CD, "viewer")
    return dag


def state(dag):
    return dag.graph, dag.edge_owners, dict(dag._order.levels)


def shown(refused):
    return refused.value.edge, refused.value.path


def test_an_edge_is_added_once_shared_by_others_and_owned_by_each_once():
    dag = DAG()
    assert dag.add_edge("A", "B", "me") is Outcome.ADDED
    assert dag.add_edge("A", "B", "you") is Outcome.SHARED
    assert dag.add_edge("A", "B") is Outcome.SHARED
    assert dag.add_edge("A", "B", "me") is Outcome.ALREADY_OWNED
    assert dag.owners_of(AB) == {"me", "you", None}


def test_an_edge_with_two_owners_falls_with_the_last(dag):
    assert dag.remove_edge(*AB, "viewer") is Outcome.RELEASED
    assert AB in dag
    assert dag.remove_edge(*AB, "front-end") is Outcome.REMOVED
    assert AB not in dag


def test_an_owner_that_connected_twice_disconnects_once():
    dag = DAG()
    dag.add_edges([AB, AB], "me")
    assert dag.remove_edge(*AB, "me") is Outcome.REMOVED


def test_an_owner_that_let_go_of_everything_is_forgotten(dag):
    dag.remove_edges([AB, CD], "viewer")
    assert repr(dag) == "<DAG: 2 edges, 3 topics, 2 owners>"


def test_only_owners_remove_an_edge(dag):
    before = state(dag)
    assert dag.remove_edge(*CD, "front-end") is Outcome.NOT_OWNER
    assert dag.remove_edge(*CD) is Outcome.NOT_OWNER
    assert dag.remove_edge("nobody", "knows", "viewer") is Outcome.NOT_OWNER
    assert state(dag) == before


def test_an_outcome_is_true_exactly_when_the_topology_changed():
    assert {outcome for outcome in Outcome if outcome} == {Outcome.ADDED, Outcome.REMOVED}


def test_persistent_edges_outlive_every_owner(dag):
    for owner in ("front-end", "viewer"):
        dag.remove_owner(owner)
    assert dag.graph == {"B": ("C",), "C": ()}
    assert dag.remove_owner(None) == Removal(removed=(BC,), released=())


def test_the_end_of_an_owner_says_what_fell_and_what_stands(dag):
    removal = dag.remove_owner("viewer")
    assert removal == Removal(removed=(CD,), released=(AB,))
    assert removal
    assert dag.owned_by("viewer") == ()


def test_the_end_of_an_owner_of_nothing_changes_nothing(dag):
    before = state(dag)
    assert not dag.remove_owner("stranger")
    assert state(dag) == before


def test_a_batch_says_for_each_edge_what_it_came_to(dag):
    assert dag.add_edges([AB, CD, ("D", "E"), ("D", "E")], "front-end") == (
        Outcome.ALREADY_OWNED,
        Outcome.SHARED,
        Outcome.ADDED,
        Outcome.ALREADY_OWNED,
    )
    assert dag.remove_edges([AB, ("D", "E"), ("D", "E")], "front-end") == (
        Outcome.RELEASED,
        Outcome.REMOVED,
        Outcome.NOT_OWNER,
    )


def test_a_batch_may_be_a_generator_and_may_be_empty():
    dag = DAG()
    assert dag.add_edges(edge for edge in (AB, BC)) == (Outcome.ADDED, Outcome.ADDED)
    assert dag.add_edges([]) == dag.remove_edges([]) == ()


def test_a_cycle_is_refused_with_the_edge_and_the_path(dag):
    before = state(dag)
    with pytest.raises(CycleError) as refused:
        dag.add_edge("D", "A", "me")
    assert shown(refused) == (("D", "A"), ("D", "A", "B", "C", "D"))
    assert str(refused.value) == "D -> A would close a cycle: D -> A -> B -> C -> D; leave one of these edges out"
    assert state(dag) == before


@pytest.mark.parametrize("topic", ["A", "new"])
def test_an_edge_from_a_topic_to_itself_is_a_cycle(dag, topic):
    before = state(dag)
    for call in (lambda: dag.add_edge(topic, topic), lambda: dag.add_edges([("X", "Y"), (topic, topic)])):
        with pytest.raises(CycleError) as refused:
            call()
        assert shown(refused) == ((topic, topic), (topic, topic))
    assert state(dag) == before


def test_one_edge_that_closes_a_cycle_refuses_the_whole_batch(dag):
    before = state(dag)
    with pytest.raises(CycleError) as refused:
        dag.add_edges([("X", "Y"), CD, CA, ("D", "E")], "me")
    assert shown(refused) == (CA, ("C", "A", "B", "C"))
    assert state(dag) == before


def test_a_cycle_among_the_edges_of_one_batch_names_one_of_them():
    dag = DAG()
    ring = [("C", "A"), ("A", "B"), ("B", "C")]
    with pytest.raises(CycleError) as refused:
        dag.add_edges([("Y", "A"), ("X", "Y"), *ring, ("C", "Z")])
    edge, path = shown(refused)
    assert edge in ring
    assert path[:2] == edge
    assert {*pairwise(path)} == {*ring}
    assert state(dag) == state(DAG())


def test_an_edge_can_be_turned_round_once_it_is_gone(dag):
    with pytest.raises(CycleError):
        dag.add_edge("D", "C", "viewer")
    dag.remove_edge(*CD, "viewer")
    assert dag.add_edge("D", "C", "viewer") is Outcome.ADDED


@pytest.mark.parametrize("topic", ["", "/", "A//B", "A/ /B", "A\0", "\ud800", 7, None, "x" * 2000])
def test_a_malformed_topic_is_refused_and_leaves_no_trace(dag, topic):
    before = state(dag)
    for edge in ((topic, "A"), ("A", topic), (topic, "new"), ("new", topic)):
        with pytest.raises(InvalidTopic):
            dag.add_edge(*edge, "me")
        with pytest.raises(InvalidTopic):
            dag.add_edges([("X", "Y"), edge], "me")
    assert state(dag) == before


@pytest.mark.parametrize("seed", range(10))
def test_a_batch_comes_to_what_its_edges_come_to_one_by_one(seed):
    dice = random.Random(seed)
    pairs = [(f"T{low}", f"T{high}") for high in range(7) for low in range(high)]
    together, apart = DAG(), DAG()
    for _ in range(60):
        batch, owner = dice.choices(pairs, k=dice.randint(0, 8)), dice.choice(["me", "you", None])
        act, act_on_one = dice.choice([(DAG.add_edges, DAG.add_edge), (DAG.remove_edges, DAG.remove_edge)])
        assert act(together, batch, owner) == tuple(act_on_one(apart, *edge, owner) for edge in batch)
        assert together._held == apart._held
        assert together._order.targets == apart._order.targets
        assert together._order.sources == apart._order.sources
        assert together._order.levels.keys() == apart._order.levels.keys()


GOOD = ["A", "é", "A B", "A|B", "A/B", "x" * 1024]
BAD = ["", "/", "A/", "/A", "A//B", "A/ /B", " ", "A\0", "\ud800", "x" * 1025, 7, None, []]


def refusal(check, *args):
    try:
        check(*args)
    except InvalidTopic as error:
        return error.topic, error.reason
    return None


@pytest.mark.parametrize("odd", [*GOOD, *BAD], ids=ascii)
@pytest.mark.parametrize("where", [0, 1, 5])
def test_many_topics_are_well_formed_if_each_of_them_is(odd, where):
    topics = ["A0", "B/0", "A1", "B/1", "A2", "B/2"]
    topics[where] = odd
    alone = refusal(check_topic, odd)
    assert (alone is None) == (odd in GOOD)
    assert refusal(check_topics, topics) == alone
    assert refusal(check_edges, [(topics[at], topics[at + 1]) for at in (0, 2, 4)]) == alone


def test_of_several_malformed_topics_the_first_is_named():
    with pytest.raises(InvalidTopic, match="/first"):
        check_edges([("A", "B"), ("A", "/first"), ("/second", "B")])


def test_an_owner_that_cannot_be_hashed_changes_nothing(dag):
    before = state(dag)
    for call in (lambda: dag.add_edge("X", "Y", []), lambda: dag.add_edges([("X", "Y")], [])):
        with pytest.raises(TypeError):
            call()
    assert state(dag) == before


@pytest.mark.parametrize("edges", [[CD, ([], "A")], [CD, ("A", [])], [CD, ("A",)], [CD, None]])
def test_a_batch_that_makes_no_sense_changes_nothing(dag, edges):
    before = state(dag)
    for call in (dag.add_edges, dag.remove_edges):
        with pytest.raises((TypeError, ValueError)):
            call(edges, "viewer")
    assert state(dag) == before


def test_topics_vanish_with_their_last_edge(dag):
    dag.remove_owner("viewer")
    assert list(dag.graph) == ["A", "B", "C"]
    dag.remove_owner("front-end")
    assert list(dag.graph) == ["B", "C"]


def test_what_leads_where_is_sorted_and_leaves_out_the_topic_itself(dag):
    dag.add_edge("B", "AA")
    assert dag.upstream("C") == ("A", "B")
    assert dag.downstream("A") == ("AA", "B", "C", "D")
    assert dag.upstream("A") == dag.downstream("D") == dag.upstream("stranger") == ()


def test_impact_is_what_only_these_owners_hold(dag):
    assert dag.impact(["viewer"]) == (CD,)
    assert dag.impact(["viewer", "front-end", "stranger", "viewer"]) == (AB, CD)
    assert dag.impact([]) == ()


def test_impact_foretells_the_end_of_owners(dag):
    foretold = dag.impact(["viewer", "front-end"])
    removed = dag.remove_owner("viewer").removed + dag.remove_owner("front-end").removed
    assert tuple(sorted(removed)) == foretold


def test_what_is_handed_out_is_a_copy_of_edges(dag):
    dag.graph.clear()
    dag.edge_owners.clear()
    assert len(dag) == len(list(dag.edges())) == 3
    assert all(isinstance(edge, Edge) for edge in (*dag.edges(), *dag.edge_owners, *dag.owned_by("viewer")))


def test_a_graph_is_shown_by_its_numbers(dag):
    assert repr(dag) == "<DAG: 3 edges, 4 topics, 3 owners>"
