"""What a snapshot says beyond what it stores: topology and owners."""

from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmeta import (
    DAG,
    CycleError,
    Edge,
    Endpoint,
    GraphSnapshot,
    InvalidEndpoint,
    InvalidSettings,
    InvalidTopic,
    SettingValue,
    SnapshotSession,
)

EPOCH, ANNA, BERT = UUID(int=1), UUID(int=2), UUID(int=3)
AB, AC, BC = Edge("A", "B"), Edge("A", "C"), Edge("B", "C")


def test_the_topology_has_every_topic_with_its_targets_sorted():
    snapshot = GraphSnapshot(EPOCH, 1, (AB, AC), {ANNA: SnapshotSession("anna", "local", 0.0, (BC,))})
    assert snapshot.graph == {"A": ("B", "C"), "B": ("C",), "C": ()}
    assert list(snapshot.graph) == ["A", "B", "C"]


def test_an_edge_names_each_owner_once_and_the_persistent_one_first():
    anna = SnapshotSession("anna", "local", 0.0, (AB,), {"calibration": (AB, AC)})
    bert = SnapshotSession("bert", "local", 0.0, (AB,))
    snapshot = GraphSnapshot(EPOCH, 1, (AB,), {BERT: bert, ANNA: anna})
    assert snapshot.edge_owners == {AB: (None, ANNA, BERT), AC: (ANNA,)}


@given(st.lists(st.from_type(Edge)))
def test_the_topology_is_the_one_that_the_live_graph_has(edges):
    dag = DAG()
    for edge in edges:
        with suppress(CycleError):
            dag.add_edge(*edge)
    assert GraphSnapshot(EPOCH, 1, dag.owned_by(None)).graph == dag.graph


def test_an_empty_graph_has_no_topics():
    assert GraphSnapshot(EPOCH, 0).graph == {}
    assert GraphSnapshot(EPOCH, 0).edge_owners == {}


def test_views_are_derived_once_and_play_no_part_in_equality():
    read, unread = (GraphSnapshot(EPOCH, 1, (AB,)) for _ in range(2))
    assert read.graph is read.graph
    assert read.edge_owners is read.edge_owners
    assert read == unread
    assert repr(read) == repr(unread)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ((0, "", "publisher", "float"), InvalidTopic),
        ((0, "A", "listener", "float"), InvalidEndpoint),
        ((0, "A", "subscriber", "float", False, 0), InvalidEndpoint),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused(fields, error):
    with pytest.raises(error):
        Endpoint(*fields)


CYCLE: list = []
CYCLE.append(CYCLE)
DEEP: list = []
for _ in range(65):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("-inf"),
        b"bytes",
        (1, 2),
        {1: 2},
        {"a": {2}},
        2**70,
        object(),
        "\ud800",
        EPOCH,
        CYCLE,
        DEEP,
    ],
    ids=[
        "nan",
        "infinity",
        "bytes",
        "tuple",
        "int key",
        "set",
        "big int",
        "object",
        "surrogate",
        "uuid",
        "cycle",
        "deep",
    ],
)
def test_a_readable_form_that_is_not_plain_data_is_refused(value):
    with pytest.raises(InvalidSettings, match="plain data"):
        SettingValue(value, ANNA, True, 1, 0.0)


@pytest.mark.parametrize("value", [None, True, 2**63 - 1, -0.5, "ä", [[1], []], {"a": {"b": [None]}}])
def test_plain_data_is_a_readable_form(value):
    assert SettingValue(value, ANNA, True, 1, 0.0).readable == value
