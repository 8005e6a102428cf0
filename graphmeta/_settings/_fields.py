"""What every kind of settings class has in common: named fields, a way to read them and a way to make a copy.

One `Kind` per family of classes; the table of them all is in ``_kinds``. This file knows no family.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from ._annotations import arms, strip
from ._constraints import Constraint, from_extras
from ._contain import attempt
from ._secrets import is_secret_annotation, is_secret_metadata

MISSING: Final[Any] = type("Missing", (), {"__repr__": lambda self: "MISSING"})()
"""Stands for a value that is not there, where None would be a value."""

Default = Callable[[], Any]


@attrs.frozen
class Field:
    """One field of a settings class."""

    name: str
    annotation: Any = Any
    default: Default | None = None
    """Makes the default anew; None: the field is required."""
    description: str = ""
    constraints: tuple[Constraint, ...] = ()
    """Those of the annotation and those of the field itself."""
    secret: bool = False
    key: str = ""
    """What the constructor calls it; empty: its name."""
    settable: bool = True
    """False: the class computes it."""


@attrs.frozen
class Kind:
    """A family of settings classes and how to deal with its members; every function may raise what it likes."""

    name: str
    claims: Callable[[type], bool]
    fields: Callable[[type], tuple[Field, ...]]
    build: Callable[[type, dict[str, Any]], Any]
    """Make an instance from values by the fields' keys; absent ones take their defaults."""
    replace: Callable[[Any, dict[str, Any]], Any]
    """Return a new instance with these fields changed."""


@attrs.frozen
class Shape:
    """A settings class, understood."""

    cls: type
    kind: Kind
    fields: dict[str, Field]

    def keyed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return *values* by what the constructor calls each field."""
        return {self.fields[name].key: value for name, value in values.items()}


def make_field(
    name: str,
    annotation: Any,
    default: Default | None,
    metadata: Mapping[Any, Any] | None = None,
    constraints: tuple[Constraint, ...] = (),
    *,
    description: str | None = None,
    key: str = "",
    settable: bool = True,
) -> Field:
    """Return the field, with all that its annotation and its metadata say about it."""
    extras = annotation_extras(annotation)
    return Field(
        name=name,
        annotation=annotation,
        default=default,
        description=description or _described(metadata) or _documented(extras),
        constraints=from_extras(extras) + constraints,
        secret=is_secret_annotation(annotation) or is_secret_metadata(metadata),
        key=key or name,
        settable=settable,
    )


def annotation_extras(annotation: Any) -> tuple[Any, ...]:
    """Return what ``Annotated`` says of the value itself, also inside an optional."""
    present = [arm for arm in arms(annotation) if strip(arm)[0] not in (None, type(None))]
    return strip(present[0])[1] if len(present) == 1 else strip(annotation)[1]


def default_of(field: Field) -> Any:
    """Return the field's default, or `MISSING` if it has none or its factory fails."""
    return MISSING if field.default is None else attempt(MISSING, field.default)


def _described(metadata: Mapping[Any, Any] | None) -> str:
    texts = [] if metadata is None else [metadata.get(key) for key in ("description", "doc", "help")]
    return next((text for text in texts if isinstance(text, str)), "")


def _documented(extras: tuple[Any, ...]) -> str:
    texts = [getattr(extra, name, None) for extra in extras for name in ("description", "documentation")]
    return next((text for text in texts if isinstance(text, str)), "")
