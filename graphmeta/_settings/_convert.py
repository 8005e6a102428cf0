"""Plain data into whatever an annotation asks for, its constraints included, or the reason why not.

This is where the forms of values meet: single ones, containers, nested settings, unions. Nothing keeps state.
"""

import sys
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from graphmeta._errors import InvalidSettings
from graphmeta._records._counted import counted

from ._annotations import arms, is_union, strip, type_text
from ._build import build
from ._constraints import from_extras
from ._contain import attempt
from ._containers import LISTS, MAPPINGS, Convert, Wanted, to_list, to_mapping, to_numpy
from ._kinds import shape_of
from ._numpy import is_array_class, is_scalar_class, to_python
from ._refusal import checked, keep, listed, refuse, refuse_type
from ._scalars import scalar_form

_PLAIN: Final = (bool, int, float, str, list, dict, type(None))


def convert(annotation: Any, value: Any, path: str) -> Any:
    """Return *value* as *annotation* asks for; raise `InvalidSettings` at *path* if it cannot be."""
    bare, extras = strip(annotation)
    return keep(from_extras(extras), _to_bare(bare, value, path), path)


def _to_bare(bare: Any, value: Any, path: str) -> Any:
    if is_union(bare):
        return _to_arm(arms(bare), value, path)
    wanted = Wanted(bare, typing.get_origin(bare) or bare, typing.get_args(bare))
    if wanted.origin is Literal:
        return _to_choice(wanted.args, value, path)
    if wanted.origin is None or wanted.origin is type(None):
        return value if value is None else refuse_type(path, "None", value)
    if not isinstance(wanted.origin, type) or wanted.origin in (Any, object):
        return value
    for claims, form in _FORMS:
        if claims(wanted.origin):
            return form(wanted, value, path, convert)
    return _to_instance(wanted, value, path)


def _to_arm(members: tuple[Any, ...], value: Any, path: str) -> Any:
    """Try the members of a union: first those that are exactly the value's class, then in their order."""
    refusals = []
    for arm in sorted(members, key=lambda arm: _origin(arm) is not type(value)):
        try:
            return convert(arm, value, path)
        except InvalidSettings as refusal:
            refusals.append((arm, refusal))
    others = [refusal for arm, refusal in refusals if _origin(arm) not in (None, type(None))]
    if len(others) == 1:
        raise others[0]
    return refuse_type(path, " or ".join(map(type_text, members)), value)


def _origin(annotation: Any) -> Any:
    bare, _ = strip(annotation)
    return typing.get_origin(bare) or bare


def _to_choice(choices: tuple[Any, ...], value: Any, path: str) -> Any:
    """Return the member of a ``Literal`` that *value* is, or stands for as an enum's name does."""
    for same in (_is_same, _stands_for):
        for choice in choices:
            if same(choice, value):
                return choice
    return refuse(path, f"must be one of {listed(choices)}")


def _is_same(choice: Any, value: Any) -> bool:
    return type(choice) is type(value) and bool(choice == value)


def _stands_for(choice: Any, value: Any) -> bool:
    form = scalar_form(type(choice))
    return form is not None and _is_same(choice, attempt(None, form, value))


def _to_scalar(wanted: Wanted, value: Any, path: str, convert: Convert) -> Any:
    form = scalar_form(wanted.origin)
    made = None if form is None else attempt(None, form, to_python(value))
    if made is not None:
        return made
    members = getattr(wanted.origin, "__members__", None)
    if members is not None:
        refuse(path, f"must be one of {listed(members)}")
    return refuse_type(path, type_text(wanted.origin), value)


def _to_numpy_scalar(wanted: Wanted, value: Any, path: str, convert: Convert) -> Any:
    if isinstance(value, wanted.origin):
        return value
    plain = convert(type(to_python(wanted.origin())), value, path)
    return checked(lambda: wanted.origin(plain), path)


def _to_settings(wanted: Wanted, value: Any, path: str, convert: Convert) -> Any:
    shape = shape_of(wanted.origin)
    if shape is None or isinstance(value, wanted.origin):
        return value
    if issubclass(wanted.origin, tuple) and isinstance(value, (list, tuple)):
        if len(value) > len(shape.fields):
            refuse(path, f"must have {counted(len(shape.fields), 'item')}, not {len(value)}")
        value = dict(zip(shape.fields, value, strict=False))
    if not isinstance(value, Mapping):
        refuse_type(path, type_text(wanted.origin), value)
    return build(shape, value, path, convert)


def _to_instance(wanted: Wanted, value: Any, path: str) -> Any:
    """Return *value* if it is an instance already, or what pydantic makes of it for a type of its own."""
    fits = attempt(None, isinstance, value, wanted.origin)
    if fits or (fits is None and not isinstance(value, _PLAIN)):
        return value  # None: a protocol or the like, of which nobody can tell
    pydantic = sys.modules.get("pydantic")
    if pydantic is not None and hasattr(wanted.origin, "__get_pydantic_core_schema__"):
        adapter = checked(lambda: pydantic.TypeAdapter(wanted.annotation), path, wanted.origin)
        return checked(lambda: adapter.validate_python(value), path, wanted.origin)
    return refuse_type(path, type_text(wanted.annotation), value)


_FORMS: Final[tuple[tuple[Callable[[type], bool], Callable[[Wanted, Any, str, Convert], Any]], ...]] = (
    (lambda origin: scalar_form(origin) is not None, _to_scalar),
    (lambda origin: shape_of(origin) is not None, _to_settings),
    (lambda origin: origin in LISTS, to_list),
    (lambda origin: origin in MAPPINGS, to_mapping),
    (is_array_class, to_numpy),
    (is_scalar_class, _to_numpy_scalar),
)
"""First match first: a named tuple is a settings class before it is a tuple."""
