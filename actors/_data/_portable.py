"""Which message types msgpack can carry without loss, and whether a value is exactly of such a type.

Pure. A type is read once, into a check. The check matters because an encoder is generous: it would slice a subclass to
its base, and a tuple to a list, without a word.
"""

import datetime
import decimal
import enum
import uuid
from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec import inspect

from ._arrays import is_array_type, is_scalar_type
from ._errors import Unfit
from ._plain import check_integer, check_plain

Check = Callable[[Any], None]
"""Raises `Unfit` for a value that would not arrive as it is."""

_BIGGEST_IN_FLOAT: Final = 2**53


def check_of(message_type: Any) -> Check:
    """Return the check for values of a type; raises `Unfit` with the reason when the type is not portable."""
    try:
        described = inspect.type_info(message_type)
    except Exception as error:  # TypeError for most; a name that cannot be resolved raises what it likes.
        raise Unfit(str(error)) from None
    return _Reader().read(described)


class _Reader:
    """Reads one type's description; a record that contains itself is read once."""

    def __init__(self) -> None:
        self._known: dict[int, list[Check]] = {}

    def read(self, node: inspect.Type) -> Check:
        found = self._known.get(id(node))
        if found is not None:
            return lambda value: found[0](value)
        place: list[Check] = []
        self._known[id(node)] = place
        make = _MAKERS.get(type(node))
        if make is None:
            raise Unfit(f"{type(node).__name__.removesuffix('Type').lower()} has no place in a message")
        place.append(make(self, node))
        return place[0]

    def fields(self, cls: type, fields: Iterable[inspect.Field]) -> list[tuple[str, Check]]:
        return [(field.name, self.read(field.type)) for field in fields]


def _exactly(cls: type) -> Callable[["_Reader", Any], Check]:
    def check(value: Any) -> None:
        if type(value) is not cls:
            raise _other(value, cls.__name__)

    return lambda reader, node: check


def _other(value: Any, wanted: str) -> Unfit:
    return Unfit(f"{type(value).__module__}.{type(value).__qualname__} where {wanted} is due")


def _integer(reader: _Reader, node: Any) -> Check:
    def check(value: Any) -> None:
        if type(value) is not int:
            raise _other(value, "int")
        check_integer(value)

    return check


def _float(reader: _Reader, node: Any) -> Check:
    def check(value: Any) -> None:
        whole = type(value) is int and abs(value) <= _BIGGEST_IN_FLOAT
        if type(value) is not float and not whole:
            raise _other(value, "float")

    return check


def _enum(reader: _Reader, node: inspect.EnumType) -> Check:
    if issubclass(node.cls, enum.Flag):
        raise Unfit(f"{node.cls.__qualname__} is a flag: combinations of its members have no value of their own")
    return _exactly(node.cls)(reader, node)


def _literal(reader: _Reader, node: inspect.LiteralType) -> Check:
    allowed = {(type(value), value) for value in node.values}

    def check(value: Any) -> None:
        if type(value) not in (str, int, type(None), bool) or (type(value), value) not in allowed:
            raise Unfit(f"{value!r:.40} is not among the literals of its type")

    return check


def _items(cls: Any) -> Callable[[_Reader, Any], Check]:
    def make(reader: _Reader, node: Any) -> Check:
        check_item = reader.read(node.item_type)
        quick = _QUICK.get(type(node.item_type))

        def check(value: Any) -> None:
            if type(value) is not cls:
                raise _other(value, cls.__name__)
            if quick is not None and set(map(type, value)) <= quick:
                return
            for item in value:
                check_item(item)

        return check

    return make


def _tuple(reader: _Reader, node: inspect.TupleType) -> Check:
    checks = [reader.read(item) for item in node.item_types]

    def check(value: Any) -> None:
        if type(value) is not tuple or len(value) != len(checks):
            raise _other(value, f"a tuple of {len(checks)}")
        for check_item, item in zip(checks, value, strict=True):
            check_item(item)

    return check


def _dict(reader: _Reader, node: inspect.DictType) -> Check:
    loose = isinstance(node.key_type, inspect.AnyType)
    check_key, check_value = (reader.read(inspect.StrType() if loose else node.key_type), reader.read(node.value_type))

    def check(value: Any) -> None:
        if type(value) is not dict:
            raise _other(value, "dict")
        for key, item in value.items():
            check_key(key)
            check_value(item)

    return check


def _record(reader: _Reader, node: Any) -> Check:
    cls = node.cls
    hidden = [field.name for field in node.fields if field.name.startswith("_")] + _not_given(cls)
    if hidden:
        raise Unfit(f"{cls.__qualname__}.{hidden[0]} is no argument of its constructor")
    checks = reader.fields(cls, node.fields)

    def check(value: Any) -> None:
        if type(value) is not cls:
            raise _other(value, cls.__name__)
        for name, check_field in checks:
            check_field(getattr(value, name))

    return check


def _not_given(cls: Any) -> list[str]:
    """Name the fields of an attrs class or a dataclass that its constructor does not take."""
    fields = getattr(cls, "__attrs_attrs__", None) or getattr(cls, "__dataclass_fields__", {}).values()
    return [field.name for field in fields if not field.init]


def _named_tuple(reader: _Reader, node: inspect.NamedTupleType) -> Check:
    checks = reader.fields(node.cls, node.fields)

    def check(value: Any) -> None:
        if type(value) is not node.cls:
            raise _other(value, node.cls.__name__)
        for name, check_field in checks:
            check_field(getattr(value, name))

    return check


def _typed_dict(reader: _Reader, node: inspect.TypedDictType) -> Check:
    checks = dict(reader.fields(node.cls, node.fields))
    required = {field.name for field in node.fields if field.required}

    def check(value: Any) -> None:
        if type(value) is not dict or not required <= value.keys() <= checks.keys():
            raise _other(value, node.cls.__name__)
        for key, item in value.items():
            checks[key](item)

    return check


def _union(reader: _Reader, node: inspect.UnionType) -> Check:
    checks = [reader.read(arm) for arm in node.types]

    def check(value: Any) -> None:
        for check_arm in checks:
            try:
                return check_arm(value)
            except Unfit as error:
                reason = error
        raise reason

    return check


def _custom(reader: _Reader, node: inspect.CustomType) -> Check:
    cls = node.cls
    if cls is object:
        return check_plain
    if not is_array_type(cls) and not (is_scalar_type(cls) and cls.__name__ not in _NO_SCALARS):
        raise Unfit(f"msgpack cannot carry {cls.__module__}.{cls.__qualname__}")

    def check(value: Any) -> None:
        if type(value) is not cls:
            raise _other(value, cls.__name__)

    return check


_NO_SCALARS: Final = {
    *("generic", "number", "integer", "signedinteger", "unsignedinteger", "inexact", "floating", "complexfloating"),
    *("flexible", "character", "void", "object_"),
}
"""numpy's abstract classes, and those whose values have no fixed form."""

_QUICK: Final[dict[type, set[type]]] = {
    inspect.StrType: {str},
    inspect.BytesType: {bytes},
    inspect.BoolType: {bool},
    inspect.FloatType: {float},
}
"""Items that need no look of their own when all are of this class."""

_MAKERS: Final[dict[type, Callable[[_Reader, Any], Check]]] = {
    inspect.AnyType: lambda reader, node: check_plain,
    inspect.NoneType: _exactly(type(None)),
    inspect.BoolType: _exactly(bool),
    inspect.IntType: _integer,
    inspect.FloatType: _float,
    inspect.StrType: _exactly(str),
    inspect.BytesType: _exactly(bytes),
    inspect.ByteArrayType: _exactly(bytearray),
    inspect.DateTimeType: _exactly(datetime.datetime),
    inspect.DateType: _exactly(datetime.date),
    inspect.TimeType: _exactly(datetime.time),
    inspect.TimeDeltaType: _exactly(datetime.timedelta),
    inspect.UUIDType: _exactly(uuid.UUID),
    inspect.DecimalType: _exactly(decimal.Decimal),
    inspect.EnumType: _enum,
    inspect.LiteralType: _literal,
    inspect.ListType: _items(list),
    inspect.VarTupleType: _items(tuple),
    inspect.SetType: _items(set),
    inspect.FrozenSetType: _items(frozenset),
    inspect.TupleType: _tuple,
    inspect.DictType: _dict,
    inspect.StructType: _record,
    inspect.DataclassType: _record,
    inspect.NamedTupleType: _named_tuple,
    inspect.TypedDictType: _typed_dict,
    inspect.UnionType: _union,
    inspect.CustomType: _custom,
}
"""How a check is made, by the kind of type; what is missing cannot cross."""
