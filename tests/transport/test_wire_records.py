"""JSON-RPC records and plain data: what a frame may say, and how deep. No tasks here."""

import contextlib
import sys
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transport import (
    InvalidRequest,
    LimitExceeded,
    ParseError,
    ProtocolError,
)
from transport._documents._codec import JSON, MSGPACK, Codec
from transport._documents._footprint import decoded_fits, map_fits
from transport._documents._nesting import PlainBounds, check_plain
from transport._documents._rpc import Failure, Notification, Reply, Request, read_frame
from transport._documents._shapes import is_loose, is_open_ended
from transport._errors import Undecodable

BOUNDS = PlainBounds(64, 1024 * 1024)
CODECS = pytest.mark.parametrize("codec", [JSON, MSGPACK], ids=["json", "msgpack"])


def read(codec: Codec, document: Any) -> Any:
    return read_frame(codec.frame(codec.encode(document)), BOUNDS)


@CODECS
def test_the_four_kinds_of_documents_are_told_apart(codec: Codec) -> None:
    head = {"jsonrpc": "2.0"}
    assert isinstance(read(codec, head | {"id": 1, "method": "m"}), Request)
    assert isinstance(read(codec, head | {"method": "m", "params": {}}), Notification)
    assert isinstance(read(codec, head | {"id": "x", "result": None}), Reply)
    failure = read(codec, head | {"id": None, "error": {"code": -32700, "message": "what?"}})
    assert isinstance(failure, Failure)
    assert (failure.id, failure.code, failure.message, failure.type) == (None, -32700, "what?", "")


@CODECS
def test_a_result_of_null_is_a_result(codec: Codec) -> None:
    reply = read(codec, {"jsonrpc": "2.0", "id": 1, "result": None})
    assert reply.result.present
    assert reply.result.decode(type(None)) is None


@CODECS
def test_members_that_nobody_knows_are_ignored(codec: Codec) -> None:
    record = read(codec, {"jsonrpc": "2.0", "id": 1, "method": "m", "trace": [1]})
    assert (record.id, record.method) == (1, "m")


@pytest.mark.parametrize("id_", [0, -1, 2**53, -(2**53) + 1, "a", "x" * 128])
def test_ids_that_every_language_keeps_are_taken(id_: Any) -> None:
    if id_ == 2**53:
        with pytest.raises(InvalidRequest):
            read(JSON, {"jsonrpc": "2.0", "id": id_, "method": "m"})
    else:
        assert read(JSON, {"jsonrpc": "2.0", "id": id_, "method": "m"}).id == id_


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.binary(), st.binary().map(lambda data: b"\x84\xa7jsonrpc\xa32.0" + data)))
def test_no_frame_raises_anything_but_its_answer(frame: str | bytes) -> None:
    with contextlib.suppress(ParseError, InvalidRequest):
        read_frame(frame, BOUNDS)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None)
@given(JSON_VALUES)
@CODECS
def test_plain_values_come_back_as_they_were(codec: Codec, value: Any) -> None:
    record = read(codec, {"jsonrpc": "2.0", "id": 1, "result": value})
    assert record.result.decode(Any) == value


def tower(depth: int, leaf: list[Any]) -> Any:
    value: Any = leaf
    for _ in range(depth - 1):
        value = [value]
    return value


@attrs.frozen
class Node:
    children: "tuple[Node, ...]" = ()


@attrs.frozen
class Typed:
    name: str
    sizes: dict[str, tuple[int, ...]] = attrs.field(factory=dict)


@attrs.frozen
class Leaf:
    name: str


@attrs.frozen
class Holding:
    value: Any


def test_types_without_a_depth_of_their_own_are_found() -> None:
    loose = [Any, object, list, dict, list[Any], dict[str, list[Any]], Holding, Node, tuple[Holding, ...], int | Any]
    tight = [int, str, Typed, list[Typed], dict[str, tuple[int, ...]], int | None, type(None)]
    assert [shape for shape in loose if not is_loose(shape)] == []
    assert [shape for shape in tight if is_loose(shape)] == []


@pytest.mark.parametrize("leaf", [[], [1], [{"a": 1}]])
def test_the_depth_of_plain_data_is_counted_in_containers(leaf: list[Any]) -> None:
    inner = len(leaf) and isinstance(leaf[0], dict)
    check_plain(Holding(tower(10 - inner, leaf)), 10)
    with pytest.raises(Undecodable, match="nested more than 10 deep"):
        check_plain(Holding(tower(11 - inner, leaf)), 10)


def test_no_depth_exhausts_the_stack() -> None:
    with pytest.raises(Undecodable):
        check_plain(tower(100_000, []), 64)


def test_types_that_may_have_many_parts_are_found() -> None:
    many = [list[int], tuple[int, ...], dict[str, int], Any, Node, list[str] | None, Typed]
    few = [int, str, bytes, tuple[int, str], msgspec.Raw, type(None), Leaf]
    assert [shape for shape in many if not is_open_ended(shape)] == []
    assert [shape for shape in few if is_open_ended(shape)] == []


@pytest.mark.parametrize(
    "value", [[[]] * 70_000, [{}] * 70_000, [[1, 2.5, "x", None]] * 50_000, {"a": [{"b": [0]}] * 50_000}]
)
@CODECS
def test_the_footprint_is_estimated_from_above(codec: Codec, value: Any) -> None:
    decoded = codec.decode(codec.encode(value), Any)
    containers = decoded if isinstance(decoded, list) else decoded["a"]
    real = sum(map(sys.getsizeof, containers))
    assert not decoded_fits(codec.encode(value), real, text=codec.text)
    assert decoded_fits(codec.encode(value), real * 10, text=codec.text)


def test_a_small_document_that_would_fill_memory_is_refused_before_it_is_decoded() -> None:
    bomb = MSGPACK.encode({"jsonrpc": "2.0", "method": "m", "params": [[]] * 100_000})
    record = read_frame(bomb, PlainBounds(64, 1_000_000))
    with pytest.raises(LimitExceeded) as caught:
        record.params.decode(list[Any])
    assert caught.value.args == ("decoded_bytes", 1_000_000)
    assert len(read_frame(bomb, PlainBounds(64, 10**8)).params.decode(list[Any])) == 100_000


@pytest.mark.parametrize("entries", [0, 3, 15, 16, 70_000])
@CODECS
def test_the_entries_of_a_map_that_stays_encoded_are_counted_before(codec: Codec, entries: int) -> None:
    encoded = codec.encode({str(number): None for number in range(entries)})
    assert map_fits(encoded, len(encoded) + 256 * entries, text=codec.text)
    assert not entries or not map_fits(encoded, 256 * entries, text=codec.text)


def test_a_map_of_too_many_parts_is_refused_before_it_is_taken_apart() -> None:
    params = {str(number): 0 for number in range(1000)}
    record = read_frame(MSGPACK.encode({"jsonrpc": "2.0", "method": "m", "params": params}), PlainBounds(64, 10_000))
    with pytest.raises(LimitExceeded):
        record.params.fields()
    assert len(read(MSGPACK, {"jsonrpc": "2.0", "method": "m", "params": params}).params.fields()) == 1000
    with pytest.raises(ProtocolError, match="Expected `object`, got `int`"):
        read(MSGPACK, {"jsonrpc": "2.0", "method": "m", "params": 7}).params.fields()


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 2**64 - 1, 10**18])
def test_integers_of_64_bits_cross_and_can_be_passed_on(number: int) -> None:
    record = read(JSON, {"jsonrpc": "2.0", "method": "m", "params": {"a": [number], "text": "9" * 40}})
    assert MSGPACK.encode(record.params.decode(dict[str, Any]))


@pytest.mark.parametrize("shape", [Any, dict[str, list[int]]])
@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**100])
def test_larger_integers_are_refused_wherever_they_are(shape: Any, number: int) -> None:
    record = read(JSON, {"jsonrpc": "2.0", "method": "m", "params": {"a": [1, number]}})
    with pytest.raises(ProtocolError, match="an integer beyond 64 bits"):
        record.params.decode(shape)
