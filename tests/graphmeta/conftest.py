"""What hypothesis takes for a snapshot: few topics, so that holders share edges; names of any kind."""

import os
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st

from graphmeta import (
    CollectionMetadata,
    Edge,
    Endpoint,
    GraphMetadata,
    GraphSnapshot,
    InitialSettings,
    InputStreamMetadata,
    OutputStreamMetadata,
    SettingValue,
    SnapshotSession,
    TaskMetadata,
    UnitMetadata,
)

settings.register_profile("graphmeta", deadline=None, max_examples=50)
settings.register_profile("graphmeta-full", deadline=None, max_examples=1000)
settings.load_profile("graphmeta-full" if os.environ.get("TRELLIS_CAMPAIGN") == "full" else "graphmeta")

FEW_TOPICS = ("A/OUT", "B/IN", "B/OUT", "C/IN", "C")
FEW_IDS = tuple(UUID(int=number + 2**127) for number in range(4))

names = st.text(max_size=8)
segments = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=6)
topics = st.sampled_from(FEW_TOPICS) | st.lists(
    segments.filter(lambda segment: not segment.isspace()), min_size=1, max_size=4
).map("/".join)
edges = st.builds(Edge, topics, topics)
held = st.sets(edges, max_size=6).map(lambda held: tuple(sorted(held)))
times = st.floats(0, 2e9)
leaves = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | names
)
readables = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3))
initial_settings = st.none() | st.builds(
    InitialSettings, readables, st.none() | st.binary(max_size=9), st.none() | names
)


@st.composite
def units(draw: st.DrawFn, address: str) -> UnitMetadata:
    inputs = {name: InputStreamMetadata(name, f"{address}/{name}", draw(names)) for name in ("IN", "INPUT_SETTINGS")}
    outputs = {"OUT": OutputStreamMetadata("OUT", f"{address}/OUT", draw(names))}
    task = TaskMetadata("work", (f"{address}/IN",), (f"{address}/OUT",))
    settings = draw(initial_settings)
    return UnitMetadata(
        address,
        address.rpartition("/")[2],
        "package:Class",
        None,
        settings,
        input_streams=inputs,
        output_streams=outputs,
        tasks=(task,),
    )


@st.composite
def graph_metadata(draw: st.DrawFn) -> GraphMetadata:
    addresses = tuple(sorted(draw(st.sets(st.sampled_from(("SYS/A", "SYS/B", "SYS/C"))))))
    root = CollectionMetadata("SYS", "SYS", "package:System", children=addresses)
    return GraphMetadata("SYS", {address: draw(units(address)) for address in addresses}, {"SYS": root})


endpoints = st.builds(
    Endpoint,
    st.integers(0, 9),
    topics,
    st.sampled_from(("publisher", "subscriber")),
    names,
    st.booleans(),
    st.integers(1, 99),
)
sessions = st.builds(
    SnapshotSession,
    names,
    names,
    times,
    held,
    st.dictionaries(st.sampled_from(("calibration", "calibration/inner", "other")), held),
    st.lists(endpoints, unique_by=lambda endpoint: endpoint.id).map(
        lambda each: tuple(sorted(each, key=lambda endpoint: endpoint.id))
    ),
    st.none() | graph_metadata(),
)
setting_values = st.builds(SettingValue, readables, st.sampled_from(FEW_IDS), st.booleans(), st.integers(0, 9), times)
snapshots = st.builds(
    GraphSnapshot,
    st.sampled_from(FEW_IDS[:2]),
    st.integers(0, 9),
    held,
    st.dictionaries(st.sampled_from(FEW_IDS), sessions, max_size=3),
    st.dictionaries(st.sampled_from(("SYS/A", "SYS/B")), setting_values),
)

st.register_type_strategy(GraphSnapshot, snapshots)
st.register_type_strategy(SnapshotSession, sessions)
st.register_type_strategy(GraphMetadata, graph_metadata())
st.register_type_strategy(Edge, edges)
