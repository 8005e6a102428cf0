"""Settings classes that lie, raise and never end: contained, whatever they do short of not returning."""

import collections
import dataclasses
import enum
import itertools
import json
import os
import types
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import msgspec
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmeta import (
    InvalidSettings,
    capture,
    convert_settings,
    default_settings,
    patch,
    readable,
    settings_schema,
)

CAMPAIGN = 20 if os.environ.get("TRELLIS_CAMPAIGN") == "full" else 1


class Evil(BaseException):
    """What no honest code raises."""


class Lying(str):
    def __getitem__(self, at: Any) -> Any:
        raise Evil

    __len__ = __eq__ = __str__ = __format__ = encode = startswith = __getitem__  # type: ignore[assignment]  # evil
    __hash__ = str.__hash__


def _raises(error: type[BaseException]) -> Any:
    def method(*args: Any, **kwargs: Any) -> Any:
        raise error("boom")

    return method


def _very_long(*args: Any) -> Iterator[int]:
    """Go on for long, but not for ever: pickling a set runs through its ``__iter__``, and nobody could stop it."""
    return iter(range(300_000))


def _deep(self: Any, *args: Any) -> Any:
    return _deep(self, *args)


BEHAVIOURS: tuple[Any, ...] = (
    *map(_raises, (ValueError, AttributeError, TypeError, SystemExit, GeneratorExit, MemoryError, Evil)),
    _deep,
    _very_long,
    lambda *args, **kwargs: args[0] if args else None,
    lambda *args, **kwargs: None,
    lambda *args, **kwargs: 5,
    lambda *args, **kwargs: Lying("lie"),
    lambda *args, **kwargs: "x" * 1_000_000,
    lambda *args, **kwargs: [("a", 1)] * 3000,
    lambda *args, **kwargs: dict,
    property(_raises(SystemExit)),
    property(lambda self: str),
    property(lambda self: {"a": self}),
    None,
    17,
)
METHODS = (
    "__repr__",
    "__str__",
    "__class__",
    "__getattr__",
    "__getattribute__",
    "__eq__",
    "__hash__",
    "__len__",
    "__iter__",
    "__getitem__",
    "__setitem__",
    "__contains__",
    "__bool__",
    "__index__",
    "__float__",
    "__reduce_ex__",
    "__getstate__",
    "__copy__",
    "__deepcopy__",
    "__dict__",
    "__format__",
    "__ge__",
    "__lt__",
    "__fspath__",
    "__instancecheck__",
    "__array__",
    "__attrs_attrs__",
    "__dataclass_fields__",
    "__pydantic_fields__",
    "__struct_fields__",
    "_fields",
    "__annotations__",
    "__module__",
    "keys",
    "items",
    "get_secret_value",
    "dtype",
    "isoformat",
    "name",
    "_name_",
    "gain",
)
hostility = st.dictionaries(st.sampled_from(METHODS), st.sampled_from(BEHAVIOURS), min_size=1, max_size=6)


class Meta(type):
    """A metaclass that answers nothing honestly."""

    def __getattribute__(cls, name: str) -> Any:
        if name in ("__mro__", "__dict__", "__name__", "__qualname__", "__hash__", "__eq__"):
            raise Evil
        return super().__getattribute__(name)

    def __hash__(cls) -> int:
        raise Evil

    def __eq__(cls, other: object) -> bool:
        raise Evil

    def __instancecheck__(cls, instance: object) -> bool:
        raise Evil

    def __subclasscheck__(cls, subclass: object) -> bool:
        raise Evil


@attrs.define
class Honest:
    item: Any = None
    gain: float = 1.0


@attrs.define(slots=False, eq=False)
class AttrsBase:
    gain: float = 1.0


@dataclasses.dataclass(eq=False)
class DataBase:
    gain: float = 1.0


class ModelBase(pydantic.BaseModel):
    gain: float = 1.0


class StructBase(msgspec.Struct):
    gain: float = 1.0


class Mapped(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        return 1

    def __iter__(self) -> Iterator[str]:
        return iter(["gain"])

    def __len__(self) -> int:
        return 1


BASES: tuple[tuple[Any, tuple[Any, ...]], ...] = (
    (object, ()),
    (AttrsBase, ()),
    (DataBase, ()),
    (ModelBase, ()),
    (StructBase, ()),
    (Mapped, ()),
    (dict, ({"gain": 1.0},)),
    (list, ([1, 2],)),
    (tuple, ((1, 2),)),
    (set, ({1},)),
    (str, ("text",)),
    (int, (5,)),
    (float, (5.0,)),
    (bytes, (b"x",)),
    (collections.deque, ([1],)),
    (collections.UserDict, ({"gain": 1.0},)),
    (ValueError, ("x",)),
    (types.SimpleNamespace, ()),
)
PLACES: tuple[Any, ...] = (
    lambda evil: evil,
    lambda evil: [evil],
    lambda evil: {"a": evil, "b": 1},
    lambda evil: Honest(evil),
    lambda evil: {"deep": [Honest({"x": evil})]},
    lambda evil: {evil: 1},
)
recipes = st.tuples(
    st.sampled_from(BASES),
    st.dictionaries(st.sampled_from(METHODS), st.sampled_from(BEHAVIOURS), min_size=1, max_size=6),
    st.sampled_from(PLACES),
)


def cooked(recipe: Any) -> Any:
    """Make the hostile object: in the test, for hypothesis would hash and show what it draws."""
    (base, args), body, place = recipe
    try:
        made = base.__new__(type(base)("Evil", (base,), dict(body)), *args)
        base.__init__(made, *args)
    except BaseException:  # too hostile to exist as this
        made = type("Bare", (), {name: how for name, how in body.items() if name != "__hash__"})()
    try:
        return place(made)
    except BaseException:  # no key, that is
        return [made, made]


def check_plain(shown: Any) -> None:
    assert len(json.dumps(shown, allow_nan=False)) < 2_000_000
    msgspec.json.encode(shown)


@settings(max_examples=300 * CAMPAIGN)
@given(recipes)
def test_no_hostile_object_escapes_from_being_shown(recipe: Any) -> None:
    evil = cooked(recipe)
    check_plain(readable(evil))
    captured = capture(evil)
    check_plain(captured.readable)
    assert (captured.pickled is None) == (captured.reason is not None)
    for field in settings_schema(evil):
        check_plain([field.path, field.type, field.default, field.description, field.choices])


def refused_or(work: Any) -> Any:
    """Return what *work* returns, or None for a refusal, the only error there may be."""
    try:
        return work()
    except InvalidSettings as refusal:
        json.dumps([refusal.path, refusal.reason, str(refusal)])
        return None


@settings(max_examples=300 * CAMPAIGN)
@given(recipes, st.sampled_from(["gain", "item", "item.gain", "a", "a.gain", "deep", "x.y.z"]), recipes)
def test_a_hostile_object_can_only_be_patched_or_refuse(recipe: Any, path: str, other: Any) -> None:
    evil = cooked(recipe)
    for value in (cooked(other), 5):
        made = refused_or(lambda: patch(evil, path, value))  # noqa: B023 - called at once
        assert made is None or type(made) is type(evil)


@settings(max_examples=200 * CAMPAIGN)
@given(recipes)
def test_a_hostile_class_makes_settings_or_refuses(recipe: Any) -> None:
    evil = cooked(recipe)
    refused_or(lambda: default_settings(type(evil)))
    refused_or(lambda: convert_settings(type(evil), {"gain": 1}))
    refused_or(lambda: convert_settings(Honest, evil))
    refused_or(lambda: convert_settings(Honest, {"item": 1, "gain": evil}))
    assert isinstance(settings_schema(type(evil)), tuple)


def test_a_metaclass_that_lies_about_everything_is_contained() -> None:
    class Victim(metaclass=Meta):
        def __repr__(self) -> str:
            return "Victim"

    victim = Victim()
    check_plain(readable([victim, {"a": victim}]))
    assert capture(victim).pickled is None
    assert settings_schema(victim) == ()
    with pytest.raises(InvalidSettings):
        patch(victim, "a", 1)


def test_a_property_that_fails_costs_its_own_field_only() -> None:
    class Failing(Honest):
        @property
        def item(self) -> Any:  # type: ignore[override]  # a property over a field is the hostility
            raise SystemExit

        @item.setter
        def item(self, value: Any) -> None:
            pass

    assert readable(Failing()) == {"item": "<cannot be read>", "gain": 1.0}
    with pytest.raises(InvalidSettings) as caught:
        patch(Failing(), "item.deep", 1)
    assert caught.value.reason == "cannot be read"


def test_a_repr_that_fails_is_named_by_its_class() -> None:
    class Failing:
        def __repr__(self) -> str:
            raise Evil

    assert readable(Failing()) == f"<{__name__}.{Failing.__qualname__}, which cannot be shown>"
    assert readable(Honest(Failing()))["gain"] == 1.0


def test_a_lie_about_the_class_is_not_believed() -> None:
    class Liar:
        __class__ = dict  # type: ignore[assignment]  # the lie

        def __repr__(self) -> str:
            return "Liar"

    assert readable(Liar()) == "Liar"
    assert settings_schema(Liar()) == ()


def test_a_name_that_no_encoding_can_carry_is_escaped() -> None:
    odd = type("Odd", (), {"__module__": "\ud800"})
    cls = attrs.make_class("Holder", {"item": attrs.field(type=odd, default=None)})
    check_plain(readable([odd, odd(), cls(odd())]))
    check_plain([settings_schema(cls)[0].type])
    with pytest.raises(InvalidSettings) as caught:
        patch(cls(), "item", "\ud800")
    check_plain(str(caught.value))


def test_a_lie_about_the_length_is_contained() -> None:
    class Long(list[int]):
        def __len__(self) -> int:
            return 10**30

    class Endless(Mapped):
        def __iter__(self) -> Iterator[str]:
            return map(str, itertools.count())

        def __len__(self) -> int:
            raise Evil

    assert readable(Long([1])) == [1]
    assert len(readable(Endless())) == 1024


def test_a_mapping_that_never_ends_is_refused() -> None:
    class Endless(Mapped):
        def __iter__(self) -> Iterator[str]:
            return itertools.cycle(["gain"])

    for work in (lambda: patch(Endless(), "gain", 1), lambda: convert_settings(Honest, Endless())):
        with pytest.raises(InvalidSettings) as caught:
            work()
        assert caught.value.reason == "has more than 1000000 items"


def test_a_path_into_a_cycle_is_refused_by_its_length() -> None:
    ring: dict[str, Any] = {}
    ring["a"] = ring
    with pytest.raises(InvalidSettings) as caught:
        patch(ring, "a." * 200 + "a", 1)
    assert caught.value.reason == "is no path: at most 1024 characters and 32 steps"
    assert patch(ring, "a.a.a", 1) == {"a": {"a": {"a": 1}}}


def test_a_pickle_that_fails_gives_the_reason() -> None:
    class Unpicklable:
        def __reduce__(self) -> Any:
            raise RuntimeError("holds a device")

    captured = capture(Honest(Unpicklable()))
    assert (captured.pickled, captured.reason) == (None, "RuntimeError: holds a device")


def test_a_pickle_that_is_too_long_is_left_out() -> None:
    captured = capture(Honest(bytes(2_000_000)))
    assert (captured.pickled, captured.reason) == (None, "longer than 1048576 bytes")
    assert captured.readable == {"item": "<2000000 bytes>", "gain": 1.0}


def test_a_ctrl_c_is_not_swallowed() -> None:
    class Interrupted:
        def __repr__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        readable(Interrupted())


def test_a_mapping_that_copies_itself_by_not_copying_stays_as_it_is() -> None:
    class Same(dict[str, Any]):
        def __copy__(self) -> Any:
            return self

    same = Same(gain=1.0)
    with pytest.raises(InvalidSettings):
        patch(same, "gain", 2.0)
    assert same == {"gain": 1.0}


def test_a_class_that_turns_into_another_is_refused() -> None:
    @attrs.define
    class Turning:
        gain: float = 1.0

        def __new__(cls, gain: float = 1.0) -> Any:
            return object.__new__(cls) if gain < 5 else Honest()

    with pytest.raises(InvalidSettings):
        patch(Turning(), "gain", 9.0)
    assert patch(Turning(), "gain", 2.0) == Turning(2.0)


def test_a_deeply_nested_value_is_refused_not_fatal() -> None:
    deep: Any = None
    for _ in range(5000):
        deep = {"branches": deep}

    @attrs.define
    class Branch:
        branches: "Branch | None" = None

    Branch.__annotations__["branches"] = Branch | None
    with pytest.raises(InvalidSettings) as caught:
        convert_settings(Branch, deep)
    assert "deep" in caught.value.reason


def test_an_enum_whose_members_lie_is_contained() -> None:
    class Odd(enum.Enum):
        A = 1

        @property
        def value(self) -> Any:  # type: ignore[override]  # the lie
            raise Evil

        def __repr__(self) -> str:
            raise Evil

    assert readable([Odd.A]) == ["A"]
