"""The levels that keep a graph acyclic: where new topics go, who gives way, and what a refusal leaves behind."""

import random
from itertools import pairwise

import pytest

from graphmeta import CycleError, Edge
from graphmeta._dag._order import Order


def order_of(*edges):
    order = Order()
    for edge in edges:
        order.insert(*edge)
    return order


def by_topic(edges):
    """Give *edges*, each once, by the topic that they come from, as the ways for many take them."""
    ahead = {}
    for from_topic, to_topic in edges:
        ahead.setdefault(from_topic, {})[to_topic] = None
    return ahead


def path(name, length):
    topics = [f"{name}{number}" for number in range(length + 1)]
    return list(pairwise(topics))


def is_in_order(order):
    return all(order.levels[topic] < order.levels[target] for topic, ahead in order.targets.items() for target in ahead)


@pytest.mark.parametrize("edges", [path("A", 50), path("A", 50)[::-1]], ids=["front to back", "back to front"])
def test_a_path_that_grows_at_an_end_moves_nobody(edges):
    order = Order()
    for edge in edges:
        before = dict(order.levels)
        order.insert(*edge)
        assert before.items() <= order.levels.items()


def test_an_edge_that_agrees_with_the_levels_moves_nobody():
    order = order_of(*path("A", 9))
    before = dict(order.levels)
    order.insert("A2", "A7")
    assert order.levels == before


def test_the_end_that_is_cheaper_to_move_gives_way():
    order = order_of(*path("long", 90), *path("short", 3))
    before = dict(order.levels)
    order.insert("long80", "short0")
    assert {topic for topic in before if order.levels[topic] != before[topic]} == {f"short{n}" for n in range(4)}
    assert is_in_order(order)

    order = order_of(*path("long", 90), *path("short", 3))
    before = dict(order.levels)
    order.insert("short3", "long1")
    assert {topic for topic in before if order.levels[topic] != before[topic]} <= {f"short{n}" for n in range(4)}
    assert is_in_order(order)


def test_a_hub_does_not_give_way_when_the_other_end_is_cheaper():
    fan = [("hub", f"target{number}") for number in range(500)]
    order = order_of(*fan, *path("A", 5))
    before = dict(order.levels)
    order.insert("A3", "hub")
    assert all(order.levels[topic] == before[topic] for edge in fan for topic in edge)
    assert is_in_order(order)


@pytest.mark.parametrize("seed", range(20))
def test_any_history_of_edges_that_come_and_go_stays_in_order(seed):
    dice = random.Random(seed)
    topics = [f"T{number}" for number in range(60)]
    dice.shuffle(topics)
    pairs = [Edge(topics[low], topics[high]) for high in range(60) for low in range(high)]
    order, present = Order(), set()
    for edge in dice.choices(pairs, k=600):
        if edge in present:
            order.remove(*edge)
            present.remove(edge)
        else:
            order.insert(*edge)
            present.add(edge)
        assert is_in_order(order)
    assert order.size == len(present)
    assert order.levels.keys() == {topic for edge in present for topic in edge}


@pytest.mark.parametrize("seed", range(20))
def test_a_batch_in_any_order_ends_in_order(seed):
    dice = random.Random(seed)
    edges = [Edge(f"T{low}", f"T{high}") for high in range(40) for low in dice.sample(range(high), min(high, 3))]
    dice.shuffle(edges)
    order = order_of(*edges[:20])
    assert order.insert_all(by_topic(edges[10:])) == {*edges[10:20]}
    assert is_in_order(order)
    assert order.size == len(edges)


@pytest.mark.parametrize("seed", range(20))
def test_what_goes_together_leaves_what_it_leaves_when_it_goes_one_by_one(seed):
    dice = random.Random(seed)
    edges = [Edge(f"T{low}", f"T{high}") for high in range(40) for low in dice.sample(range(high), min(high, 3))]
    together, apart = order_of(*edges, *edges[::3]), order_of(*edges, *edges[::3])
    going = dice.sample(edges, 60)
    assert together.remove_all(by_topic(going)) == {edge for edge in going if apart.remove(*edge)}
    assert (together.levels, together.targets, together.size) == (apart.levels, apart.targets, apart.size)
    assert together.sources == apart.sources


def test_a_batch_that_is_back_to_front_moves_nobody():
    batch = [*path("A", 50)[::-1], ("A0", "A50"), ("before", "A30"), ("before", "A9")]
    order = Order()
    order.insert_all(by_topic(batch[:40]))
    before = dict(order.levels)
    order.insert_all(by_topic(batch[40:]))
    assert before.items() <= order.levels.items()
    assert is_in_order(order)


@pytest.mark.parametrize("seed", range(20))
def test_a_refusal_names_a_real_cycle_and_leaves_no_trace(seed):
    dice = random.Random(seed)
    edges = [Edge(f"T{low}", f"T{low + dice.randint(1, 5)}") for low in range(40)]
    back = Edge(f"T{dice.randint(30, 39)}", f"T{dice.randint(0, 4)}")
    chain = [Edge(f"T{number}", f"T{number + 1}") for number in range(40)]
    batch = list(dict.fromkeys([*edges[20:], back, *chain]))
    dice.shuffle(batch)
    order = order_of(*edges[:20])
    before = (dict(order.levels), repr(order.targets), repr(order.sources), order.size)
    with pytest.raises(CycleError) as refused:
        order.insert_all(by_topic(batch))
    cycle = refused.value.path
    assert refused.value.edge in batch
    assert cycle[:2] == refused.value.edge
    assert back in {*pairwise(cycle)}
    assert cycle[-1] == cycle[0]
    assert {*pairwise(cycle)} <= {*edges, *batch}
    assert (dict(order.levels), repr(order.targets), repr(order.sources), order.size) == before


def test_an_edge_stands_until_it_was_removed_as_often_as_inserted():
    order = order_of(("A", "B"), ("A", "B"))
    assert order.remove("A", "B") == 1
    assert order.size == 1
    assert order.remove("A", "B") == 0
    assert (order.size, order.levels, order.targets, order.sources) == (0, {}, {}, {})


def test_equal_histories_show_equal_paths():
    ways = [("A", "X"), ("A", "Y"), ("A", "Z"), ("X", "B"), ("Y", "B"), ("Z", "B")]
    with pytest.raises(CycleError) as refused:
        order_of(*ways, ("B", "A"))
    assert refused.value.path == ("B", "A", "X", "B")
