"""Which units are down: declared, run by a session that runs others, and without an endpoint of their own."""

from uuid import UUID

import pytest

from graphmeta import (
    Endpoint,
    GraphMetadata,
    GraphSnapshot,
    InputStreamMetadata,
    OutputStreamMetadata,
    SnapshotSession,
    UnitMetadata,
    down_units,
)

ONE, TWO = UUID(int=1), UUID(int=2)


def unit(address):
    return UnitMetadata(
        address=address,
        name=address,
        component_type="T",
        input_streams={"IN": InputStreamMetadata("IN", f"{address}/IN", "int")},
        output_streams={"OUT": OutputStreamMetadata("OUT", f"{address}/OUT", "int")},
    )


def snapshot(*endpoints):
    """Units A and B are described by one session; the endpoints are another's."""
    metadata = GraphMetadata(root_name="", units={"A": unit("A"), "B": unit("B")}, collections={})
    opened = tuple(Endpoint(number, *each, "int") for number, each in enumerate(endpoints))
    sessions = {
        ONE: SnapshotSession("runner", "local", 0.0, (), {}, (), metadata),
        TWO: SnapshotSession("worker", "local", 0.0, (), {}, opened, None),
    }
    return GraphSnapshot(UUID(int=3), 1, (), sessions, {})


@pytest.mark.parametrize(
    ("endpoints", "down"),
    [
        ((), ()),
        ((("A/IN", "subscriber"),), ("B",)),
        ((("A/IN", "subscriber"), ("B/OUT", "publisher")), ()),
        ((("A/OUT", "publisher"), ("B/OUT", "subscriber"), ("B/IN", "publisher")), ("B",)),
    ],
    ids=["none runs", "one runs", "both run", "somebody else listens to one that does not run"],
)
def test_a_unit_is_down_when_another_of_its_session_runs_and_it_has_no_endpoint(endpoints, down):
    assert down_units(snapshot(*endpoints)) == down
