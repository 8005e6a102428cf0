"""Settings classes of the ``param`` library, which is never imported: a class brings its own code along."""

import datetime
from functools import partial
from typing import Any, Final

from ._annotations import resolved_hints
from ._constraints import Constraint
from ._contain import bases, descends
from ._fields import Field, Kind, make_field

_TYPES: Final[dict[str, Any]] = {
    "Boolean": bool,
    "Integer": int,
    "Date": datetime.datetime,
    "CalendarDate": datetime.date,
    "Number": float,
    "String": str,
    "Range": tuple[float, float],
    "Tuple": tuple,
    "List": list,
    "Dict": dict,
}
"""What a parameter of each class holds; the first of its bases that is listed counts, anything else is free."""


def _parameters(cls: Any) -> dict[str, Any]:
    """Return the parameters of *cls* but its instances' name, which param makes up anew each time."""
    return {name: each for name, each in cls.param.objects(instance=False).items() if name != "name"}


def _fields(cls: Any) -> tuple[Field, ...]:
    hints = resolved_hints(cls)
    return tuple(
        make_field(
            name,
            hints.get(name, _annotation(parameter)),
            partial(getattr, parameter, "default"),
            {"doc": parameter.doc},
            _constraints(parameter),
            settable=not parameter.readonly,
        )
        for name, parameter in _parameters(cls).items()
    )


def _annotation(parameter: Any) -> Any:
    named = (_TYPES[base.__name__] for base in bases(type(parameter)) if base.__name__ in _TYPES)
    annotation = next(named, Any)
    return annotation | None if parameter.allow_None and annotation is not Any else annotation


def _constraints(parameter: Any) -> tuple[Constraint, ...]:
    objects = getattr(parameter, "objects", None)
    if objects:
        return (Constraint("choices", list(objects)),)
    low, high = getattr(parameter, "bounds", None) or (None, None)
    closed = getattr(parameter, "inclusive_bounds", None) or (True, True)
    return (
        *([Constraint("ge" if closed[0] else "gt", low)] if low is not None else []),
        *([Constraint("le" if closed[1] else "lt", high)] if high is not None else []),
    )


def _replace(old: Any, values: dict[str, Any]) -> Any:
    writable = [name for name, parameter in type(old).param.objects(instance=False).items() if not parameter.readonly]
    return type(old)(**{**{name: getattr(old, name) for name in writable}, **values})


PARAM: Final = Kind(
    name="param",
    claims=lambda cls: descends(cls, "param.parameterized", "Parameterized"),
    fields=_fields,
    build=lambda cls, values: cls(**values),
    replace=_replace,
)
