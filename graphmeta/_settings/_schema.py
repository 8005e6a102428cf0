"""What the fields of a settings class are, flat and dotted, as records that any reader understands."""

import enum
import typing
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, Final, Literal

import attrs

from graphmeta._records._metadata import SettingsField

from ._annotations import arms, strip, type_text
from ._constraints import MAX_CHOICES, bounds, choices
from ._contain import attempt, class_name, is_class
from ._fields import MISSING, Field, Shape, default_of
from ._kinds import shape_of
from ._leaves import text
from ._readable import form_of
from ._refusal import joined
from ._scrub import Scrubber, twice
from ._secrets import REDACTED

MAX_FIELDS: Final = 512
"""No schema lists more fields than these."""
MAX_DEPTH: Final = 16
"""Levels of nesting that a schema lists."""


def settings_schema(settings: object) -> tuple[SettingsField, ...]:
    """Return the fields of a settings class, or of an instance's class, nested ones dotted.

    A mapping has the keys and types that this instance has. Anything without fields has an empty schema, and
    what a class computes itself is no field that can be set.
    """
    shape = shape_of(settings if is_class(settings) else type(settings))
    if shape is not None and shape.complete:
        return attempt((), _kept, shape.cls)
    return attempt((), _made, settings)


def _made(settings: object) -> tuple[SettingsField, ...]:
    return twice(lambda scrubber: tuple(islice(_Schema(scrubber).of(settings), MAX_FIELDS)))


_kept: Final = lru_cache(maxsize=1024)(_made)
"""A thousand units of one class have one schema; the defaults in it were made once."""


@attrs.frozen
class _Schema:
    scrubber: Scrubber

    def of(self, settings: object) -> Iterator[SettingsField]:
        shape = shape_of(settings if is_class(settings) else type(settings))
        if shape is not None:
            return self.of_shape(shape, "", MISSING, ())
        return self.of_mapping(settings, "", 0) if isinstance(settings, Mapping) else iter(())

    def of_shape(self, shape: Shape, path: str, around: Any, inside: tuple[type, ...]) -> Iterator[SettingsField]:
        """Yield the fields of *shape*; *around* is the default instance that holds them, if there is one."""
        for field in shape.fields.values():
            default = default_of(field) if around is MISSING else attempt(MISSING, getattr, around, field.name)
            if field.settable:
                yield from self.of_field(field, joined(path, field.name), default, (*inside, shape.cls))

    def of_field(self, field: Field, path: str, default: Any, inside: tuple[type, ...]) -> Iterator[SettingsField]:
        nested = _nested(field, inside)
        if nested is None or len(arms(field.annotation)) > 1:
            yield self.record(field, path, default)
        if nested is not None:
            yield from self.of_shape(nested, path, MISSING if default is None else default, inside)

    def of_mapping(self, mapping: Mapping[Any, Any], path: str, depth: int) -> Iterator[SettingsField]:
        for key, value in mapping.items():
            where = self.scrubber.scrub(joined(path, key))
            shape = shape_of(type(value))
            if shape is not None:
                yield from self.of_shape(shape, where, value, ())
            elif isinstance(value, Mapping) and value and depth < MAX_DEPTH:
                yield from self.of_mapping(value, where, depth + 1)
            else:
                yield SettingsField(where, class_name(type(value)), default=self.shown(value))

    def record(self, field: Field, path: str, default: Any) -> SettingsField:
        lower, upper = bounds(field.constraints)
        return SettingsField(
            path=path,
            type=type_text(field.annotation),
            required=field.default is None and default is MISSING,
            default=self.default(field, default),
            description=self.scrubber.scrub(text(field.description)),
            minimum=None if lower is None else lower[0],
            maximum=None if upper is None else upper[0],
            exclusive_minimum=lower is not None and lower[1],
            exclusive_maximum=upper is not None and upper[1],
            choices=() if field.secret else tuple(map(self.shown, _choices(field))),
            secret=field.secret,
        )

    def default(self, field: Field, default: Any) -> Any:
        if default is MISSING:
            return None
        if not field.secret:
            return self.shown(default)
        self.scrubber.learn(default)
        return REDACTED

    def shown(self, value: object) -> Any:
        return form_of(value, self.scrubber)


def _nested(field: Field, inside: tuple[type, ...]) -> Shape | None:
    """Return the one settings class that the field holds; None if it has none, or is inside one of its own."""
    shapes = [shape_of(strip(arm)[0]) for arm in arms(field.annotation)]
    found = [shape for shape in shapes if shape is not None]
    apart = len(found) == 1 and found[0].cls not in inside and len(inside) < MAX_DEPTH
    return found[0] if apart and not field.secret else None


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
