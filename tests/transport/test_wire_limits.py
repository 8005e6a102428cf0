"""The record of all limits."""

import math
from typing import Any

import attrs
import msgspec
import pytest

from transport import (
    Limits,
)


@pytest.mark.parametrize("wrong", [{"sessions": 0}, {"send_seconds": -1}, {"open_seconds": math.nan}])
def test_a_limit_that_would_stop_everything_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be greater than zero"):
        Limits(**wrong)


def test_fragments_must_fit_into_frames() -> None:
    with pytest.raises(ValueError, match="room for a fragment"):
        Limits(client_frame_bytes=100_000)


def test_every_limit_that_is_named_by_an_error_is_a_field() -> None:
    names = {field.name for field in attrs.fields(Limits)}
    for role in ("client", "server"):
        assert {f"{role}_frame_bytes", f"{role}_document_bytes"} <= names
    assert msgspec.json.decode(msgspec.json.encode(Limits()), type=Limits) == Limits()
