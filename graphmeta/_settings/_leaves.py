"""Single values as JSON-safe data: numbers, texts, bytes, dates, enums.

JSON has no NaN, no infinity, no big number and no bytes: those become a text with a tag (``float:nan``,
``int:...``, ``bytes:...`` in base64), which `from_tagged` understands. The methods of the base class are
called unbound wherever that is possible, so that a subclass cannot answer in its stead.
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

from ._contain import attempt, bases, class_name, printable

MAX_TEXT: Final = 4096
"""Characters of one text; a longer one is cut and says how long it was."""

NOT_A_LEAF: Final[Any] = object()
"""What `leaf` returns for a value that it has no form for."""

_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")


def leaf(value: Any) -> Any:
    """Return *value* as JSON-safe data, or `NOT_A_LEAF`; what a subclass of a known class raises passes."""
    form = _FORMS.get(type(value))
    if form is not None:
        return form(value)
    known = bases(type(value))
    if enum.Enum in known:
        return _enum(value)
    return next((_FORMS[base](value) for base in known if base in _FORMS), NOT_A_LEAF)


def text(value: str) -> str:
    """Return *value* as a plain text that can be encoded, cut at `MAX_TEXT` characters."""
    plain = str.__str__(value)
    if len(plain) > MAX_TEXT:
        plain = f"{plain[:MAX_TEXT]}… ({len(plain)} characters)"
    return printable(plain)


def described(value: object, clean: Callable[[str], str] = str) -> str:
    """Return the repr of *value*, cleaned, without memory addresses: they differ from run to run."""
    shown = attempt(None, repr, value)
    if shown is None:
        return unshowable(value)
    return text(_ADDRESS.sub("", clean(str.__str__(shown))[: 2 * MAX_TEXT]))


def unshowable(value: object) -> str:
    """Return what stands for a value that refuses to be shown."""
    return text(f"<{class_name(type(value))}, which cannot be shown>")


def from_tagged(tag: str, value: object) -> Any:
    """Return what a tagged text stands for, or None if *value* is no text with this tag."""
    if not isinstance(value, str) or not value.startswith(f"{tag}:"):
        return None
    return attempt(None, _TAGS[tag], value.removeprefix(f"{tag}:"))


def _enum(value: Any) -> Any:
    if isinstance(value._name_, str):
        return text(value._name_)
    return leaf(value._value_)


def _int(value: int) -> int | str:
    plain = int.__int__(value)
    if -(2**63) <= plain < 2**64:
        return plain
    return f"int:{plain}" if plain.bit_length() < MAX_TEXT else f"<int of {plain.bit_length()} bits>"


def _float(value: float) -> float | str:
    plain = float.__float__(value)
    return plain if math.isfinite(plain) else f"float:{plain}"


def _bytes(value: bytes | bytearray | memoryview) -> str:
    view = memoryview(value)
    if view.nbytes > MAX_TEXT:
        return f"<{view.nbytes} bytes>"
    return "bytes:" + base64.b64encode(view.tobytes()).decode()


def _named(value: Any) -> str:
    return text(f"{value.__module__}.{value.__qualname__}")


_FORMS: Final[dict[type, Callable[[Any], Any]]] = {
    type(None): lambda value: None,
    bool: lambda value: value,
    int: _int,
    float: _float,
    complex: lambda value: f"complex:{complex.__complex__(value)}",
    str: text,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _bytes,
    datetime.datetime: datetime.datetime.isoformat,
    datetime.date: datetime.date.isoformat,
    datetime.time: datetime.time.isoformat,
    datetime.timedelta: msgspec.to_builtins,
    decimal.Decimal: lambda value: text(decimal.Decimal.__str__(value)),
    fractions.Fraction: lambda value: text(fractions.Fraction.__str__(value)),
    uuid.UUID: lambda value: text(uuid.UUID.__str__(value)),
    pathlib.PurePath: lambda value: text(str(value)),
    type: class_name,
    types.FunctionType: _named,
    types.BuiltinFunctionType: _named,
}

_TAGS: Final[dict[str, Callable[[str], Any]]] = {
    "float": float,
    "int": int,
    "complex": complex,
    "bytes": lambda value: base64.b64decode(value, validate=True),
}
