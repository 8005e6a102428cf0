"""The JSON twins of snapshots and changes: they say everything, read back, and keep to the published schemas."""

import json
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmeta import (
    CHANGE_SCHEMA,
    SNAPSHOT_SCHEMA,
    Change,
    Edge,
    GraphMetadata,
    GraphSnapshot,
    InitialSettings,
    InvalidChange,
    InvalidSnapshot,
    Resync,
    SnapshotSession,
    UnitMetadata,
    capture,
    change_from_json,
    change_to_json,
    compare,
    diff,
    schema_text,
    snapshot_from_json,
    snapshot_to_json,
    snapshot_to_plain,
    snapshot_twin,
    step_twin,
)

EPOCH, ANNA = UUID(int=1), UUID(int=2)
DOCS = Path(__file__).parent.parent.parent / "docs"


def violations(schema, value, defs, where="$"):
    """Tell how *value* breaks *schema*: the part of JSON Schema that ours use."""
    if "$ref" in schema:
        return violations(defs[schema["$ref"].removeprefix("#/$defs/")], value, defs, where)
    if "anyOf" in schema:
        found = [violations(option, value, defs, where) for option in schema["anyOf"]]
        return [] if [] in found else [f"{where}: none of {len(found)} options"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where}: not one of {schema['enum']}"]
    kinds = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "null": type(None),
    }
    if "type" in schema and not isinstance(value, kinds[schema["type"]]):
        return [f"{where}: not {schema['type']}"]
    found = []
    if isinstance(value, dict):
        found += [f"{where}.{name}: missing" for name in schema.get("required", ()) if name not in value]
        for name, inner in value.items():
            known = schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))
            found += violations(known, inner, defs, f"{where}.{name}")
    if isinstance(value, list):
        for number, inner in enumerate(value):
            found += violations(schema.get("items", {}), inner, defs, f"{where}[{number}]")
    return found


@given(st.from_type(GraphSnapshot))
def test_a_snapshot_survives_as_json(snapshot):
    assert snapshot_from_json(snapshot_to_json(snapshot)) == snapshot


@given(st.from_type(GraphSnapshot))
def test_a_snapshot_keeps_to_its_schema_and_is_strict_json(snapshot):
    text = snapshot_to_json(snapshot)
    assert text.isascii()
    assert text.isprintable()
    plain = json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))
    assert plain == snapshot_to_plain(snapshot)
    assert violations(SNAPSHOT_SCHEMA, plain, SNAPSHOT_SCHEMA["$defs"]) == []


@given(st.from_type(GraphSnapshot))
def test_the_shapes_can_be_encoded_for_a_wire_as_they_are(snapshot):
    assert msgspec.json.decode(msgspec.json.encode(snapshot_twin(snapshot))) == snapshot_to_plain(snapshot)
    (step,) = diff(snapshot, GraphSnapshot(ANNA, 1))
    assert msgspec.json.decode(msgspec.json.encode(step_twin(step))) == change_to_json(step)
    packed = msgspec.msgpack.encode(snapshot_twin(snapshot))
    assert msgspec.msgpack.decode(packed, type=type(snapshot_twin(snapshot))) == snapshot_twin(snapshot)


def test_json_reads_as_documented():
    unit = UnitMetadata("U", "U", "p:Unit", "p:S", InitialSettings({"gain": "float:nan"}, b"\x00\xff"))
    anna = SnapshotSession("anna", "local", 1.5, (Edge("A", "B"),), {"s": ()}, metadata=GraphMetadata("U", {"U": unit}))
    plain = snapshot_to_plain(GraphSnapshot(EPOCH, 3, (Edge("A", "B"), Edge("A", "C")), {ANNA: anna}))
    assert plain["edges"] == [
        {"from": "A", "to": "B", "owners": [None, str(ANNA)]},
        {"from": "A", "to": "C", "owners": [None]},
    ]
    session = plain["sessions"][str(ANNA)]
    assert session["edges"] == [{"from": "A", "to": "B"}]
    assert session["scopes"] == {"s": []}
    assert session["metadata"]["units"]["U"]["initial_settings"]["readable"] == {"gain": "float:nan"}
    assert session["metadata"]["units"]["U"]["initial_settings"]["pickled"] == "AP8="
    assert (plain["version"], plain["epoch"], plain["revision"]) == (1, str(EPOCH), 3)


def test_settings_with_floats_that_json_lacks_survive():
    settings = capture({"low": float("-inf"), "high": float("nan")})
    unit = UnitMetadata("U", "U", "p:Unit", "dict", settings)
    anna = SnapshotSession("anna", "local", 1.5, metadata=GraphMetadata("U", {"U": unit}))
    snapshot = GraphSnapshot(EPOCH, 1, (), {ANNA: anna})
    assert settings.readable == {"low": "float:-inf", "high": "float:nan"}
    assert snapshot_from_json(snapshot_to_json(snapshot)) == snapshot


def altered(**fields):
    plain = snapshot_to_plain(
        GraphSnapshot(EPOCH, 3, (Edge("A", "B"),), {ANNA: SnapshotSession("anna", "local", 0.0, (Edge("A", "C"),))})
    )
    return json.dumps({**plain, **fields})


def edge(start, end, *owners):
    return {"from": start, "to": end, "owners": list(owners)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"version": 1}',
        "[" * 100_000,
        altered(version=2),
        altered(epoch="today"),
        altered(revision=-1),
        altered(revision=True),
        altered(edges=[]),
        altered(edges=[edge("A", "B", None), edge("A", "C", None)]),
        altered(edges=[edge("A", "C", str(ANNA)), edge("A", "B", None)]),
        altered(edges=[edge("A", "B", None), edge("A", "B", None), edge("A", "C", str(ANNA))]),
        altered(edges=[edge("A", "B", None), edge("A", "C", str(ANNA)), edge("A", "", None)]),
        altered(sessions={}),
        altered(sessions={"anna": {}}),
    ],
)
def test_text_that_is_no_snapshot_is_refused(text):
    with pytest.raises(InvalidSnapshot):
        snapshot_from_json(text)


def test_text_that_is_too_long_is_refused():
    text = altered()
    assert snapshot_from_json(text, max_bytes=len(text)).revision == 3
    with pytest.raises(InvalidSnapshot, match="exceed the limit"):
        snapshot_from_json(text, max_bytes=len(text) - 1)


@given(st.from_type(GraphSnapshot), st.from_type(GraphSnapshot))
def test_changes_survive_as_json_and_keep_to_their_schema(before, after):
    for step in (compare(before, after), *diff(before, after)):
        text = json.dumps(change_to_json(step), allow_nan=False)
        assert change_from_json(json.loads(text)) == step
        assert violations(CHANGE_SCHEMA, json.loads(text), CHANGE_SCHEMA["$defs"]) == []


def test_the_type_tells_a_change_from_a_resync():
    assert change_to_json(Change(EPOCH, 1, 0.0))["type"] == "change"
    assert change_to_json(Resync(GraphSnapshot(EPOCH, 1), "slow"))["type"] == "resync"


@pytest.mark.parametrize(
    "plain", [None, [], {}, {"type": "change"}, {"type": "resync", "reason": "slow"}, {"type": "other"}]
)
def test_data_that_is_no_change_is_refused(plain):
    with pytest.raises(InvalidChange):
        change_from_json(plain)


@pytest.mark.parametrize(
    ("name", "schema"), [("snapshot.schema.json", SNAPSHOT_SCHEMA), ("change.schema.json", CHANGE_SCHEMA)]
)
def test_the_published_schema_is_the_one_that_the_code_makes(name, schema):
    assert (DOCS / name).read_text() == schema_text(schema), (
        """run: python -c 'from graphmeta._bytes._schema import publish; publish("docs")'"""
    )


def test_the_check_of_the_schema_can_fail():
    plain = snapshot_to_plain(GraphSnapshot(EPOCH, 1, (Edge("A", "B"),)))
    plain["edges"][0]["owners"] = [3]
    del plain["revision"]
    assert violations(SNAPSHOT_SCHEMA, plain, SNAPSHOT_SCHEMA["$defs"]) == [
        "$.revision: missing",
        "$.edges[0].owners[0]: none of 2 options",
    ]
