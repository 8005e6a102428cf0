"""Errors across the wire, and expected ones apart from bugs. No tasks here."""

from typing import Any

import attrs
import pytest

from transport import (
    ErrorTable,
    InvalidParams,
    InvalidRequest,
    LimitExceeded,
    MethodNotFound,
    ParseError,
    ProtocolError,
    RemoteError,
    TransportError,
)
from transport._documents._codec import JSON, MSGPACK, Codec
from transport._documents._nesting import PlainBounds
from transport._documents._rpc import read_frame
from transport._groups import unexpected

BOUNDS = PlainBounds(64, 1024 * 1024)
CODECS = pytest.mark.parametrize("codec", [JSON, MSGPACK], ids=["json", "msgpack"])


def read(codec: Codec, document: Any) -> Any:
    return read_frame(codec.frame(codec.encode(document)), BOUNDS)


@attrs.frozen
class Typed:
    name: str
    sizes: dict[str, tuple[int, ...]] = attrs.field(factory=dict)


@attrs.frozen
class Domain(Exception):
    path: tuple[str, ...]
    typed: Typed
    size: int = 0


@CODECS
def test_an_error_of_the_table_is_rebuilt_with_its_fields(codec: Codec) -> None:
    table = ErrorTable(Domain)
    error = Domain(("a", "b"), Typed("n", {"x": (1, 2)}), 3)
    assert error in table
    document = {"jsonrpc": "2.0", "id": 1, "error": table.describe(error)}
    rebuilt = table.rebuild(read(codec, document))
    assert type(rebuilt) is Domain
    assert rebuilt.args == error.args


def test_every_error_of_our_own_crosses_and_keeps_its_standard_code() -> None:
    table = ErrorTable()
    codes = {
        ParseError("x"): -32700,
        InvalidRequest("x"): -32600,
        MethodNotFound("x"): -32601,
        InvalidParams("m", "x"): -32602,
        LimitExceeded("sessions", 3): -32000,
    }
    for error, code in codes.items():
        described = table.describe(error)
        assert described["code"] == code
        rebuilt = table.rebuild(read(JSON, {"jsonrpc": "2.0", "id": 1, "error": described}))
        assert (type(rebuilt), rebuilt.args) == (type(error), error.args)


@pytest.mark.parametrize(
    "data",
    [
        None,
        "text",
        {"type": 7},
        {"type": "Domain"},
        {"type": "Domain", "fields": [1]},
        {"type": "Domain", "fields": {"path": "no list", "typed": {"name": "n"}}},
        {"type": "Exception", "fields": {}},
        {"type": "SystemExit", "fields": {}},
    ],
)
def test_an_error_that_cannot_be_rebuilt_stays_readable(data: Any) -> None:
    error = {"code": -1, "message": "it broke", "data": data}
    rebuilt = ErrorTable(Domain).rebuild(read(JSON, {"jsonrpc": "2.0", "id": 1, "error": error}))
    assert isinstance(rebuilt, RemoteError)
    assert (rebuilt.code, rebuilt.message) == (-1, "it broke")


def test_two_classes_of_one_name_are_refused() -> None:
    class Domain(Exception): ...  # the other one's name is the point

    with pytest.raises(ValueError, match="the same name"):
        ErrorTable(Domain, globals()["Domain"])


def test_expected_errors_are_told_from_bugs_even_inside_groups() -> None:
    lost, bug = ProtocolError("x"), ZeroDivisionError()
    expected = (TransportError,)
    assert unexpected(lost, expected) is None
    assert unexpected(bug, expected) is bug
    assert unexpected(ExceptionGroup("", [lost, ExceptionGroup("", [lost])]), expected) is None
    assert unexpected(ExceptionGroup("", [lost, ExceptionGroup("", [bug])]), expected) is bug
