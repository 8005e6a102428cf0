"""What each annotation makes of plain data, what it refuses, and what a class may convert itself."""

import collections
import dataclasses
import datetime
import decimal
import enum
import functools
import pathlib
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterable, Mapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Final, Generic, Literal, NamedTuple, NewType, Optional, Protocol, TypeVar

import annotated_types
import attrs
import msgspec
import numpy as np
import numpy.typing as npt
import pydantic
import pytest
from attrs import validators

from graphmeta import (
    InvalidSettings,
    SettingsField,
    capture,
    convert_settings,
    default_settings,
    patch,
    readable,
    settings_schema,
)

T = TypeVar("T")
Hertz = NewType("Hertz", float)


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


class Name(enum.StrEnum):
    A = "b"
    B = "a"


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Speaks(Protocol):
    def speak(self) -> str: ...


class Point(NamedTuple):
    x: float
    y: float = 0.0


@attrs.frozen
class Inner:
    gain: float = 1.0


@attrs.frozen
class Other:
    size: int = 1


@attrs.frozen
class Box(Generic[T]):
    item: T


class Taps(list[float]):
    pass


def converted(annotation: Any, value: Any) -> Any:
    return convert_settings(attrs.make_class("Holder", {"item": attrs.field(type=annotation)}), {"item": value}).item


def refusal(annotation: Any, value: Any) -> tuple[str, str]:
    with pytest.raises(InvalidSettings) as caught:
        converted(annotation, value)
    return caught.value.path, caught.value.reason


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (int, 5.0, 5),
        (int, f"int:{2**80}", 2**80),
        (int, np.int16(3), 3),
        (float, 5, 5.0),
        (float, "float:inf", float("inf")),
        (float, np.float32(0.5), 0.5),
        (complex, 5, 5 + 0j),
        (bytes, bytearray(b"x"), b"x"),
        (bytearray, "bytes:eA==", bytearray(b"x")),
        (Hertz, 5, 5.0),
        (Final[float], 5, 5.0),
        (datetime.timedelta, 1.5, datetime.timedelta(seconds=1.5)),
        (datetime.timedelta, "PT1.5S", datetime.timedelta(seconds=1.5)),
        (decimal.Decimal, 0.1, decimal.Decimal("0.1")),
        (decimal.Decimal, "0.10", decimal.Decimal("0.10")),
        (pathlib.PurePosixPath, "/a", pathlib.PurePosixPath("/a")),
        (Colour, "RED", Colour.RED),
        (Colour, "b", Colour.BLUE),
        (Name, "A", Name.A),
        (Name, "a", Name.B),
        (Rights, "READ|WRITE", Rights.READ | Rights.WRITE),
        (Rights, 3, Rights.READ | Rights.WRITE),
        (Rights, 0, Rights(0)),
        (Literal["a", 1], 1.0, 1),
        (Literal[Colour.RED, "x"], "RED", Colour.RED),
        (Literal[Name.A, "A"], "A", "A"),
        (list[int], (1, 2.0), [1, 2]),
        (list, (1, "x"), [1, "x"]),
        (tuple[int, str], [1, "x"], (1, "x")),
        (tuple, [1, "x"], (1, "x")),
        (set[int], [1, 1.0], {1}),
        (frozenset[str], ["x"], frozenset({"x"})),
        (collections.deque[int], [1], collections.deque([1])),
        (Sequence[float], [1], (1.0,)),
        (Iterable[float], [1], (1.0,)),
        (MutableSequence[float], (1,), [1.0]),
        (AbstractSet[int], [1], frozenset({1})),
        (dict[str, float], {"a": 1}, {"a": 1.0}),
        (dict[int, str], {"1": "x"}, {1: "x"}),
        (Mapping[str, list[int]], {"a": [1.0]}, {"a": [1]}),
        (dict, {"a": {"b": 1}}, {"a": {"b": 1}}),
        (Point, {"x": 1}, Point(1.0)),
        (Point, [1, 2], Point(1.0, 2.0)),
        (Inner, {"gain": 5}, Inner(5.0)),
        (Inner, Inner(3.0), Inner(3.0)),
        (list[Inner], [{"gain": 5}], [Inner(5.0)]),
        (Inner | Other, {"size": 2}, Other(2)),
        (Box[int], {"item": 1}, Box(1)),
        (Optional[int], None, None),  # noqa: UP045 - the old way to write it is the test
        (int | None, 1.0, 1),
        (float | int, 5, 5),
        (float | str, 5, 5.0),
        (bool | float, True, True),
        (float | list[float], [1], [1.0]),
        (Colour | float, "RED", Colour.RED),
        (str | Colour, "RED", "RED"),
        (type(None), None, None),
        (Any, {"x": [1]}, {"x": [1]}),
        (object, 5, 5),
        (T, 5, 5),
        (type, int, int),
        (Callable[[int], str], str, str),
        (re.Pattern[str], re.compile("x"), re.compile("x")),
        (Taps, Taps([1.0]), Taps([1.0])),
        (pydantic.HttpUrl, "http://a.b/", pydantic.HttpUrl("http://a.b/")),
        (np.float32, 0.5, np.float32(0.5)),
        (np.bool_, True, np.bool_(True)),
    ],
    ids=str,
)
def test_plain_data_becomes_what_the_annotation_asks_for(annotation: Any, value: Any, expected: Any) -> None:
    made = converted(annotation, value)
    assert made == expected
    assert type(made) is type(expected)


def test_a_list_becomes_an_array_of_the_type_that_is_asked_for() -> None:
    made = converted(npt.NDArray[np.float32], [[1, 2], [3, 4]])
    assert (made.dtype, made.tolist()) == (np.float32, [[1.0, 2.0], [3.0, 4.0]])
    assert converted(np.ndarray, [1, 2]).tolist() == [1, 2]
    there = np.zeros(3)
    assert converted(np.ndarray, there) is there
    assert converted(list[float], np.arange(5000)) == [float(number) for number in range(5000)]


def test_an_instance_of_an_uncheckable_type_is_taken_but_plain_data_is_not() -> None:
    class Dog:
        def speak(self) -> str:
            return "woof"

    dog = Dog()
    assert converted(Speaks, dog) is dog
    assert refusal(Speaks, "woof")[1] == f"must be {__name__}.Speaks, not str"


@pytest.mark.parametrize(
    ("annotation", "value", "reason"),
    [
        (int, 5.5, "must be int, not float"),
        (int, float("inf"), "must be int, not float"),
        (int, True, "must be int, not bool"),
        (int, "5", "must be int, not str"),
        (float, "5", "must be float, not str"),
        (float, True, "must be float, not bool"),
        (float, np.bool_(True), "must be float, not numpy.bool"),
        (float, 10**400, "must be float, not int"),
        (bool, 1, "must be bool, not int"),
        (bool, "true", "must be bool, not str"),
        (str, 5, "must be str, not int"),
        (str, b"x", "must be str, not bytes"),
        (bytes, "x", "must be bytes, not str"),
        (bytes, "bytes:?", "must be bytes, not str"),
        (complex, "complex:i", "must be complex, not str"),
        (datetime.datetime, "today", "must be datetime.datetime, not str"),
        (datetime.timedelta, 1e300, "must be datetime.timedelta, not float"),
        (uuid.UUID, "x", "must be uuid.UUID, not str"),
        (decimal.Decimal, True, "must be decimal.Decimal, not bool"),
        (pathlib.Path, 5, "must be pathlib.Path, not int"),
        (Colour, "GREEN", "must be one of RED, BLUE"),
        (Colour, True, "must be one of RED, BLUE"),
        (Rights, "READ|FLY", "must be one of READ, WRITE"),
        (Rights, 8, "must be one of READ, WRITE"),
        (Literal["a", 1], True, "must be one of a, 1"),
        (Literal[True], 1, "must be one of True"),
        (list[int], "12", "must be list[int], not str"),
        (list[int], {"a": 1}, "must be list[int], not dict"),
        (tuple[int, str], [1], "must have 2 items, not 1"),
        (set[Any], [[]], "unhashable type: 'list'"),
        (dict[str, int], [1], "must be dict[str, int], not list"),
        (dict[int, str], {"x": "y"}, "must be a mapping whose keys are int, not str"),
        (Point, [1, 2, 3], "must have 2 items, not 3"),
        (Point, 5, f"must be {__name__}.Point, not int"),
        (Inner, 5, f"must be {__name__}.Inner, not int"),
        (int | None, "x", "must be int, not str"),
        (int | str | None, [], "must be int or str or None, not list"),
        (type(None), 5, "must be None, not int"),
        (type, 5, "must be type, not int"),
        (Callable[[int], str], "x", "must be collections.abc.Callable[[int], str], not str"),
        (Taps, [1.0], f"must be {__name__}.Taps, not list"),
        (pydantic.HttpUrl, "nowhere", "Input should be a valid URL, relative URL without a base"),
        (np.float32, "x", "must be float, not str"),
        (npt.NDArray[np.float64], ["x"], "could not convert string to float"),
        (np.ndarray, 5, "must be an array of numbers"),
        (np.ndarray, ["x"], "must be an array of numbers"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused_with_the_reason(annotation: Any, value: Any, reason: str) -> None:
    assert refusal(annotation, value) == ("item", reason) or refusal(annotation, value)[1].startswith(reason)


def test_a_refusal_deep_inside_names_the_place() -> None:
    assert refusal(dict[str, list[Inner]], {"a": [{}, {"gain": "x"}]})[0] == "item.a[1].gain"


@pytest.mark.parametrize(
    ("annotation", "good", "bad", "reason"),
    [
        (Annotated[float, annotated_types.Ge(0)], 0, -1, "must be at least 0"),
        (Annotated[float, annotated_types.Interval(gt=0, lt=1)], 0.5, 1, "must be below 1"),
        (Annotated[int, msgspec.Meta(multiple_of=5)], 10, 11, "must be a multiple of 5"),
        (Annotated[str, msgspec.Meta(pattern="^a+$")], "aa", "b", "must match the pattern ^a+$"),
        (Annotated[str, annotated_types.Len(1, 2)], "a", "", "must be at least 1 long"),
        (Annotated[list[int], annotated_types.MaxLen(1)], [1], [1, 2], "must be at most 1 long"),
        (Annotated[int, annotated_types.Predicate(lambda n: n % 2 == 0)], 2, 3, "is refused by its predicate"),
        (Annotated[str, pydantic.StringConstraints(max_length=1)], "a", "ab", "must be at most 1 long"),
        (list[Annotated[int, annotated_types.Gt(0)]], [1], [1, 0], "must be above 0"),
        (Annotated[int | None, annotated_types.Gt(0)], None, 0, "must be above 0"),
        (Annotated[datetime.date, annotated_types.Ge(datetime.date(2024, 1, 1))], "2024-01-01", "2023-01-01", None),
    ],
    ids=str,
)
def test_constraints_of_any_library_are_kept(annotation: Any, good: Any, bad: Any, reason: str | None) -> None:
    converted(annotation, good)
    assert refusal(annotation, bad)[1] == (reason or "must be at least 2024-01-01")


def test_attrs_validators_become_bounds_and_choices() -> None:
    @attrs.frozen
    class Validated:
        low: float = attrs.field(default=1.0, validator=[validators.ge(0), validators.lt(9), validators.ge(-5)])
        side: str = attrs.field(default="a", validator=validators.in_(["a", "b"]))
        mode: Colour = attrs.field(default=Colour.RED, validator=validators.in_(Colour))
        name: str = attrs.field(default="xy", validator=[validators.min_len(1), validators.max_len(3)])
        size: Any = attrs.field(default=1, validator=validators.instance_of(int))
        bare = attrs.field(default=1, validator=validators.instance_of(int))

    low, side, mode, _, _, bare = settings_schema(Validated)
    assert (low.minimum, low.maximum, low.exclusive_minimum, low.exclusive_maximum) == (0, 9, False, True)
    assert (side.choices, mode.choices) == (("a", "b"), ("RED", "BLUE"))
    assert bare.type == "int"
    for path, value, reason in (
        ("low", 9, "must be below 9"),
        ("side", "c", "must be one of a, b"),
        ("name", "", "must be at least 1 long"),
        ("name", "abcd", "must be at most 3 long"),
        ("size", "x", "'size' must be <class 'int'>"),
        ("bare", "x", "must be int, not str"),
    ):
        with pytest.raises(InvalidSettings) as caught:
            patch(Validated(), path, value)
        assert caught.value.path == path
        assert caught.value.reason.startswith(reason)


def test_a_validator_of_several_types_is_a_union() -> None:
    cls = attrs.make_class("Either", {"x": attrs.field(validator=validators.instance_of((int, str)))})
    assert settings_schema(cls) == (SettingsField("x", "int | str", required=True),)
    assert convert_settings(cls, {"x": 5.0}).x == 5


class Alias:
    """What ``type Tree = float | list[Tree]`` makes, for a Python that has no such statement yet."""

    __name__ = "Tree"

    @functools.cached_property
    def __value__(self) -> Any:
        return float | list[self]  # type: ignore[valid-type]  # an alias is an object here


Alias.__module__, Alias.__qualname__ = "typing", "TypeAliasType"
Tree: Any = Alias()


class Growing(Alias):
    """An alias that is another one each time."""

    @property
    def __value__(self) -> Any:
        return list[Growing()]  # type: ignore[misc]  # likewise


def test_an_alias_that_names_itself_is_followed_as_far_as_the_value_goes() -> None:
    @attrs.frozen
    class Holder:
        tree: Tree = 0.0

    assert settings_schema(Holder) == (SettingsField("tree", "Tree", default=0.0),)
    assert patch(Holder(), "tree", [1, [2]]).tree == [1.0, [2.0]]
    with pytest.raises(InvalidSettings) as caught:
        patch(Holder(), "tree", [1, ["x"]])
    assert caught.value.path == "tree"


def test_an_annotation_without_end_is_given_up_as_secret() -> None:
    cls = attrs.make_class("Endless", {"tree": attrs.field(type=Growing(), default=0.0)})
    assert readable(cls()) == {"tree": "<secret>"}
    assert capture(cls()).pickled is None


def test_infinite_bounds_are_no_bounds() -> None:
    cls = attrs.make_class("Free", {"x": attrs.field(type=float, validator=validators.ge(float("-inf")))})
    assert settings_schema(cls) == (SettingsField("x", "float", required=True),)


def test_a_converter_of_the_class_takes_what_the_type_would_not() -> None:
    @attrs.frozen
    class Converting:
        gain: Annotated[float, annotated_types.Ge(0)] = attrs.field(default=1.0, converter=float)

    assert patch(Converting(), "gain", "2.5").gain == 2.5
    for value, reason in (("-1", "must be at least 0"), (-1, "must be at least 0"), (True, "must be float, not bool")):
        with pytest.raises(InvalidSettings) as caught:
            patch(Converting(), "gain", value)
        assert (caught.value.path, caught.value.reason) == ("gain", reason)


class Parsing(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    hexed: Annotated[int, pydantic.BeforeValidator(lambda text: int(text, 16) if isinstance(text, str) else text)] = 1
    doubled: int = 2
    even: int = pydantic.Field(default=2, multiple_of=2)
    renamed: int = pydantic.Field(default=1, alias="otherName")
    url: pydantic.HttpUrl = pydantic.HttpUrl("http://a.b/")
    _private: str = "kept"

    @pydantic.field_validator("doubled", mode="before")
    @classmethod
    def double(cls, value: Any) -> Any:
        return int(value) * 2 if isinstance(value, str) else value


def test_the_validators_of_a_model_have_the_last_word() -> None:
    settings = Parsing(extra=1)  # type: ignore[call-arg]  # extras are allowed
    settings._private = "changed"
    assert patch(settings, "hexed", "ff").hexed == 255
    assert patch(settings, "doubled", "4").doubled == 8
    assert str(patch(settings, "url", "http://c.d/").url) == "http://c.d/"
    new = patch(settings, "renamed", 5)
    assert (new.renamed, new._private, new.model_extra) == (5, "changed", {"extra": 1})
    assert new.model_fields_set == {"extra", "renamed"}
    assert settings.renamed == 1
    for path, value, reason in (
        ("hexed", "zz", "invalid literal"),
        ("even", 3, "must be a multiple of 2"),
        ("url", "nowhere", "Input should be a valid URL"),
    ):
        with pytest.raises(InvalidSettings) as caught:
            patch(settings, path, value)
        assert caught.value.path == path
        assert reason in caught.value.reason


def test_a_model_sees_its_extras_when_it_checks() -> None:
    class Needing(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(extra="allow")
        gain: float = 1.0

        @pydantic.model_validator(mode="after")
        def needs(self) -> "Needing":
            if not self.model_extra:
                raise ValueError("needs an extra")
            return self

    settings = Needing(more=1)  # type: ignore[call-arg]  # extras are allowed
    assert patch(settings, "gain", 2) == Needing(gain=2, more=1)  # type: ignore[call-arg]  # likewise


def test_a_model_may_see_the_fault_in_another_field() -> None:
    class Ordered(pydantic.BaseModel):
        low: float = 1.0
        high: float = 2.0

        @pydantic.field_validator("high")
        @classmethod
        def above(cls, high: float, info: Any) -> float:
            if high < info.data["low"]:
                raise ValueError("is below the low one")
            return high

    class Around(pydantic.BaseModel):
        band: Ordered = Ordered()

    for settings, path, where in ((Ordered(), "low", "high"), (Around(), "band.low", "band.high")):
        with pytest.raises(InvalidSettings) as caught:
            patch(settings, path, 5)
        assert (caught.value.path, caught.value.reason) == (where, "Value error, is below the low one")


def test_a_model_may_move_other_fields_along() -> None:
    class Moving(pydantic.BaseModel):
        low: float = 1.0
        high: float = 2.0

        @pydantic.model_validator(mode="after")
        def ordered(self) -> "Moving":
            if self.high < self.low:
                self.high = self.low
            return self

    assert patch(Moving(), "low", 5) == Moving(low=5, high=5)


def test_a_model_names_the_nested_field_that_it_refuses() -> None:
    class Item(pydantic.BaseModel):
        size: Annotated[int, pydantic.AfterValidator(lambda size: size if size != 13 else 1 / 0)] = 1

    class Holder(pydantic.BaseModel):
        item: Item = Item()

        @pydantic.field_validator("item")
        @classmethod
        def check(cls, item: Item) -> Item:
            if item.size == 7:
                raise ValueError("seven is taken")
            return item

    with pytest.raises(InvalidSettings) as caught:
        patch(Holder(), "item.size", 7)
    assert (caught.value.path, caught.value.reason) == ("item", "Value error, seven is taken")
    with pytest.raises(InvalidSettings) as caught:
        patch(Holder(), "item.size", 13)
    assert (caught.value.path, caught.value.reason) == ("item.size", "division by zero")


def test_what_a_class_computes_is_shown_but_cannot_be_set() -> None:
    @dataclasses.dataclass
    class Computing:
        low: float = 1.0
        twice: float = dataclasses.field(init=False, default=0.0)
        start: dataclasses.InitVar[int] = 5

        def __post_init__(self, start: int) -> None:
            self.twice = self.low * 2

    assert readable(Computing()) == {"low": 1.0, "twice": 2.0}
    assert [field.path for field in settings_schema(Computing)] == ["low"]
    assert patch(Computing(), "low", 4).twice == 8.0
    with pytest.raises(InvalidSettings) as caught:
        patch(Computing(), "twice", 1)
    assert caught.value.reason == "is computed by its class and cannot be set"


def test_private_and_renamed_fields_keep_their_names() -> None:
    @attrs.define
    class Private:
        _gain: float = 1.0
        other: int = attrs.field(default=1, alias="another")

    assert patch(patch(Private(), "_gain", 2), "other", 3) == Private(2.0, 3)
    assert convert_settings(Private, {"_gain": 2, "other": 3}) == Private(2.0, 3)


def test_a_default_that_depends_on_the_instance_is_optional_and_unknown() -> None:
    @attrs.define
    class Depending:
        low: float = 1.0
        high: float = attrs.field()

        @high.default
        def _twice(self) -> float:
            return self.low * 2

    assert settings_schema(Depending)[1] == SettingsField("high", "float")
    assert default_settings(Depending) == Depending(1.0, 2.0)


def test_a_default_factory_that_fails_costs_its_own_default_only() -> None:
    @dataclasses.dataclass
    class Failing:
        device: str = dataclasses.field(default_factory=lambda: 1 / 0)  # type: ignore[arg-type,return-value]  # it fails first
        gain: float = 1.0

    assert settings_schema(Failing) == (SettingsField("device", "str"), SettingsField("gain", "float", default=1.0))
    with pytest.raises(InvalidSettings) as caught:
        default_settings(Failing)
    assert caught.value.reason == "division by zero"


def test_nested_settings_have_the_defaults_of_the_object_around_them() -> None:
    @attrs.frozen
    class Around:
        near: Inner = Inner(7.0)
        far: Inner | None = None
        must: Inner = attrs.field(kw_only=True)
        many: tuple[Inner, ...] = (Inner(),)

    inner = f"{__name__}.Inner"
    assert settings_schema(Around) == (
        SettingsField("near.gain", "float", default=7.0),
        SettingsField("far", f"{inner} | None"),
        SettingsField("far.gain", "float", default=1.0),
        SettingsField("must.gain", "float", default=1.0),
        SettingsField("many", f"tuple[{inner}, ...]", default=[{"gain": 1.0}]),
    )


def test_a_class_inside_itself_is_listed_once() -> None:
    assert [field.path for field in settings_schema(Knot)] == ["name", "left", "right", "right.knot"]


@attrs.frozen
class Knot:
    name: str = ""
    left: "Knot | None" = None
    right: "Rope | None" = None


@attrs.frozen
class Rope:
    knot: Knot | None = None


def test_a_schema_is_bounded() -> None:
    wide = attrs.make_class("Wide", {f"field{number}": attrs.field(type=int) for number in range(2000)})
    assert len(settings_schema(wide)) == 512


def test_fields_without_fields_have_no_schema() -> None:
    assert settings_schema(int) == settings_schema(5) == settings_schema(None) == settings_schema(dict) == ()


def test_descriptions_are_found_wherever_a_library_puts_them() -> None:
    class Documented(NamedTuple):
        x: int = 1

    Documented.x.__doc__ = "a tuple's"

    @attrs.frozen
    class Attrs:
        a: int = attrs.field(default=1, metadata={"doc": "in doc"})
        b: Annotated[int, pydantic.Field(description="in Annotated")] = 1
        c: Annotated[int | None, msgspec.Meta(description="in Meta")] = 1

    assert [field.description for field in settings_schema(Documented)] == ["a tuple's"]
    assert [field.description for field in settings_schema(Attrs)] == ["in doc", "in Annotated", "in Meta"]


def test_the_core_is_light_without_pydantic_and_numpy() -> None:
    code = (
        "import sys, attrs, graphmeta\n"
        "settings = attrs.make_class('S', {'x': attrs.field(default=1.0, type=float)})()\n"
        "graphmeta.capture(settings), graphmeta.settings_schema(settings), graphmeta.patch(settings, 'x', 2)\n"
        "print(sorted({'pydantic', 'numpy', 'annotated_types'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
