"""Settings classes of attrs and of the standard library: how to read their fields and make changed copies."""

import dataclasses
import inspect
from functools import partial
from typing import Any, Final, Union

import attrs

from ._annotations import resolve, resolved_hints
from ._constraints import from_validator
from ._contain import declared
from ._fields import Default, Field, Kind, make_field


def _attrs_fields(cls: type) -> tuple[Field, ...]:
    hints = resolved_hints(cls)
    return tuple(
        make_field(
            item.name,
            hints.get(item.name, resolve(item.type, cls) if item.type is not None else _checked_type(item)),
            _attrs_default(item),
            item.metadata,
            from_validator(item.validator),
            key=item.alias or item.name,
            settable=item.init,
            converts=item.converter is not None,
        )
        for item in attrs.fields(cls)
    )


def _checked_type(item: Any) -> Any:
    """Return the type that an attribute without annotation is checked against, if any."""
    checked = getattr(item.validator, "type", Any)
    return Union[checked] if isinstance(checked, tuple) else checked  # noqa: UP007 - made of a tuple


def _attrs_default(item: Any) -> Default | None:
    if item.default is attrs.NOTHING:
        return None
    if isinstance(item.default, attrs.Factory):  # type: ignore[arg-type]  # typed as a function, but is a class
        return item.default.factory if not item.default.takes_self else _unknowable
    return lambda: item.default


def _unknowable() -> Any:
    """Stand for a default that depends on the instance: looking for it finds none."""
    raise LookupError


def _dataclass_fields(cls: type) -> tuple[Field, ...]:
    hints = resolved_hints(cls)
    return tuple(
        make_field(
            item.name,
            hints.get(item.name, Any),
            _dataclass_default(item),
            item.metadata,
            settable=item.init,
        )
        for item in dataclasses.fields(cls)
    )


def _dataclass_default(item: dataclasses.Field[Any]) -> Default | None:
    if item.default is not dataclasses.MISSING:
        return lambda: item.default
    return None if item.default_factory is dataclasses.MISSING else item.default_factory


def _tuple_fields(cls: Any) -> tuple[Field, ...]:
    hints = resolved_hints(cls)
    defaults = cls._field_defaults
    return tuple(
        make_field(
            name,
            hints.get(name, Any),
            partial(defaults.__getitem__, name) if name in defaults else None,
            {"description": _tuple_doc(cls, name)},
        )
        for name in cls._fields
    )


def _tuple_doc(cls: type, name: str) -> str:
    doc = inspect.getdoc(declared(cls, name)) or ""
    return "" if doc.startswith("Alias for field number") else doc


ATTRS: Final = Kind(
    name="attrs",
    claims=lambda cls: declared(cls, "__attrs_attrs__") is not None,
    fields=_attrs_fields,
    build=lambda cls, values: cls(**values),
    replace=lambda old, values: attrs.evolve(old, **values),
)
DATACLASS: Final = Kind(
    name="dataclass",
    claims=lambda cls: declared(cls, "__dataclass_fields__") is not None,
    fields=_dataclass_fields,
    build=lambda cls, values: cls(**values),
    replace=lambda old, values: dataclasses.replace(old, **values),
)
NAMED_TUPLE: Final = Kind(
    name="named tuple",
    claims=lambda cls: issubclass(cls, tuple) and declared(cls, "_fields") is not None,
    fields=_tuple_fields,
    build=lambda cls, values: cls(**values),
    replace=lambda old, values: old._replace(**values),
)
