"""One field changed, in a copy: all the way up, every object is made anew by its class's own constructor."""

import copy
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from graphmeta._errors import InvalidSettings

from ._build import build, convert_field, sound
from ._contain import attempt, class_name
from ._containers import entries
from ._convert import convert
from ._fields import Shape
from ._kinds import shape_of
from ._label import label
from ._readable import form_of
from ._refusal import checked, guarded, joined, refuse, refuse_name
from ._scrub import Scrubber

MAX_PATH: Final = 1024
"""Characters of a path."""
MAX_STEPS: Final = 32
"""Levels that a path may go down."""


def patch(settings: Any, path: str, value: Any) -> Any:
    """Return a copy of *settings* with the field at the dotted *path* set to *value*.

    The value may be plain data (``5`` for a float, a text for an enum, a list for a tuple, a mapping for
    nested settings). It is converted and checked against the field's type, bounds and choices, then by the
    class itself. The copy is of the same class, and *settings* stays as it is. A refusal raises
    `InvalidSettings`, whose text shows no secret; the caller, who chose path and value, is to blame.
    """
    if not path:
        refuse("", "name a field, such as 'band.low'")
    if len(path) > MAX_PATH or path.count(".") >= MAX_STEPS:
        refuse(path[:80], f"is no path: at most {MAX_PATH} characters and {MAX_STEPS} steps")
    try:
        return guarded(lambda: _patched(settings, "", path, value), path)
    except InvalidSettings as refusal:
        where, reason = refusal.path, refusal.reason
    # Names that the settings themselves made up, the keys of a mapping, may quote their secrets.
    scrubber = Scrubber()
    form_of(settings, scrubber)
    return refuse(where, scrubber.scrub(reason))


def convert_settings(settings_type: type, plain: Mapping[str, Any]) -> Any:
    """Return a *settings_type* made of plain data, each field converted and checked as `patch` does.

    Absent fields take their defaults. It raises `InvalidSettings` for the caller's data.
    """
    return guarded(lambda: convert(settings_type, plain, ""), "")


def default_settings(settings_type: type) -> Any:
    """Return a *settings_type* of defaults; raise `InvalidSettings` if a field is required."""
    shape = shape_of(settings_type)
    if shape is None:
        return checked(settings_type, "", settings_type)
    return guarded(lambda: build(shape, {}, "", convert), "")


def _patched(holder: Any, done: str, rest: str, value: Any) -> Any:
    shape = shape_of(type(holder))
    if shape is not None:
        return _patched_fields(holder, shape, done, rest, value)
    if isinstance(holder, Mapping):
        return _patched_mapping(holder, done, rest, value)
    return refuse(done or rest, f"cannot be set: {class_name(type(holder))} has no fields, so set it as a whole")


def _patched_fields(holder: Any, shape: Shape, done: str, rest: str, value: Any) -> Any:
    name, _, further = rest.partition(".")
    if name not in shape.fields:
        refuse_name(done, name, shape.fields, class_name(shape.cls))
    field, path = shape.fields[name], joined(done, name)
    if not further:
        changed = convert_field(field, value, path, convert)
    elif field.secret:
        refuse(path, "is secret: set it as a whole")
    else:
        changed = _patched(_current(holder, name, path), path, further, value)
    values = {name: changed}
    replace = partial(shape.kind.replace, holder, shape.keyed(values))
    new = checked(replace, path, holder, values, base=done)
    return sound(new, shape, values, done)


def _patched_mapping(holder: Mapping[Any, Any], done: str, rest: str, value: Any) -> Any:
    key, further = _key(holder, done, rest)
    path, old = joined(done, key), holder[key]
    changed = _patched(old, path, further, value) if further else convert(_like(old), value, path)
    new = checked(lambda: _with(holder, key, changed), path, holder, changed)
    if new is holder or type(new) is not type(holder):
        refuse(path, f"cannot be set: {class_name(type(holder))} makes no copy of itself")
    return new


def _key(holder: Mapping[Any, Any], done: str, rest: str) -> tuple[Any, str]:
    """Return the longest key that *rest* starts with, for a key may hold dots itself, and what follows it."""
    keys = {label(key): key for key in entries(holder, done)}
    steps = rest.split(".")
    for count in range(len(steps), 0, -1):
        name = ".".join(steps[:count])
        if name in keys:
            return keys[name], ".".join(steps[count:])
    return refuse_name(done, steps[0], keys, class_name(type(holder)))


def _with(holder: Any, key: Any, changed: Any) -> Any:
    if not hasattr(type(holder), "__setitem__"):
        return type(holder)({**entries(holder, ""), key: changed})
    new = copy.copy(holder)
    if new is not holder:
        new[key] = changed
    return new


def _like(old: Any) -> Any:
    """Return the annotation that a value without one seems to have had."""
    if old is None or (isinstance(old, Mapping) and shape_of(type(old)) is None):
        return Any
    return int | float if type(old) is int else type(old)


def _current(holder: Any, name: str, path: str) -> Any:
    unreadable = object()
    current = attempt(unreadable, getattr, holder, name)
    if current is unreadable:
        refuse(path, "cannot be read")
    return current if current is not None else refuse(path, "is None: set it as a whole first")
