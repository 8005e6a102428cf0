"""Settings objects of the ``param`` library, where it is installed."""

from typing import Annotated, Any

import pytest

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

param = pytest.importorskip("param", reason="param is not installed")


class Band(param.Parameterized):  # type: ignore[misc,name-defined]  # param may be absent
    low = param.Number(default=1.0, bounds=(0, None), inclusive_bounds=(False, True), doc="lower edge")
    high = param.Number(default=40.0, bounds=(None, 500))


class Settings(param.Parameterized):  # type: ignore[misc,name-defined]  # likewise
    gain = param.Number(default=2.0, doc="factor")
    count = param.Integer(default=3, bounds=(1, 9))
    on = param.Boolean(default=False)
    side = param.Selector(default="left", objects=["left", "right"])
    title = param.String(default=None, allow_None=True)
    span = param.Range(default=(0.0, 1.0))
    anything = param.Parameter(default=None)
    made = param.Number(default=0.5, readonly=True)


class Guarded(param.Parameterized):  # type: ignore[misc,name-defined]  # likewise
    token: Annotated[str, Secret] = param.String(default="hunter2!")


def test_param_settings_are_readable_and_pickled() -> None:
    assert readable(Band()) == {"low": 1.0, "high": 40.0}
    assert readable(Settings()) == {
        "gain": 2.0,
        "count": 3,
        "on": False,
        "side": "left",
        "title": None,
        "span": [0.0, 1.0],
        "anything": None,
        "made": 0.5,
    }
    loaded: Any = load_trusted(capture(Band(low=3)).pickled or b"")
    assert loaded.low == 3


def test_param_says_what_its_parameters_are() -> None:
    assert settings_schema(Band) == (
        SettingsField("low", "float", default=1.0, description="lower edge", minimum=0, exclusive_minimum=True),
        SettingsField("high", "float", default=40.0, maximum=500),
    )
    assert settings_schema(Settings) == (
        SettingsField("gain", "float", default=2.0, description="factor"),
        SettingsField("count", "int", default=3, minimum=1, maximum=9),
        SettingsField("on", "bool", default=False),
        SettingsField("side", "Any", default="left", choices=("left", "right")),
        SettingsField("title", "str | None"),
        SettingsField("span", "tuple[float, float]", default=[0.0, 1.0]),
        SettingsField("anything", "Any"),
    )


def test_param_settings_are_patched_in_a_copy() -> None:
    settings = Settings(gain=5.0, name="mine")
    new = patch(settings, "count", 4.0)
    assert (type(new), new.count, new.gain, new.name) == (Settings, 4, 5.0, "mine")
    assert patch(settings, "span", [2, 3]).span == (2.0, 3.0)
    assert settings.count == 3
    for path, value, reason in (
        ("count", 10, "must be at most 9"),
        ("on", 1, "must be bool, not int"),
        ("side", "up", "must be one of left, right"),
        ("made", 1.0, "is computed by its class and cannot be set"),
        ("gian", 1.0, "did you mean 'gain'?"),
    ):
        with pytest.raises(InvalidSettings) as caught:
            patch(settings, path, value)
        assert caught.value.path == path
        assert reason in caught.value.reason


def test_param_settings_are_made_of_plain_data_and_of_defaults() -> None:
    assert convert_settings(Settings, {"count": 5}).count == 5
    assert default_settings(Band).high == 40.0


def test_a_secret_parameter_is_redacted() -> None:
    captured = capture(Guarded())
    assert (captured.readable, captured.pickled, captured.reason) == ({"token": "<secret>"}, None, "holds secrets")
