"""One field changed, in a copy: the whole way up every object is made anew, by its class's own constructor."""

import copy
from collections.abc import Mapping
from typing import Any

from graphmeta._errors import InvalidSettings

from ._contain import attempt, class_name
from ._convert import build, convert, convert_field
from ._fields import MISSING, Shape
from ._kinds import shape_of
from ._leaves import leaf
from ._refusal import checked, joined, unknown
from ._search import declares_secrets


def patch(settings: Any, path: str, value: Any) -> Any:
    """Return a copy of *settings* with the field at the dotted *path* set to *value*; *settings* stays as it is.

    The value may be plain data (``5`` for a float, a text for an enum, a list for a tuple, a mapping for nested
    settings). It is converted and checked against the field's type, bounds and choices, then by the class
    itself. The copy is of the same class. A refusal raises `InvalidSettings`, whose text shows no secret; the
    caller, who chose path and value, is to blame.
    """
    if not isinstance(path, str) or not path:
        raise InvalidSettings("", "name a field, such as 'band.low'")
    return _patched(settings, "", path, value)


def convert_settings(settings_type: type, plain: Mapping[str, Any]) -> Any:
    """Return a *settings_type* made of plain data, each field converted and checked as `patch` does."""
    shape = shape_of(settings_type)
    if shape is not None and isinstance(plain, Mapping):
        return build(shape, plain, "")
    return convert(settings_type, plain, "")


def default_settings(settings_type: type) -> Any:
    """Return a *settings_type* of defaults; raise `InvalidSettings` if a field is required."""
    shape = shape_of(settings_type)
    if shape is not None:
        return build(shape, {}, "")
    return checked(settings_type, "", withheld=declares_secrets(settings_type))


def _patched(holder: Any, done: str, rest: str, value: Any) -> Any:
    if isinstance(holder, Mapping):
        return _patched_mapping(holder, done, rest, value)
    shape = shape_of(type(holder))
    if shape is None:
        raise InvalidSettings(done or rest, f"is {_a(holder)}, which has no fields: set it as a whole")
    name, _, further = rest.partition(".")
    path = joined(done, name)
    if name not in shape.fields:
        raise unknown(path, name, shape.fields, class_name(shape.cls))
    if further:
        changed = _patched(_current(holder, name, path), path, further, value)
    else:
        changed = convert_field(shape.fields[name], value, path)
    return _replaced(holder, shape, name, changed, path)


def _replaced(holder: Any, shape: Shape, name: str, changed: Any, path: str) -> Any:
    values = shape.keyed({name: changed})
    withheld = declares_secrets(shape.cls)
    new = checked(lambda: shape.kind.replace(holder, values), path, withheld=withheld)
    if type(new) is not shape.cls:
        raise InvalidSettings(path, f"{class_name(shape.cls)} made {_a(new)} of itself")
    return new


def _patched_mapping(holder: Mapping[Any, Any], done: str, rest: str, value: Any) -> Any:
    key, further = _key(holder, done, rest)
    path = joined(done, str(leaf(key)))
    old = holder[key]
    changed = _patched(old, path, further, value) if further else convert(_like(old), value, path)
    return checked(lambda: _with(holder, key, changed), path, withheld=False)


def _key(holder: Mapping[Any, Any], done: str, rest: str) -> tuple[Any, str]:
    """Return the longest key that *rest* starts with, for a key may hold dots itself, and what follows it."""
    keys = {str(leaf(key)): key for key in holder}
    steps = rest.split(".")
    for count in range(len(steps), 0, -1):
        name = ".".join(steps[:count])
        if name in keys:
            return keys[name], ".".join(steps[count:])
    raise unknown(joined(done, steps[0]), steps[0], keys, "the mapping")


def _with(holder: Any, key: Any, changed: Any) -> Any:
    if not hasattr(type(holder), "__setitem__"):
        return type(holder)({**holder, key: changed})
    new = copy.copy(holder)
    new[key] = changed
    return new


def _like(old: Any) -> Any:
    """Return the annotation that a value without one seems to have had."""
    if old is None or isinstance(old, Mapping):
        return Any
    return int | float if type(old) is int else type(old)


def _current(holder: Any, name: str, path: str) -> Any:
    current = attempt(MISSING, getattr, holder, name)
    if current is MISSING:
        raise InvalidSettings(path, "cannot be read")
    if current is None:
        raise InvalidSettings(path, "is None: set it as a whole first")
    return current


def _a(value: object) -> str:
    return f"a {class_name(type(value))}"
