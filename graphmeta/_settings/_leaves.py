"""Single values as JSON-safe data: numbers, texts, bytes, dates, enums and whatever only its repr can describe.

JSON has no NaN, no infinity, no big number and no bytes: those become a text with a tag (``float:nan``,
``int:...``, ``bytes:...`` in base64), which `from_tagged` understands. Every base-class method is called
unbound, so that a subclass cannot answer in its stead.
"""

import base64
import datetime
import decimal
import enum
import fractions
import math
import pathlib
import re
import types
import uuid
from collections.abc import Callable
from typing import Any, Final

import msgspec

from ._contain import attempt, bases, class_name

MAX_TEXT: Final = 4096
"""Characters of one text; a longer one is cut and says how long it was."""

_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")


def leaf(value: object) -> Any:
    """Return *value*, which holds no other values, as JSON-safe data. It never raises, whatever *value* does."""
    return attempt(_unshowable(value), _leaf, value)


def text(value: str) -> str:
    """Return *value* as a plain text that can be encoded, cut at `MAX_TEXT` characters."""
    plain = str.__str__(value)
    if len(plain) > MAX_TEXT:
        plain = f"{plain[:MAX_TEXT]}… ({len(plain)} characters)"
    return plain if plain.isascii() else plain.encode("utf-8", "backslashreplace").decode()


def described(value: object) -> str:
    """Return the repr of *value*, without memory addresses: they differ from run to run and mean nothing."""
    shown = attempt(None, repr, value)
    return text(_ADDRESS.sub("", shown[: 2 * MAX_TEXT])) if isinstance(shown, str) else _unshowable(value)


def from_tagged(tag: str, value: object) -> Any:
    """Return what a tagged text stands for, or None if *value* is no text with this tag."""
    if not isinstance(value, str) or not value.startswith(f"{tag}:"):
        return None
    return attempt(None, _TAGS[tag], value.removeprefix(f"{tag}:"))


def _leaf(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return _enum(value)
    for base in bases(type(value)):
        form = _FORMS.get(base)
        if form is not None:
            return form(value)
    return described(value)


def _unshowable(value: object) -> str:
    return f"<{class_name(type(value))}, which cannot be shown>"


def _enum(value: enum.Enum) -> Any:
    return text(value._name_) if isinstance(value._name_, str) else _leaf(value._value_)


def _int(value: int) -> int | str:
    plain = int.__int__(value)
    return plain if -(2**63) <= plain < 2**64 else _big(plain)


def _big(value: int) -> str:
    return f"int:{value}" if value.bit_length() < MAX_TEXT else f"<int of {value.bit_length()} bits>"


def _float(value: float) -> float | str:
    plain = float.__float__(value)
    return plain if math.isfinite(plain) else f"float:{plain}"


def _bytes(value: bytes | bytearray) -> str:
    if len(value) > MAX_TEXT:
        return f"<{len(value)} bytes>"
    return "bytes:" + base64.b64encode(bytes(memoryview(value))).decode()


def _named(value: Any) -> str:
    return text(f"{value.__module__}.{value.__qualname__}")


def _builtin(value: object) -> Any:
    return msgspec.to_builtins(value)


_FORMS: Final[dict[type, Callable[[Any], Any]]] = {
    type(None): lambda value: None,
    bool: lambda value: value,
    int: _int,
    float: _float,
    complex: lambda value: f"complex:{complex(value)}",
    str: text,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: lambda value: (
        _bytes(value.tobytes()) if value.nbytes <= MAX_TEXT else f"<{value.nbytes} bytes>"
    ),
    datetime.datetime: lambda value: datetime.datetime.isoformat(value),
    datetime.date: lambda value: datetime.date.isoformat(value),
    datetime.time: lambda value: datetime.time.isoformat(value),
    datetime.timedelta: _builtin,
    decimal.Decimal: lambda value: text(decimal.Decimal.__str__(value)),
    fractions.Fraction: lambda value: text(fractions.Fraction.__str__(value)),
    uuid.UUID: lambda value: text(uuid.UUID.__str__(value)),
    pathlib.PurePath: lambda value: text(str(value)),
    range: lambda value: text(repr(value)),
    type: lambda value: class_name(value),
    types.FunctionType: _named,
    types.BuiltinFunctionType: _named,
}

_TAGS: Final[dict[str, Callable[[str], Any]]] = {
    "float": float,
    "int": int,
    "complex": complex,
    "bytes": lambda value: base64.b64decode(value, validate=True),
}
