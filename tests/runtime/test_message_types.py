"""What a message may be: each type arrives as it left, in msgpack and in JSON, or is refused before it is lost."""

import collections
import contextlib
import datetime
import decimal
import enum
import math
import typing
import uuid
from dataclasses import dataclass, field

import attrs
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from actors import MessageTypeNotPortable
from actors._data._errors import Unfit
from actors._data._forms import Form, Packing, packing_of, transcode
from actors._data._weight import check_weight

BOTH = pytest.mark.parametrize("form", [Form.MSGPACK, Form.JSON])
UTC = datetime.UTC


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1


@attrs.frozen
class Sample:
    at: float
    names: list[str]
    colour: Colour = Colour.RED


@attrs.frozen
class Louder(Sample):
    gain: float = 1.0


@dataclass
class Frame:
    data: NDArray[np.float64]
    dims: tuple[str, ...]
    labels: dict[int, str] = field(default_factory=dict)


class Packet(msgspec.Struct, rename="camel"):
    first_part: bytes
    second_part: Sample | None = None


class Point(typing.NamedTuple):
    x: int
    y: float


class Options(typing.TypedDict, total=False):
    deep: bool


@attrs.frozen
class Tree:
    name: str
    inside: list["Tree"] = attrs.field(factory=list)


@attrs.frozen
class Box:
    anything: object


VALUES = [
    (object, None),
    (object, {"a": [1, 2.5, "x", b"\x00\xff", True, None, {"b": [math.inf, -math.inf]}]}),
    (object, {"$bytes": "not bytes"}),
    (object, {"$plain": {"$float": "nan"}}),
    (object, [2**64 - 1, -(2**63)]),
    (typing.Any, {"": ""}),
    (bool, True),
    (int, -5),
    (float, 2.5),
    (float, 3),
    (str, "é\n"),
    (bytes, b"\x00\x01"),
    (bytearray, bytearray(b"\x02")),
    (list[int], [1, 2]),
    (list, [1, "x"]),
    (tuple[int, str], (1, "a")),
    (tuple[float, ...], (1.0, 2.0)),
    (set[int], {1, 2}),
    (frozenset[str], frozenset("ab")),
    (dict[str, float], {"a": math.inf}),
    (dict[int, list[bytes]], {1: [b"x"], 2: []}),
    (int | None, None),
    (int | str, "x"),
    (typing.Literal["a", 1], "a"),
    (Colour, Colour.BLUE),
    (Level, Level.LOW),
    (datetime.datetime, datetime.datetime(2024, 5, 6, 7, 8, 9, 10, UTC)),
    (datetime.datetime, datetime.datetime(2024, 5, 6, 7, 8, 9, 10)),
    (datetime.date, datetime.date(2024, 5, 6)),
    (datetime.time, datetime.time(1, 2, 3)),
    (datetime.timedelta, datetime.timedelta(days=-1, microseconds=3)),
    (decimal.Decimal, decimal.Decimal("1.10")),
    (uuid.UUID, uuid.UUID(int=5)),
    (Sample, Sample(1.0, ["a"], Colour.BLUE)),
    (Louder, Louder(1.0, [])),
    (list[Sample], [Sample(1.0, []), Sample(2.0, ["b"])]),
    (Sample | None, None),
    (Packet, Packet(b"\x00", Sample(0.5, []))),
    (Point, Point(1, 2.0)),
    (Options, {"deep": True}),
    (Options, {}),
    (Tree, Tree("a", [Tree("b", [Tree("c")])])),
    (Box, Box({"a": [1]})),
]


@BOTH
@pytest.mark.parametrize(("message_type", "value"), VALUES)
def test_it_arrives_as_it_left(message_type, value, form):
    packing = Packing(message_type)
    arrived = packing.unpack(packing.pack(value, form), form)
    assert arrived == value
    assert type(arrived) is type(value) or (message_type, type(value)) == (float, int)


@BOTH
def test_a_number_that_is_none_arrives_as_that(form):
    for packing in (Packing(float), Packing(object)):
        assert math.isnan(packing.unpack(packing.pack(math.nan, form), form))


ARRAYS = [
    np.arange(6, dtype=np.float64).reshape(2, 3),
    np.arange(6, dtype="<i2")[::2],
    np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    np.array(3.5),
    np.zeros((0, 4)),
    np.array([1 + 2j]),
    np.array([True, False]),
    np.array(["a", "bcd"]),
    np.array([b"a", b"bcd"]),
    np.array(["2024-05-06", "NaT"], dtype="datetime64[ns]"),
    np.arange(3, dtype=">u4"),
]


def same(arrived, sent):
    assert type(arrived) is type(sent)
    assert (arrived.dtype, arrived.shape, arrived.tobytes()) == (sent.dtype, sent.shape, sent.tobytes())


@BOTH
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype.str} {array.shape}")
def test_an_array_arrives_with_its_type_and_its_shape_and_can_be_written_to(array, form):
    for packing in (Packing(np.ndarray), Packing(NDArray[np.float64]), Packing(object)):
        arrived = packing.unpack(packing.pack(array, form), form)
        same(arrived, array)
        assert arrived.flags.writeable
        assert arrived.flags.aligned


@BOTH
def test_arrays_and_scalars_arrive_inside_records(form):
    packing = Packing(Frame)
    arrived = packing.unpack(packing.pack(Frame(ARRAYS[0], ("t", "ch"), {3: "c"}), form), form)
    same(arrived.data, ARRAYS[0])
    assert (arrived.dims, arrived.labels) == (("t", "ch"), {3: "c"})
    for value in (np.float32(1.5), np.int64(-3), np.bool_(True), np.datetime64("2024-05-06", "D")):
        same(Packing(type(value)).unpack(Packing(type(value)).pack(value, form), form), value)
        box = Packing(Box)
        same(box.unpack(box.pack(Box(value), form), form).anything, value)


def test_the_cells_of_an_array_do_not_become_objects_on_the_way():
    array = np.arange(100_000, dtype=np.float64)
    packed = Packing(np.ndarray).pack(array, Form.MSGPACK)
    assert array.tobytes() in packed
    assert len(packed) < array.nbytes + 64


class Opaque:
    pass


@attrs.frozen
class Private:
    _hidden: int


@attrs.frozen
class Derived:
    given: int
    made: int = attrs.field(init=False, default=0)


class Flags(enum.Flag):
    A = 1
    B = 2


class Odd(enum.Enum):
    PAIR = (1, 2)


@pytest.mark.parametrize(
    ("message_type", "words"),
    [
        (Opaque, "Opaque"),
        (list[Opaque], "Opaque"),
        (typing.Callable[[int], int], "Callable"),
        (Sample | Louder, "more than one"),
        (complex, "complex"),
        (Private, "Private._hidden"),
        (Derived, "Derived.made"),
        (Flags, "flag"),
        (Odd, "all str or all int"),
        (type, "type"),
        (np.ndarray | int, "custom type"),
        (np.number, "numpy.number"),
        (np.void, "numpy.void"),
        (np.ma.MaskedArray, "MaskedArray"),
        (collections.OrderedDict[str, Opaque], "Opaque"),
        (list["Nowhere"], "Nowhere"),  # noqa: F821 - that is the point
        (typing.Annotated[list[int], []], "unhashable"),
    ],
)
def test_a_type_that_would_lose_something_is_refused(message_type, words):
    with pytest.raises(MessageTypeNotPortable, match=words) as refused:
        packing_of("SYS/OUT", message_type)
    assert refused.value.topic == "SYS/OUT"
    assert "SYS/OUT: messages of type" in str(refused.value)


class Text(str):
    __slots__ = ()


@BOTH
@pytest.mark.parametrize(
    ("message_type", "value", "words"),
    [
        (Sample, Louder(1.0, []), "Louder where Sample is due"),
        (list[Sample], [Louder(1.0, [])], "Louder"),
        (Sample | None, Louder(1.0, []), "where"),
        (Sample, Sample("soon", []), "builtins.str where float is due"),
        (Sample, Sample(1.0, ("a",)), "builtins.tuple where list is due"),
        (int, True, "bool"),
        (int, 2**64, "64 bits"),
        (float, 2**53 + 1, "int where float"),
        (float, np.float64(1.0), "float64 where float"),
        (str, Text("x"), "Text"),
        (list[int], (1,), "tuple"),
        (object, (1,), "name a type"),
        (object, {1: 2}, "keys are not texts"),
        (object, {"a": Opaque()}, "Opaque is no plain data"),
        (object, Sample(1.0, []), "Sample is no plain data"),
        (object, datetime.date(2024, 5, 6), "name a type"),
        (object, 2**64, "64 bits"),
        (Box, Box((1,)), "tuple"),
        (dict[str, int], {"a": "b"}, "str where int"),
        (dict[str, int], {1: 1}, "int where str"),
        (tuple[int, str], (1,), "a tuple of 2"),
        (set[int], frozenset((1,)), "frozenset"),
        (Colour, "red", "str where Colour"),
        (typing.Literal["a"], "b", "literals"),
        (Options, {"shallow": 1}, "Options"),
        (Point, (1, 2.0), "tuple where Point"),
        (np.ndarray, np.ma.masked_array([1]), "MaskedArray"),
        (np.ndarray, np.array([Opaque()]), "object"),
        (np.ndarray, np.zeros(2, dtype=[("a", "<i4")]), "cannot cross"),
        (np.float32, np.float64(1.0), "float64"),
        (str, "\ud800", "surrogates"),
    ],
)
def test_a_value_that_is_not_exactly_of_its_type_is_refused_at_once(message_type, value, words, form):
    with pytest.raises(Unfit, match=words):
        Packing(message_type).pack(value, form)


def nest(depth):
    value = []
    for _ in range(depth - 1):
        value = [value]
    return value


@BOTH
def test_plain_data_may_be_64_deep_at_both_ends(form):
    packing = Packing(object)
    assert packing.unpack(packing.pack(nest(64), form), form) == nest(64)
    with pytest.raises(Unfit, match="64 deep"):
        packing.pack(nest(65), form)
    with pytest.raises(Unfit, match="64 deep"):
        raw = msgspec.json.encode(nest(66)) if form is Form.JSON else msgspec.msgpack.encode(nest(66))
        packing.unpack(raw, form)


ext = msgspec.msgpack.Ext


def array_of(*parts):
    return msgspec.msgpack.encode(ext(1, msgspec.msgpack.encode(parts)))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xc1",
        b"\x91",
        msgspec.msgpack.encode(ext(3, b"")),
        msgspec.msgpack.encode(ext(1, b"")),
        msgspec.msgpack.encode(ext(1, b"\x93\xa3<f8")),
        array_of("<f8", (2,), bytes(15)),
        array_of("<f8", (-1, -2), bytes(16)),
        array_of("<f8", (2**62, 2**62), b""),
        array_of("<f8", (0, 2**63), b""),
        array_of("|O", (1,), bytes(8)),
        array_of("|O8", (1,), bytes(8)),
        array_of("(1000,1000)f8", (1,), bytes(8)),
        array_of("i4,i4", (1,), bytes(8)),
        array_of("|S0", (3,), b""),
        array_of("<U999999999", (1,), b""),
        array_of("<f7", (1,), bytes(7)),
        array_of("<M8[parsecs]", (1,), bytes(8)),
        array_of("<f8", (1,) * 40, bytes(8)),
        msgspec.msgpack.encode(ext(2, msgspec.msgpack.encode(("<f8", (1,), bytes(8))))),
        b"\x91" * 5_000 + b"\x90",
    ],
)
def test_bytes_that_are_no_message_are_refused_and_nothing_else_happens(raw):
    for message_type in (object, np.ndarray, Frame):
        with pytest.raises(Unfit):
            Packing(message_type).unpack(raw, Form.MSGPACK)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NaN",
        "[1,]",
        "18446744073709551616",
        "[" * 100 + "]" * 100,
        "[" * 50_000 + "]" * 50_000,
        '{"$float": 3}',
        '{"$float": []}',
        '{"$bytes": "?"}',
        '{"$bytes": 1}',
        '{"$array": 1}',
        '{"$array": ["<f8", [1], ""]}',
        '{"$array": ["<f8", ["1"], ""]}',
        '{"$scalar": ["<f8", [1], "AAAAAAAAAAA="]}',
        '{"$plain": 1}',
        '{"$else": 1}',
    ],
)
def test_text_that_is_no_message_is_refused_and_nothing_else_happens(text):
    with pytest.raises(Unfit):
        Packing(object).unpack(text.encode(), Form.JSON)


@attrs.frozen
class Fussy:
    value: int

    def __attrs_post_init__(self):
        if self.value < 0:
            raise KeyError("too low")


@BOTH
def test_what_a_validator_raises_is_a_refusal_whatever_it_is(form):
    raw = msgspec.json.encode({"value": -1}) if form is Form.JSON else msgspec.msgpack.encode({"value": -1})
    with pytest.raises(Unfit, match="too low"):
        Packing(Fussy).unpack(raw, form)


@pytest.mark.parametrize(("message_type", "value"), VALUES)
def test_what_one_says_in_msgpack_another_reads_in_json_and_back(message_type, value):
    packing = Packing(message_type)
    sent = packing.pack(value, Form.MSGPACK)
    as_json = transcode(sent, Form.MSGPACK, Form.JSON)
    assert packing.unpack(as_json, Form.JSON) == value
    if message_type is object:
        assert packing.unpack(transcode(as_json, Form.JSON, Form.MSGPACK), Form.MSGPACK) == value


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"))
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")) | st.just("$bytes"), inner),
    max_leaves=20,
)


@given(PLAIN)
def test_all_plain_data_crosses_in_both_forms(value):
    packing = Packing(object)
    for form in (Form.MSGPACK, Form.JSON):
        assert packing.unpack(packing.pack(value, form), form) == value


@given(st.binary(max_size=60))
def test_no_bytes_at_all_make_anything_but_a_value_or_a_refusal(raw):
    for message_type in (object, Frame, Packet, dict[int, list[bytes]]):
        for form in (Form.MSGPACK, Form.JSON):
            with contextlib.suppress(Unfit):
                Packing(message_type).unpack(raw, form)


def test_a_message_that_would_fill_the_memory_is_refused_by_its_parts_not_by_its_cells():
    cells = Packing(Frame).pack(Frame(np.full(10_000, np.nan), ("x",)), Form.MSGPACK).replace(b"\x7f", b"\x90")
    check_weight(cells, 200_000, text=False)
    for bomb in (b"\xdc\xff\xff" + b"\x90" * 65_535, msgspec.msgpack.encode([{}] * 20_000)):
        with pytest.raises(Unfit):
            check_weight(bomb, 200_000, text=False)
    with pytest.raises(Unfit):
        check_weight(b"[" + b"[]," * 20_000 + b"[]]", 200_000, text=True)
