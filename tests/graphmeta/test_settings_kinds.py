"""One conformance suite for every kind of settings class: the same fields, declared as each kind does it."""

import collections
import dataclasses
import enum
import json
import sys
import types
from typing import Annotated, Any, Literal, NamedTuple

import attrs
import msgspec
import pydantic
import pytest
from attrs import validators

from graphmeta import (
    InvalidSettings,
    Secret,
    SettingsField,
    capture,
    convert_settings,
    default_settings,
    patch,
    readable,
    settings_schema,
)
from graphmeta._pickles._pickles import load_trusted


class Mode(enum.Enum):
    FAST = 1
    SLOW = 2


@attrs.frozen
class AttrsBand:
    low: float = attrs.field(default=1.0, validator=validators.ge(0))
    high: float = attrs.field(default=40.0, validator=[validators.gt(0), validators.le(500)])


@attrs.frozen
class AttrsSettings:
    name: str
    gain: float = attrs.field(default=2.0, metadata={"description": "factor"})
    count: int = attrs.field(default=3, validator=validators.and_(validators.ge(1), validators.lt(10)))
    mode: Mode = Mode.FAST
    side: Literal["left", "right"] = "left"
    taps: tuple[float, ...] = (0.5, 0.5)
    limit: int | None = attrs.field(default=None, validator=validators.optional(validators.ge(0)))
    band: AttrsBand = attrs.field(factory=AttrsBand)
    token: str = attrs.field(default="hunter2!", metadata={"secret": True})


@dataclasses.dataclass(frozen=True)
class DataclassBand:
    low: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    high: Annotated[float, pydantic.Field(gt=0, le=500)] = 40.0


@dataclasses.dataclass
class DataclassSettings:
    name: str
    gain: float = dataclasses.field(default=2.0, metadata={"description": "factor"})
    count: Annotated[int, msgspec.Meta(ge=1, lt=10)] = 3
    mode: Mode = Mode.FAST
    side: Literal["left", "right"] = "left"
    taps: tuple[float, ...] = (0.5, 0.5)
    limit: Annotated[int, msgspec.Meta(ge=0)] | None = None
    band: DataclassBand = dataclasses.field(default_factory=DataclassBand)
    token: str = dataclasses.field(default="hunter2!", metadata={"secret": True})


class StructBand(msgspec.Struct, frozen=True):
    low: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    high: Annotated[float, msgspec.Meta(gt=0, le=500)] = 40.0


class StructSettings(msgspec.Struct):
    name: str
    gain: Annotated[float, msgspec.Meta(description="factor")] = 2.0
    count: Annotated[int, msgspec.Meta(ge=1, lt=10)] = 3
    mode: Mode = Mode.FAST
    side: Literal["left", "right"] = "left"
    taps: tuple[float, ...] = (0.5, 0.5)
    limit: Annotated[int, msgspec.Meta(ge=0)] | None = None
    band: StructBand = msgspec.field(default_factory=StructBand)
    token: Annotated[str, msgspec.Meta(extra={"secret": True})] = "hunter2!"


class ModelBand(pydantic.BaseModel):
    low: float = pydantic.Field(default=1.0, ge=0)
    high: float = pydantic.Field(default=40.0, gt=0, le=500)


class ModelSettings(pydantic.BaseModel):
    name: str
    gain: float = pydantic.Field(default=2.0, description="factor")
    count: int = pydantic.Field(default=3, ge=1, lt=10)
    mode: Mode = Mode.FAST
    side: Literal["left", "right"] = "left"
    taps: tuple[float, ...] = (0.5, 0.5)
    limit: Annotated[int, pydantic.Field(ge=0)] | None = None
    band: ModelBand = pydantic.Field(default_factory=ModelBand)
    token: pydantic.SecretStr = pydantic.SecretStr("hunter2!")


class FrozenModelSettings(ModelSettings):
    model_config = pydantic.ConfigDict(frozen=True)


@pydantic.dataclasses.dataclass(frozen=True)
class PydanticDataclassSettings:
    name: str
    gain: float = pydantic.Field(default=2.0, description="factor")
    count: int = pydantic.Field(default=3, ge=1, lt=10)
    mode: Mode = Mode.FAST
    side: Literal["left", "right"] = "left"
    taps: tuple[float, ...] = (0.5, 0.5)
    limit: Annotated[int, pydantic.Field(ge=0)] | None = None
    band: ModelBand = pydantic.Field(default_factory=ModelBand)
    token: str = pydantic.Field(default="hunter2!", json_schema_extra={"secret": True})


class TupleBand(NamedTuple):
    low: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    high: Annotated[float, msgspec.Meta(gt=0, le=500)] = 40.0


class TupleSettings(NamedTuple):
    name: str
    gain: Annotated[float, msgspec.Meta(description="factor")] = 2.0
    count: Annotated[int, msgspec.Meta(ge=1, lt=10)] = 3
    mode: Mode = Mode.FAST
    side: Literal["left", "right"] = "left"
    taps: tuple[float, ...] = (0.5, 0.5)
    limit: Annotated[int, msgspec.Meta(ge=0)] | None = None
    band: TupleBand = TupleBand()
    token: Annotated[str, Secret] = "hunter2!"


KINDS = (
    AttrsSettings,
    DataclassSettings,
    StructSettings,
    ModelSettings,
    FrozenModelSettings,
    PydanticDataclassSettings,
    TupleSettings,
)
READABLE = {
    "name": "eeg",
    "gain": 2.0,
    "count": 3,
    "mode": "FAST",
    "side": "left",
    "taps": [0.5, 0.5],
    "limit": None,
    "band": {"low": 1.0, "high": 40.0},
    "token": "<secret>",
}


@pytest.fixture(params=KINDS, ids=lambda cls: cls.__name__)
def cls(request: pytest.FixtureRequest) -> Any:
    return request.param


def refusal(settings: Any, path: str, value: Any) -> InvalidSettings:
    before = readable(settings)
    with pytest.raises(InvalidSettings) as caught:
        patch(settings, path, value)
    assert readable(settings) == before
    assert caught.value.__context__ is None
    return caught.value


def test_the_readable_form_is_plain_nested_data_without_the_secret(cls: Any) -> None:
    assert readable(cls(name="eeg")) == READABLE


def test_a_capture_has_the_readable_form_and_no_bytes_for_the_secret(cls: Any) -> None:
    captured = capture(cls(name="eeg"))
    assert captured.readable == READABLE
    assert captured.pickled is None
    assert captured.reason == "holds secrets"


def test_the_schema_lists_every_field_with_all_that_is_known_of_it(cls: Any) -> None:
    fields = {field.path: field for field in settings_schema(cls)}
    token_type = "pydantic.types.SecretStr" if issubclass(cls, ModelSettings) else "str"
    mode = f"{__name__}.Mode"
    assert fields == {
        field.path: field
        for field in (
            SettingsField("name", "str", required=True),
            SettingsField("gain", "float", default=2.0, description="factor"),
            SettingsField("count", "int", default=3, minimum=1, maximum=10, exclusive_maximum=True),
            SettingsField("mode", mode, default="FAST", choices=("FAST", "SLOW")),
            SettingsField("side", "Literal['left', 'right']", default="left", choices=("left", "right")),
            SettingsField("taps", "tuple[float, ...]", default=[0.5, 0.5]),
            SettingsField("limit", "int | None", default=None, minimum=0),
            SettingsField("band.low", "float", default=1.0, minimum=0),
            SettingsField("band.high", "float", default=40.0, minimum=0, exclusive_minimum=True, maximum=500),
            SettingsField("token", token_type, default="<secret>", secret=True),
        )
    }


def test_the_schema_of_an_instance_is_that_of_its_class(cls: Any) -> None:
    assert settings_schema(cls(name="eeg", gain=7.0)) == settings_schema(cls)


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("gain", 5, 5.0),
        ("gain", float("inf"), "float:inf"),
        ("gain", "float:-inf", "float:-inf"),
        ("count", 5.0, 5),
        ("mode", "SLOW", "SLOW"),
        ("mode", 2, "SLOW"),
        ("mode", Mode.SLOW, "SLOW"),
        ("side", "right", "right"),
        ("taps", [1, 2], [1.0, 2.0]),
        ("limit", 7, 7),
        ("limit", None, None),
        ("band", {"low": 5}, {"low": 5.0, "high": 40.0}),
    ],
)
def test_a_patch_converts_plain_data(cls: Any, path: str, value: Any, shown: Any) -> None:
    settings = cls(name="eeg")
    new = patch(settings, path, value)
    assert type(new) is cls
    assert readable(new) == {**READABLE, path: shown}
    assert readable(settings) == READABLE


def test_a_patch_reaches_a_nested_field_and_leaves_the_old_object_alone(cls: Any) -> None:
    settings = cls(name="eeg")
    new = patch(settings, "band.low", 5)
    assert (new.band.low, new.band.high, settings.band.low) == (5.0, 40.0, 1.0)
    assert type(new.band) is type(settings.band)
    assert type(new.band.low) is float


def test_a_patched_tuple_is_a_tuple_and_a_patched_count_an_int(cls: Any) -> None:
    settings = cls(name="eeg")
    assert patch(settings, "taps", [1, 2]).taps == (1.0, 2.0)
    assert type(patch(settings, "taps", [1, 2]).taps[0]) is float
    assert type(patch(settings, "count", 5.0).count) is int


def test_a_patch_of_another_field_keeps_the_secret(cls: Any) -> None:
    new = patch(cls(name="eeg", token="opensesame"), "gain", 1)
    token = new.token if isinstance(new.token, str) else new.token.get_secret_value()
    assert token == "opensesame"


def test_a_secret_can_be_set_but_not_to_the_mark_that_stands_for_it(cls: Any) -> None:
    new = patch(cls(name="eeg"), "token", "opensesame")
    token = new.token if isinstance(new.token, str) else new.token.get_secret_value()
    assert token == "opensesame"
    assert "mark" in refusal(new, "token", "<secret>").reason


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("gain", "loud", "must be float, not str"),
        ("gain", True, "must be float, not bool"),
        ("gain", None, "must be float, not NoneType"),
        ("gain", [1.0], "must be float, not list"),
        ("count", 2.5, "must be int, not float"),
        ("count", True, "must be int, not bool"),
        ("count", 0, "must be at least 1"),
        ("count", 10, "must be below 10"),
        ("name", 5, "must be str, not int"),
        ("mode", "slow", "must be one of FAST, SLOW"),
        ("mode", True, "must be one of FAST, SLOW"),
        ("side", "up", "must be one of left, right"),
        ("taps", 1.0, "must be tuple[float, ...], not float"),
        ("taps", "12", "must be tuple[float, ...], not str"),
        ("limit", -1, "must be at least 0"),
        ("limit", "many", "must be int, not str"),
        ("band.low", -1, "must be at least 0"),
        ("band.high", 0, "must be above 0"),
        ("band.high", 501, "must be at most 500"),
        ("band.low", float("nan"), "must be at least 0"),
        ("gain.low", 1, "cannot be set: float has no fields, so set it as a whole"),
        ("limit.low", 1, "is None: set it as a whole first"),
    ],
)
def test_a_refusal_names_the_field_and_the_reason(cls: Any, path: str, value: Any, reason: str) -> None:
    leads_nowhere = path in ("gain.low", "limit.low")
    where = path.removesuffix(".low") if leads_nowhere else path
    error = refusal(cls(name="eeg"), path, value)
    assert (error.path, error.reason) == (where, reason)


def test_a_refusal_inside_a_value_names_the_place(cls: Any) -> None:
    settings = cls(name="eeg")
    assert refusal(settings, "band", {"low": "x"}).path == "band.low"
    assert refusal(settings, "taps", [1, "x"]).path == "taps[1]"


def test_an_unknown_field_is_refused_with_the_nearest_name(cls: Any) -> None:
    settings = cls(name="eeg")
    assert refusal(settings, "gian", 1).reason.endswith("has no such field; did you mean 'gain'?")
    band = f"{__name__}.{type(settings.band).__name__}"
    error = refusal(settings, "band.lo", 1)
    assert (error.path, error.reason) == ("band.lo", f"{band} has no such field; did you mean 'low'?")
    assert refusal(settings, "band.xyz", 1).reason.endswith("has no such field; it has high, low")
    assert refusal(settings, "band", {"lwo": 1}).path == "band.lwo"


@pytest.mark.parametrize("path", ["", ".", "..", "band.", ".band", "band..low", "x" * 5000, "band." * 50])
def test_a_path_that_is_none_is_refused(cls: Any, path: str) -> None:
    refusal(cls(name="eeg"), path, 1)


@pytest.mark.parametrize("value", [5, None, ["hunter3!"], {"hunter3!": "hunter3!"}])
def test_the_refusal_of_a_secret_tells_nothing_of_it(cls: Any, value: Any) -> None:
    error = refusal(cls(name="eeg"), "token", value)
    assert error.path == "token"
    assert "hunter" not in str(error)
    assert "secret" in error.reason


def test_plain_data_makes_settings_with_defaults_for_the_rest(cls: Any) -> None:
    made = convert_settings(cls, {"name": "eeg", "band": {"low": 2}, "mode": "SLOW"})
    assert type(made) is cls
    assert readable(made) == {**READABLE, "mode": "SLOW", "band": {"low": 2.0, "high": 40.0}}


def test_what_is_readable_can_be_converted_back(cls: Any) -> None:
    settings = cls(name="eeg", gain=float("inf"), mode=Mode.SLOW, taps=(1.0, 2.0), limit=4)
    plain = json.loads(json.dumps(readable(settings), allow_nan=False))
    del plain["token"]
    assert convert_settings(cls, plain) == settings


@pytest.mark.parametrize(
    ("plain", "path", "reason"),
    [
        ({}, "name", "is required"),
        ({"name": 1}, "name", "must be str, not int"),
        ({"name": "x", "gian": 1}, "gian", "did you mean 'gain'?"),
        ({"name": "x", "band": {"low": -1}}, "band.low", "must be at least 0"),
        ({"name": "x", "band": [1, 2, 3]}, "band", "must"),
        ([], "", "must be"),
        ("name", "", "must be"),
        (None, "", "must be"),
    ],
)
def test_plain_data_that_does_not_fit_makes_nothing(cls: Any, plain: Any, path: str, reason: str) -> None:
    if isinstance(plain, list) and issubclass(cls, tuple):
        plain, path, reason = [1], "name", "must be str, not int"
    with pytest.raises(InvalidSettings) as caught:
        convert_settings(cls, plain)
    assert caught.value.path == path
    assert reason in caught.value.reason


def test_default_settings_need_a_default_for_every_field(cls: Any) -> None:
    with pytest.raises(InvalidSettings) as caught:
        default_settings(cls)
    assert (caught.value.path, caught.value.reason) == ("name", "is required")


@pytest.mark.parametrize("band", [AttrsBand, DataclassBand, StructBand, ModelBand, TupleBand])
def test_settings_without_secrets_are_pickled_and_load_again(band: Any) -> None:
    captured = capture(band(low=3.0))
    assert captured.reason is None
    assert load_trusted(captured.pickled or b"") == band(low=3.0)
    assert default_settings(band) == band()


def test_a_bare_named_tuple_keeps_to_its_names() -> None:
    point = collections.namedtuple("point", "x y", defaults=(2,))(1)
    assert readable(point) == {"x": 1, "y": 2}
    assert patch(point, "y", "anything").y == "anything"
    assert [(field.path, field.type, field.required) for field in settings_schema(point)] == [
        ("x", "Any", True),
        ("y", "Any", False),
    ]


def test_a_mapping_is_patched_in_a_copy_and_keeps_the_kinds_of_its_values() -> None:
    settings = {"gain": 2, "band": {"low": 1.0}, "on": True, "any": None, "a.b": "dotted"}
    assert patch(settings, "gain", 2.5) == {**settings, "gain": 2.5}
    assert patch(settings, "band.low", 3) == {**settings, "band": {"low": 3.0}}
    assert patch(settings, "any", [1]) == {**settings, "any": [1]}
    assert patch(settings, "a.b", "new") == {**settings, "a.b": "new"}
    assert settings == {"gain": 2, "band": {"low": 1.0}, "on": True, "any": None, "a.b": "dotted"}
    assert refusal(settings, "on", 1).reason == "must be bool, not int"
    assert refusal(settings, "band.lwo", 1).reason == "dict has no such field; did you mean 'low'?"


def test_a_subclass_of_a_mapping_is_copied_as_itself() -> None:
    settings = collections.OrderedDict(b=1, a=2)
    new = patch(settings, "a", 3)
    assert type(new) is collections.OrderedDict
    assert list(new.items()) == [("b", 1), ("a", 3)]


def test_the_schema_of_a_mapping_is_that_of_its_values() -> None:
    assert settings_schema({"gain": 2, "band": {"low": 1.0}, "of": AttrsBand()}) == (
        SettingsField("gain", "int", default=2),
        SettingsField("band.low", "float", default=1.0),
        SettingsField("of.low", "float", default=1.0, minimum=0),
        SettingsField("of.high", "float", default=40.0, minimum=0, exclusive_minimum=True, maximum=500),
    )


def test_an_arbitrary_object_is_described_by_its_repr_and_has_no_fields() -> None:
    class Arbitrary:
        def __repr__(self) -> str:
            return "Arbitrary at heart"

    settings = Arbitrary()
    assert readable(settings) == "Arbitrary at heart"
    assert settings_schema(settings) == ()
    assert capture(settings).reason is None
    assert refusal(settings, "gain", 1).reason.endswith("has no fields, so set it as a whole")
    assert type(default_settings(Arbitrary)) is Arbitrary


def test_a_repr_shows_no_memory_address() -> None:
    assert readable(object()) == "<object object>"


def test_a_class_that_names_a_later_one_is_understood_once_that_is_there() -> None:
    module = types.ModuleType("late_settings")
    code = "import attrs\n@attrs.frozen\nclass Early:\n    late: 'Late' = None\n"
    sys.modules["late_settings"] = module
    try:
        exec(code, module.__dict__)
        assert [field.path for field in settings_schema(module.Early)] == ["late"]
        exec("@attrs.frozen\nclass Late:\n    gain: float = 1.0\n", module.__dict__)
        assert [field.path for field in settings_schema(module.Early)] == ["late.gain"]
    finally:
        del sys.modules["late_settings"]
