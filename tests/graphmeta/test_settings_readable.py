"""What a readable form looks like, value by value, and that it is bounded, JSON-safe and stable."""

import collections
import datetime
import decimal
import enum
import fractions
import json
import math
import pathlib
import subprocess
import sys
import types
import uuid
from typing import Any

import attrs
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmeta import convert_settings, readable


class Colour(enum.Enum):
    RED = "r"


class Level(enum.IntEnum):
    LOW = 1


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Word(str):
    def __str__(self) -> str:
        return "a lie"


class Count(int):
    def __index__(self) -> int:
        return 7

    def __repr__(self) -> str:
        return "seven"


@attrs.define
class Box:
    item: Any = None


@attrs.define
class Pair:
    left: Any
    right: Any


def test_single_values_read_as_themselves_or_as_tagged_text() -> None:
    shown = {
        "none": (None, None),
        "bool": (True, True),
        "int": (5, 5),
        "big": (2**64, f"int:{2**64}"),
        "huge": (1 << 100_000, "<int of 100001 bits>"),
        "float": (0.1, 0.1),
        "nan": (math.nan, "float:nan"),
        "inf": (-math.inf, "float:-inf"),
        "complex": (1 + 2j, "complex:(1+2j)"),
        "text": ("é", "é"),
        "lone": ("\ud800", "\\ud800"),
        "bytes": (b"\xff\x00", "bytes:/wA="),
        "bytearray": (bytearray(b"a"), "bytes:YQ=="),
        "memory": (memoryview(b"a"), "bytes:YQ=="),
        "many bytes": (bytes(5000), "<5000 bytes>"),
        "enum": (Colour.RED, "RED"),
        "int enum": (Level.LOW, "LOW"),
        "flags": (Rights.READ | Rights.WRITE, "READ|WRITE"),
        "no flags": (Rights(0), 0),
        "datetime": (datetime.datetime(2024, 2, 3, 4, 5, tzinfo=datetime.UTC), "2024-02-03T04:05:00+00:00"),
        "date": (datetime.date(2024, 2, 3), "2024-02-03"),
        "time": (datetime.time(4, 5), "04:05:00"),
        "span": (datetime.timedelta(minutes=1, milliseconds=500), "PT60.5S"),
        "decimal": (decimal.Decimal("0.10"), "0.10"),
        "fraction": (fractions.Fraction(1, 3), "1/3"),
        "uuid": (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        "path": (pathlib.PurePosixPath("/a/b"), "/a/b"),
        "class": (Box, f"{__name__}.Box"),
        "builtin class": (int, "int"),
        "function": (json.dumps, "json.dumps"),
        "builtin": (math.sin, "math.sin"),
        "range": (range(3), "range(0, 3)"),
        "lying text": (Word("truth"), "truth"),
        "lying int": (Count(3), 3),
    }
    assert {name: readable(value) for name, (value, _) in shown.items()} == {
        name: form for name, (_, form) in shown.items()
    }


def test_numpy_scalars_and_arrays_read_as_numbers() -> None:
    shown = [
        (np.float32(0.5), 0.5),
        (np.float64(np.nan), "float:nan"),
        (np.longdouble(2), 2.0),
        (np.int8(-1), -1),
        (np.bool_(True), True),
        (np.complex64(1j), "complex:1j"),
        (np.str_("x"), "x"),
        (np.bytes_(b"a"), "bytes:YQ=="),
        (np.datetime64("2024-02-03"), "2024-02-03"),
        (np.array([[1.0, np.inf], [3.0, 4.0]]), [[1.0, "float:inf"], [3.0, 4.0]]),
        (np.array(7), 7),
        (np.array([1, "x", None, {"a": 1}], dtype=object), [1, "x", None, {"a": 1}]),
        (np.array(["2024-02-03"], dtype="datetime64[D]"), ["2024-02-03"]),
        (np.zeros((64, 64), dtype=np.int16), "<array of int16, 64 x 64>"),
        (np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]), [[1, 2.0]]),
        ({np.int64(3): 1}, {"3": 1}),
    ]
    assert [readable(value) for value, _ in shown] == [form for _, form in shown]


def test_containers_read_as_lists_and_dicts() -> None:
    assert readable((1, [2, {3}], frozenset({"b", "a"}), collections.deque([4]))) == [1, [2, [3]], ["a", "b"], [4]]
    assert readable(types.MappingProxyType({"a": (1,)})) == {"a": [1]}
    assert readable(collections.ChainMap({"a": 1}, {"b": 2})) == {"a": 1, "b": 2}


def test_keys_become_texts_and_none_is_lost() -> None:
    keys = {"a": 0, 1: 1, "1": 2, None: 3, (1, "x"): 4, Colour.RED: 5, math.nan: 7, b"k": 8}
    assert readable(keys) == {
        "a": 0,
        "1": 1,
        "1 (2)": 2,
        "None": 3,
        "(1, 'x')": 4,
        "RED": 5,
        "float:nan": 7,
        "bytes:aw==": 8,
    }


def test_a_set_reads_the_same_in_every_process() -> None:
    code = "from graphmeta import readable; print(readable({'b', 'a', 'c', 'd', 3, None, (2, 'x')}))"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(seen) == 1


def test_a_cycle_ends_where_it_closes() -> None:
    box = Box([])
    box.item.append({"again": box})
    assert readable(box) == {"item": [{"again": "<cycle>"}]}


def test_what_is_shared_is_shown_each_time() -> None:
    shared = [1]
    assert readable([shared, shared]) == [[1], [1]]


def test_depth_is_bounded() -> None:
    nested: Any = 0
    for _ in range(100_000):
        nested = [nested]
    shown, depth = readable(nested), 0
    while isinstance(shown, list):
        shown, depth = shown[0], depth + 1
    assert (shown, depth) == ("<too deep>", 16)


def test_the_items_of_one_container_are_bounded() -> None:
    assert readable(list(range(5000)))[-2:] == [1023, "… 3976 more"]
    assert readable(dict.fromkeys(range(2000)))["…"] == "976 more"
    assert len(readable(set(range(3000)))) == 1025


def test_a_tree_that_shares_its_branches_is_bounded_in_all() -> None:
    laughs: Any = Box("ha")
    for _ in range(15):
        laughs = Box([laughs] * 10)
    assert len(json.dumps(readable(laughs))) < 300_000
    pairs: Any = "ha"
    for _ in range(15):
        pairs = Pair(pairs, pairs)
    assert len(json.dumps(readable(pairs))) < 400_000


def test_text_is_bounded_in_each_and_in_all() -> None:
    assert readable("x" * 5000) == "x" * 4096 + "… (5000 characters)"
    shown = readable({"k" * 4000 + str(number): "v" * 4000 for number in range(1000)})
    assert len(json.dumps(shown)) < 1_000_000


def test_two_objects_alike_read_alike() -> None:
    class Plain:
        pass

    assert readable([Plain(), lambda: None]) == readable([Plain(), lambda: None])


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | st.binary(max_size=20)
    | st.complex_numbers()
    | st.decimals()
    | st.fractions()
    | st.datetimes()
    | st.timedeltas()
    | st.uuids()
    | st.sampled_from([Colour.RED, Rights(3), Word("w"), Count(2), object(), Box, ...]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=4) | st.integers() | st.floats() | st.binary(max_size=3), inner, max_size=4)
        | st.builds(Box, inner)
        | st.frozensets(st.integers() | st.text(max_size=3), max_size=4)
    ),
    max_leaves=20,
)


@given(json_values)
def test_every_readable_form_is_json_and_msgpack(value: Any) -> None:
    shown = readable(value)
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    assert msgspec.json.decode(msgspec.json.encode(shown)) == shown
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(shown)) == shown


@given(json_values)
def test_a_readable_form_reads_as_itself(value: Any) -> None:
    shown = readable(value)
    assert readable(shown) == shown


Convertible = (
    int
    | float
    | complex
    | bool
    | str
    | bytes
    | datetime.datetime
    | datetime.date
    | datetime.time
    | datetime.timedelta
    | uuid.UUID
    | decimal.Decimal
    | fractions.Fraction
    | pathlib.PurePosixPath
    | Colour
    | Level
    | Rights
)


@pytest.mark.parametrize("cls", Convertible.__args__, ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_the_readable_form_of_a_single_value_converts_back_to_it(cls: type, data: st.DataObject) -> None:
    texts = st.text(st.characters(codec="utf-8"), max_size=20)
    if cls is pathlib.PurePosixPath:
        value: Any = pathlib.PurePosixPath(data.draw(texts))
    elif cls is datetime.datetime:
        value = data.draw(st.datetimes(timezones=st.none() | st.just(datetime.UTC)))
    elif cls is Rights:
        value = Rights(data.draw(st.integers(0, 3)))
    else:
        value = data.draw(texts if cls is str else st.from_type(cls))
    settings_type = attrs.make_class("Holder", {"item": attrs.field(type=cls)})
    made = convert_settings(settings_type, json.loads(json.dumps(readable(settings_type(value)))))
    assert repr(made.item) == repr(value) or made.item == value  # the repr, for a NaN is not itself
    assert type(made.item) is type(value)
