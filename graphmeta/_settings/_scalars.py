"""Plain data into single values: one small function per class, in a table.

Each returns the value or raises; its caller turns that into a refusal that names the type. A number comes from
JSON: 5 and 5.0 are the same number to most who write JSON, true is no number to anybody.
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


class Refused(Exception):
    """The value does not fit; the text says what would."""


def scalar_form(cls: type) -> Callable[[Any], Any] | None:
    """Return the function that makes a *cls* of plain data; None if this file knows none."""
    if issubclass(cls, enum.Enum):
        return lambda value: _enum(cls, value)
    if issubclass(cls, pathlib.PurePath):
        return lambda value: cls(_of(str, value)) if not isinstance(value, pathlib.PurePath) else cls(value)
    return _FORMS.get(cls)


def _of(cls: type, value: Any) -> Any:
    if not isinstance(value, cls) or (isinstance(value, bool) and cls is not bool):
        raise Refused
    return value


def _int(value: Any) -> int:
    value = _tagged("int", value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(_of(int, value))


def _float(value: Any) -> float:
    value = _tagged("float", _tagged("int", value))
    return float(value if isinstance(value, float) else _of(int, value))


def _complex(value: Any) -> complex:
    value = _tagged("complex", value)
    return value if isinstance(value, complex) else complex(_float(value))


def _bytes(value: Any) -> bytes:
    value = _tagged("bytes", value)
    return bytes(value if isinstance(value, (bytearray, memoryview)) else _of(bytes, value))


def _tagged(tag: str, value: Any) -> Any:
    found = from_tagged(tag, value)
    return value if found is None else found


def _timedelta(value: Any) -> datetime.timedelta:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return datetime.timedelta(seconds=value)
    return _by_msgspec(datetime.timedelta)(value)


def _by_msgspec(cls: type) -> Callable[[Any], Any]:
    return lambda value: value if isinstance(value, cls) else msgspec.convert(_of(str, value), cls)


def _decimal(value: Any) -> decimal.Decimal:
    if isinstance(value, decimal.Decimal):
        return value
    return decimal.Decimal(
        value if isinstance(value, str) else str(_float(value) if isinstance(value, float) else _int(value))
    )


def _fraction(value: Any) -> fractions.Fraction:
    return (
        value
        if isinstance(value, fractions.Fraction)
        else fractions.Fraction(value if isinstance(value, str) else _float(value))
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
    if issubclass(cls, enum.Flag):
        return _flags(cls, value)
    raise Refused(f"one of {', '.join(list(cls.__members__)[:20])}")


def _flags(cls: type[enum.Flag], value: Any) -> enum.Flag:
    if not isinstance(value, str):
        return cls(_int(value))
    result = cls(0)
    for name in filter(None, value.split("|")):
        if name not in cls.__members__:
            raise Refused(f"some of {', '.join(list(cls.__members__)[:20])}, joined by |")
        result |= cls.__members__[name]
    return result


_FORMS: Final[dict[type, Callable[[Any], Any]]] = {
    bool: lambda value: _of(bool, value),
    int: _int,
    float: _float,
    complex: _complex,
    str: lambda value: _of(str, value),
    bytes: _bytes,
    bytearray: lambda value: bytearray(_bytes(value)),
    datetime.datetime: _by_msgspec(datetime.datetime),
    datetime.date: _by_msgspec(datetime.date),
    datetime.time: _by_msgspec(datetime.time),
    datetime.timedelta: _timedelta,
    uuid.UUID: _by_msgspec(uuid.UUID),
    decimal.Decimal: _decimal,
    fractions.Fraction: _fraction,
}
