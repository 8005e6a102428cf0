"""A settings object out of plain data: every name known, every value converted, everything required there.

How one value is converted is handed in: this file knows fields only.
"""

from collections.abc import Mapping
from typing import Any

from graphmeta._errors import InvalidSettings

from ._annotations import arms, strip, type_text
from ._contain import class_name
from ._containers import Convert, entries
from ._fields import Field, Shape
from ._refusal import checked, joined, keep, refuse, refuse_name
from ._secrets import REDACTED


def build(shape: Shape, plain: Mapping[str, Any], path: str, convert: Convert) -> Any:
    """Return an instance with the values of *plain*; absent fields take their defaults."""
    plain = entries(plain, path)
    for name in plain:
        if name not in shape.fields:
            refuse_name(path, name, shape.fields, class_name(shape.cls))
    for name, field in shape.fields.items():
        if field.default is None and field.settable and name not in plain:
            refuse(joined(path, name), "is required")
    values = {
        name: convert_field(shape.fields[name], value, joined(path, name), convert) for name, value in plain.items()
    }
    made = checked(lambda: shape.kind.build(shape.cls, shape.keyed(values)), path, shape.cls, values)
    return sound(made, shape, values, path)


def sound(made: Any, shape: Shape, values: Mapping[str, Any], path: str) -> Any:
    """Return *made* if it is what was to be made, and if what its class converted itself is within bounds."""
    if type(made) is not shape.cls:
        refuse(path, f"{class_name(shape.cls)} made a {class_name(type(made))} of itself")
    for name in values:
        field = shape.fields[name]
        if field.converts:
            result = checked(lambda: getattr(made, name), path, made)  # noqa: B023 - called at once
            keep(field.constraints, result, joined(path, name))
    return made


def convert_field(field: Field, value: Any, path: str, convert: Convert) -> Any:
    """Return *value* as *field* asks for; the refusal of a secret tells nothing of it."""
    if not field.settable:
        refuse(path, "is computed by its class and cannot be set")
    if field.secret and isinstance(value, str) and value == REDACTED:
        refuse(path, "is secret: the mark that stands for it is no value")
    try:
        return _converted(field, value, path, convert)
    except InvalidSettings:
        if not field.secret:
            raise
    return refuse(path, f"is secret, and the value does not fit: it must be {type_text(field.annotation)}")


def _converted(field: Field, value: Any, path: str, convert: Convert) -> Any:
    if not field.converts:
        return keep(field.constraints, convert(field.annotation, value, path), path)
    if isinstance(value, bool) and not any(strip(arm)[0] in (bool, Any, object) for arm in arms(field.annotation)):
        return convert(field.annotation, value, path)
    try:
        return convert(strip(field.annotation)[0], value, path)
    except InvalidSettings:
        return value
