"""What the fields of a settings class are, flat and dotted, as records that any reader understands."""

import enum
import typing
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, Literal

from graphmeta._metadata import SettingsField

from ._annotations import arms, strip, type_text
from ._constraints import MAX_CHOICES, bounds, choices
from ._contain import attempt, class_name
from ._fields import MISSING, Field, Shape, default_of
from ._kinds import shape_of
from ._leaves import NOT_A_LEAF, described, leaf, text
from ._readable import readable
from ._refusal import joined
from ._secrets import REDACTED

MAX_FIELDS: Final = 512
"""No schema lists more fields than these."""


def settings_schema(settings: object) -> tuple[SettingsField, ...]:
    """Return the fields of a settings class, or of an instance's class, nested ones dotted.

    A mapping has the keys and types that this instance has. Anything without fields has an empty schema.
    """
    shape = shape_of(settings if isinstance(settings, type) else type(settings))
    if shape is not None:
        return tuple(islice(_of_shape(shape, "", MISSING, ()), MAX_FIELDS))
    if isinstance(settings, Mapping):
        return tuple(islice(_of_mapping(settings, ""), MAX_FIELDS))
    return ()


def _of_shape(shape: Shape, path: str, around: Any, inside: tuple[type, ...]) -> Iterator[SettingsField]:
    """Yield the fields of *shape*; *around* is the default instance that holds them, if there is one."""
    for field in shape.fields.values():
        default = default_of(field) if around is MISSING else attempt(MISSING, getattr, around, field.name)
        if field.settable:
            yield from _of_field(field, joined(path, field.name), default, (*inside, shape.cls))


def _of_field(field: Field, path: str, default: Any, inside: tuple[type, ...]) -> Iterator[SettingsField]:
    nested = _nested(field, inside)
    if nested is None or len(arms(field.annotation)) > 1:
        yield _record(field, path, default)
    if nested is not None:
        yield from _of_shape(nested, path, MISSING if default is None else default, inside)


def _nested(field: Field, inside: tuple[type, ...]) -> Shape | None:
    shapes = [shape_of(strip(arm)[0]) for arm in arms(field.annotation)]
    found = [shape for shape in shapes if shape is not None]
    return found[0] if len(found) == 1 and found[0].cls not in inside and not field.secret else None


def _record(field: Field, path: str, default: Any) -> SettingsField:
    lower, upper = bounds(field.constraints)
    return SettingsField(
        path=path,
        type=type_text(field.annotation),
        required=field.default is None and default is MISSING,
        default=_default(field, default),
        description=text(str(field.description)),
        minimum=None if lower is None else lower[0],
        maximum=None if upper is None else upper[0],
        exclusive_minimum=lower is not None and lower[1],
        exclusive_maximum=upper is not None and upper[1],
        choices=() if field.secret else tuple(_shown(choice) for choice in _choices(field)),
        secret=field.secret,
    )


def _default(field: Field, default: Any) -> Any:
    if default is MISSING:
        return None
    return REDACTED if field.secret else readable(default)


def _shown(choice: Any) -> Any:
    shown = attempt(NOT_A_LEAF, leaf, choice)
    return described(choice) if shown is NOT_A_LEAF else shown


def _choices(field: Field) -> tuple[Any, ...]:
    named = choices(field.constraints)
    if named:
        return named
    listed = [attempt(None, _listed, arm) for arm in arms(field.annotation)]
    return () if None in listed else tuple(choice for some in listed for choice in some or ())


def _listed(annotation: Any) -> tuple[Any, ...] | None:
    """Return the values that an annotation leaves to choose from; None if they are not a few."""
    bare, _ = strip(annotation)
    if bare is None or bare is type(None):
        return (None,)
    if typing.get_origin(bare) is Literal:
        return typing.get_args(bare)
    return tuple(islice(bare, MAX_CHOICES)) if isinstance(bare, enum.EnumMeta) else None


def _of_mapping(mapping: Mapping[Any, Any], path: str) -> Iterator[SettingsField]:
    for key, value in mapping.items():
        where = joined(path, key)
        shape = shape_of(type(value))
        if isinstance(value, Mapping) and value:
            yield from _of_mapping(value, where)
        elif shape is not None:
            yield from _of_shape(shape, where, value, ())
        else:
            yield SettingsField(where, class_name(type(value)), default=readable(value))
