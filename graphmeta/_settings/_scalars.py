"""Plain data into single values: one small function per class, in a table.

Each returns the value or raises; its caller turns that into a refusal that names the type. A number comes
from JSON: 5 and 5.0 are the same number to most who write JSON, true is no number to anybody.
"""

import datetime
import decimal
import enum
import fractions
import pathlib
import uuid
from collections.abc import Callable
from typing import Any, Final

import msgspec

from ._leaves import from_tagged


def scalar_form(cls: type) -> Callable[[Any], Any] | None:
    """Return the function that makes a *cls* of plain data or raises; None if this file knows none."""
    if issubclass(cls, enum.Enum):
        return lambda value: _enum(cls, value)
    if issubclass(cls, pathlib.PurePath):
        return lambda value: value if isinstance(value, cls) else cls(_text(value))
    return _FORMS.get(cls)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _number(value: Any) -> int | float:
    if isinstance(value, str):
        value = _tagged("float", _tagged("int", value))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError
    return value


def _int(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise ValueError
    return int(number)


def _complex(value: Any) -> complex:
    value = _tagged("complex", value)
    return value if isinstance(value, complex) else complex(_number(value))


def _bytes(value: Any) -> bytes:
    value = _tagged("bytes", value)
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError
    return bytes(value)


def _tagged(tag: str, value: Any) -> Any:
    found = from_tagged(tag, value)
    return value if found is None else found


def _by_msgspec(cls: type) -> Callable[[Any], Any]:
    return lambda value: value if isinstance(value, cls) else msgspec.convert(_text(value), cls)


def _timedelta(value: Any) -> Any:
    if isinstance(value, (str, datetime.timedelta)):
        return _by_msgspec(datetime.timedelta)(value)
    return datetime.timedelta(seconds=_number(value))


def _exact(cls: type) -> Callable[[Any], Any]:
    """Return the form of a class that makes a number of its text, so that 0.1 stays a tenth."""
    return lambda value: (
        value if isinstance(value, cls) else cls(str(value if isinstance(value, str) else _number(value)))
    )


def _enum(cls: type[enum.Enum], value: Any) -> enum.Enum:
    """Return the member by itself, by its name or by its value; flags are named ``A|B``."""
    if isinstance(value, cls):
        return value
    if isinstance(value, str) and value in cls.__members__:
        return cls.__members__[value]
    for member in cls:
        if type(member._value_) is type(value) and member._value_ == value:
            return member
    if not issubclass(cls, enum.Flag):
        raise ValueError
    if not isinstance(value, str):
        return cls(_int(value))
    result = cls(0)
    for name in filter(None, value.split("|")):
        result |= cls.__members__[name]
    return result


_FORMS: Final[dict[type, Callable[[Any], Any]]] = {
    bool: _bool,
    int: _int,
    float: lambda value: float(_number(value)),
    complex: _complex,
    str: _text,
    bytes: _bytes,
    bytearray: lambda value: bytearray(_bytes(value)),
    datetime.datetime: _by_msgspec(datetime.datetime),
    datetime.date: _by_msgspec(datetime.date),
    datetime.time: _by_msgspec(datetime.time),
    datetime.timedelta: _timedelta,
    uuid.UUID: _by_msgspec(uuid.UUID),
    decimal.Decimal: _exact(decimal.Decimal),
    fractions.Fraction: _exact(fractions.Fraction),
}
