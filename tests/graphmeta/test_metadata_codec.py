"""Metadata from a peer: decoded typed and validated, in slices, whatever it sends."""

import datetime
import gc
import json
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmeta import (
    CollectionMetadata,
    GraphMetadata,
    InputStreamMetadata,
    InvalidMetadata,
    UnitMetadata,
    at_once,
    decode_metadata,
    decode_metadata_slices,
    encode_metadata,
    encode_metadata_slices,
)

UNIT = UnitMetadata("SYS/U", "U", "p.Unit", input_streams={"IN": InputStreamMetadata("IN", "SYS/U/IN", "float")})
GRAPH = GraphMetadata("SYS", {"SYS/U": UNIT}, {"SYS": CollectionMetadata("SYS", "SYS", "p.S", children=("SYS/U",))})
PLAIN = msgspec.to_builtins(GRAPH)


def changed(*path: str, value: object) -> dict:
    """What encodes `GRAPH`, with one thing changed, deep inside."""
    plain = json.loads(json.dumps(PLAIN))
    inner = plain
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return plain


ENCODERS = {"msgpack": msgspec.msgpack.encode, "json": msgspec.json.encode}
both = pytest.mark.parametrize("encoding", ENCODERS)


@given(...)
def test_what_was_encoded_comes_back_equal_in_both_encodings(metadata: GraphMetadata):
    assert decode_metadata(encode_metadata(metadata)) == metadata
    assert decode_metadata(msgspec.json.encode(metadata), "json") == metadata


def test_decoding_pauses_after_every_component_and_ends_with_the_whole():
    slices = decode_metadata_slices(encode_metadata(GRAPH))
    assert [next(slices), next(slices)] == ["SYS", "SYS/U"]
    with pytest.raises(StopIteration) as caught:
        next(slices)
    assert caught.value.value == GRAPH


@both
@given(metadata=st.none() | st.from_type(GraphMetadata))
def test_encoding_in_slices_says_what_encoding_in_one_go_says(encoding: Any, metadata: GraphMetadata | None):
    encode, decode = ENCODERS[encoding], getattr(msgspec, encoding).decode
    assert decode(at_once(encode_metadata_slices(metadata, encoding))) == decode(encode(metadata))


@both
def test_encoding_pauses_after_a_few_components(encoding: Any):
    units = {f"U{n}": UnitMetadata(f"U{n}", f"U{n}", "t:U") for n in range(40)}
    assert len(list(encode_metadata_slices(GraphMetadata(units=units), encoding))) == 3


def test_a_component_is_refused_when_its_turn_comes_and_not_before():
    slices = decode_metadata_slices(msgspec.msgpack.encode(changed("units", "SYS/U", "name", value=3)))
    assert next(slices) == "SYS"
    with pytest.raises(InvalidMetadata, match=r"at SYS/U: Expected `str`, got `int` - at `\$\.name`"):
        next(slices)


def test_the_garbage_collector_runs_afterwards_as_it_did_before():
    decode_metadata(encode_metadata(GRAPH))
    assert gc.isenabled()
    with pytest.raises(InvalidMetadata):
        decode_metadata(b"")
    assert gc.isenabled()
    gc.disable()
    try:
        decode_metadata(encode_metadata(GRAPH))
        assert not gc.isenabled()
    finally:
        gc.enable()


WRONG = {
    "no map": ([], "Expected `object`, got `array`"),
    "units in a list": (changed("units", value=[]), "Expected `object`, got `array`"),
    "a root that is a number": (changed("root_name", value=1), "Expected `str`, got `int`"),
    "a unit without its name": (changed("units", "SYS/U", value={"address": "SYS/U"}), "missing required field `name`"),
    "another version": (changed("schema_version", value=2), "schema_version: it is 2"),
    "an address that is no topic": (changed("units", "SYS/U", "address", value="SYS//U"), "empty path segment"),
    "an input that is not its own": (
        changed("units", "SYS/U", "input_streams", "IN", "address", value="SYS/V/IN"),
        "what is listed there is 'SYS/V/IN'",
    ),
    "a queue for nothing": (changed("units", "SYS/U", "input_streams", "IN", "max_queue", value=0), "holds 0 messages"),
    "a queue of half a message": (
        changed("units", "SYS/U", "input_streams", "IN", "max_queue", value=0.5),
        "Expected `int`, got `float`",
    ),
    "a task that is no record": (changed("units", "SYS/U", "tasks", value=["work"]), "Expected `object`, got `str`"),
    "a child that is not there": (changed("collections", "SYS", "children", value=["SYS/V"]), "cannot|not there"),
    "a unit under another address": (
        changed("units", value={"SYS/V": PLAIN["units"]["SYS/U"]}),
        "what is listed there",
    ),
    "nesting without end": (
        changed("units", "SYS/U", "initial_settings", value={"readable": json.loads("[" * 80 + "]" * 80)}),
        "readable: is not plain data",
    ),
}


@both
@pytest.mark.parametrize(("plain", "reason"), WRONG.values(), ids=WRONG)
def test_a_peer_cannot_send(plain, reason, encoding):
    with pytest.raises(InvalidMetadata, match=reason):
        decode_metadata(ENCODERS[encoding](plain), encoding)


def test_a_future_version_is_refused_as_that_whatever_its_components_look_like():
    plain = {"schema_version": 2, "units": {"SYS/U": "something new"}}
    with pytest.raises(InvalidMetadata, match="schema_version"):
        decode_metadata(msgspec.msgpack.encode(plain))


@pytest.mark.parametrize(
    "readable",
    [b"bytes", datetime.datetime.now(datetime.UTC), msgspec.msgpack.Ext(5, b"x"), {1: 2}, {"nan": float("nan")}],
    ids=["bytes", "a time", "an extension", "keys by number", "not finite"],
)
def test_a_readable_form_that_is_no_plain_data_is_refused(readable):
    plain = changed("units", "SYS/U", "initial_settings", value={"readable": None})
    plain["units"]["SYS/U"]["initial_settings"]["readable"] = readable
    with pytest.raises(InvalidMetadata, match=r"SYS/U: .*readable: is not plain data"):
        decode_metadata(msgspec.msgpack.encode(plain))


@pytest.mark.parametrize(
    "data", [b"", b"\xc1", b"\xff" * 9, b"{", b"\xde\xff\xff", b"\xdf\xff\xff\xff\xff", b"\x91" * 9999]
)
@both
def test_bytes_that_mean_nothing_are_refused(data, encoding):
    with pytest.raises(InvalidMetadata):
        decode_metadata(data, encoding)


@given(st.binary(max_size=64) | st.integers(0, 10**6).map(lambda at: mutated(encode_metadata(GRAPH), at)))
def test_no_bytes_raise_anything_else(data: bytes):
    try:
        decoded = decode_metadata(data)
    except InvalidMetadata:
        return
    assert decode_metadata(encode_metadata(decoded)) == decoded


def test_a_refusal_is_short_however_long_what_was_sent():
    plain = {"units": {"x" * 10**5: {"address": "y" * 10**5, "name": "z" * 10**5, "component_type": ""}}}
    with pytest.raises(InvalidMetadata) as caught:
        decode_metadata(msgspec.msgpack.encode(plain))
    assert len(str(caught.value)) < 500


def mutated(data: bytes, at: int) -> bytes:
    """Change one byte of *data*, or cut it off there."""
    place, value = at % len(data), at // len(data) % 256
    return data[:place] if value == 0 else data[:place] + bytes([value]) + data[place + 1 :]


def test_what_is_decoded_from_bytes_was_checked_as_what_is_made_here():
    wrong = attrs.evolve(UNIT)
    object.__setattr__(wrong, "input_streams", {"OTHER": UNIT.input_streams["IN"]})
    with pytest.raises(InvalidMetadata, match="SYS/U/OTHER"):
        decode_metadata(encode_metadata(GraphMetadata("SYS/U", {"SYS/U": wrong})))
