"""What every kind of settings class has in common: named fields, a way to read them and a way to make a copy.

One `Kind` per family of classes; the table of them all is in ``_kinds``. This file knows no family.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from ._annotations import Unresolved, arms, parts, strip
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
    converts: bool = False
    """The class converts what it is given: what does not fit the annotation may fit the class."""


@attrs.frozen
class Kind:
    """A family of settings classes and how to deal with its members; its functions may raise anything."""

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

    complete: bool = attrs.field(init=False)
    """Whether every annotation is resolved; one that names a class defined later may yet be."""

    @complete.default
    def _complete(self) -> bool:
        every = (part for field in self.fields.values() for part in parts(field.annotation))
        return attempt(False, lambda: not any(isinstance(part, Unresolved) for part in every))

    def keyed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return *values* by what the constructor calls each field."""
        return {self.fields[name].key: value for name, value in values.items()}


def make_field(
    name: str,
    annotation: Any,
    default: Default | None,
    metadata: Any = None,
    constraints: tuple[Constraint, ...] = (),
    **more: Any,
) -> Field:
    """Return the field, with all that its annotation and its metadata say about it.

    What they say in a way that breaks is not said, but a doubt about secrecy makes a secret.
    """
    extras = attempt((), annotation_extras, annotation)
    return Field(
        name=name,
        annotation=annotation,
        default=default,
        description=attempt("", _described, metadata) or attempt("", _documented, extras),
        constraints=from_extras(extras) + constraints,
        secret=attempt(True, is_secret_annotation, annotation) or is_secret_metadata(metadata),
        **{"key": name, **more},
    )


def annotation_extras(annotation: Any) -> tuple[Any, ...]:
    """Return what ``Annotated`` says of the value itself, also inside an optional."""
    present = [arm for arm in arms(annotation) if strip(arm)[0] not in (None, type(None))]
    return strip(present[0])[1] if len(present) == 1 else strip(annotation)[1]


def default_of(field: Field) -> Any:
    """Return the field's default, or `MISSING` if it has none or its factory fails."""
    return MISSING if field.default is None else attempt(MISSING, field.default)


def _described(metadata: Any) -> str:
    texts = [metadata.get(key) for key in ("description", "doc", "help")] if hasattr(metadata, "get") else []
    return next((text for text in texts if isinstance(text, str)), "")


def _documented(extras: tuple[Any, ...]) -> str:
    texts = [getattr(extra, name, None) for extra in extras for name in ("description", "documentation")]
    return next((text for text in texts if isinstance(text, str)), "")
