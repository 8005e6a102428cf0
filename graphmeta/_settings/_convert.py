"""Plain data into whatever an annotation asks for, containers and nested settings included, or the reason why not.

`convert` works on one annotation, `build` on a whole settings class. Both raise `InvalidSettings` with the
dotted path of what was wrong, and neither keeps state.
"""

import collections.abc
import sys
import typing
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from graphmeta._errors import InvalidSettings

from ._annotations import arms, is_union, strip, type_text
from ._constraints import broken, from_extras
from ._contain import attempt, class_name
from ._fields import Field, Shape
from ._kinds import shape_of
from ._refusal import checked, joined, unknown
from ._scalars import Refused, scalar_form
from ._search import declares_secrets
from ._secrets import REDACTED, is_secret_class

_LISTS: Final[dict[type, type]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    deque: deque,
    collections.abc.Sequence: tuple,
    collections.abc.Collection: tuple,
    collections.abc.Iterable: tuple,
    collections.abc.MutableSequence: list,
    collections.abc.Set: frozenset,
    collections.abc.MutableSet: set,
}
"""What is made of a list, by what the annotation asks for."""
_MAPPINGS: Final = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


def convert(annotation: Any, value: Any, path: str) -> Any:
    """Return *value* as *annotation* asks for, its constraints included."""
    bare, extras = strip(annotation)
    if any(
        type(extra).__name__ in ("BeforeValidator", "WrapValidator", "PlainValidator") for extra in extras
    ):
        return value  # pydantic's own validators take it from here: they may want what no type tells
    converted = _bare(bare, _from_numpy(value), path)
    reason = None if converted is None else broken(from_extras(extras), converted)
    if reason is not None:
        raise InvalidSettings(path, reason)
    return converted


def convert_field(field: Field, value: Any, path: str) -> Any:
    """Return *value* as *field* asks for; the refusal of a secret does not quote it."""
    if not field.settable:
        raise InvalidSettings(path, "is computed by its class and cannot be set")
    if field.secret and isinstance(value, str) and value == REDACTED:
        raise InvalidSettings(path, "is secret: the redacted text is no value for it")
    converted = convert(field.annotation, value, path)
    reason = None if converted is None else broken(field.constraints, converted)
    if reason is not None:
        raise InvalidSettings(path, reason)
    return converted


def build(shape: Shape, plain: Mapping[str, Any], path: str) -> Any:
    """Return a settings object with the values of *plain*; absent ones take their defaults."""
    for name in plain:
        if name not in shape.fields:
            raise unknown(joined(path, str(name)), str(name), shape.fields, class_name(shape.cls))
    missing = [
        n for n, field in shape.fields.items() if field.default is None and field.settable and n not in plain
    ]
    if missing:
        raise InvalidSettings(joined(path, missing[0]), "is required")
    values = {name: convert_field(shape.fields[name], plain[name], joined(path, name)) for name in plain}
    make = lambda: shape.kind.build(shape.cls, shape.keyed(values))  # noqa: E731 - one expression
    return checked(make, path, withheld=declares_secrets(shape.cls))


def _bare(bare: Any, value: Any, path: str) -> Any:
    if is_union(bare):
        return _one_of(arms(bare), value, path)
    origin, args = typing.get_origin(bare) or bare, typing.get_args(bare)
    if origin is Literal:
        return _literal(args, value, path)
    if origin is None or origin is type(None):
        return None if value is None else _refuse("None", value, path)
    if not isinstance(origin, type) or origin is object:
        return value
    for holds, form in _FORMS:
        if holds(origin):
            return form(bare, origin, args, value, path)
    return _instance(origin, value, path)


def _one_of(members: tuple[Any, ...], value: Any, path: str) -> Any:
    """Try the members of a union: first those that are exactly the value's class, then in order."""
    ranked = sorted(members, key=lambda arm: strip(arm)[0] is not type(value))
    refusals = []
    for arm in ranked:
        try:
            return convert(arm, value, path)
        except InvalidSettings as refusal:
            refusals.append(refusal)
    if len(refusals) == 2 and None in [
        strip(arm)[0] if strip(arm)[0] is not type(None) else None for arm in ranked
    ]:
        raise next(r for r, arm in zip(refusals, ranked, strict=True) if strip(arm)[0] is not type(None))
    raise InvalidSettings(path, f"must be one of {', '.join(map(type_text, members))}")


def _literal(allowed: tuple[Any, ...], value: Any, path: str) -> Any:
    for choice in allowed:
        if type(choice) is type(value) and choice == value:
            return choice
    for choice in allowed:
        form = scalar_form(type(choice))
        if form is not None and attempt(None, form, value) == choice:
            return choice
    raise InvalidSettings(path, f"must be one of {', '.join(map(repr, allowed))}")


def _scalar(bare: Any, origin: type, args: Any, value: Any, path: str) -> Any:
    form = scalar_form(origin)
    assert form is not None
    try:
        return form(value)
    except Refused as refused:
        wanted = str(refused) or type_text(origin)
    except Exception:
        wanted = type_text(origin)
    return _refuse(wanted, value, path)


def _settings(bare: Any, origin: type, args: Any, value: Any, path: str) -> Any:
    shape = shape_of(origin)
    assert shape is not None
    if isinstance(value, origin):
        return value
    if isinstance(value, (list, tuple)) and issubclass(origin, tuple):
        value = dict(zip(shape.fields, value, strict=len(value) > len(shape.fields)))
    return (
        build(shape, value, path) if isinstance(value, Mapping) else _refuse(class_name(origin), value, path)
    )


def _list(bare: Any, origin: type, args: tuple[Any, ...], value: Any, path: str) -> Any:
    if not isinstance(value, (list, tuple, set, frozenset, deque)):
        return _refuse(type_text(bare), value, path)
    if origin is tuple and args and args[-1] is not Ellipsis:
        if len(args) != len(value):
            raise InvalidSettings(path, f"must have {len(args)} items, not {len(value)}")
        notes = args
    else:
        notes = (args[0] if args else Any,) * len(value)
    items = [
        convert(note, item, f"{path}[{i}]") for i, (note, item) in enumerate(zip(notes, value, strict=True))
    ]
    return checked(lambda: _LISTS[origin](items), path, withheld=False)


def _mapping(bare: Any, origin: type, args: tuple[Any, ...], value: Any, path: str) -> Any:
    if not isinstance(value, Mapping):
        return _refuse(type_text(bare), value, path)
    keys, values = args if len(args) == 2 else (Any, Any)
    return {
        _key(keys, key, path): convert(values, inner, joined(path, str(key))) for key, inner in value.items()
    }


def _key(annotation: Any, key: Any, path: str) -> Any:
    """Return *key* as asked for; JSON has text keys only, so a number may come as its text."""
    for parse in (lambda key: key, int, float):
        made = attempt(None, lambda: convert(annotation, parse(key), path))  # noqa: B023 - called at once
        if made is not None:
            return made
    return _refuse(f"a key that is {type_text(annotation)}", key, path)


def _array(bare: Any, origin: type, args: tuple[Any, ...], value: Any, path: str) -> Any:
    numpy = sys.modules["numpy"]
    if isinstance(value, origin):
        return value
    dtype = typing.get_args(args[1])[0] if len(args) == 2 and typing.get_args(args[1]) else None
    made = attempt(None, numpy.asarray, value, dtype=dtype if isinstance(dtype, type) else None)
    fits = isinstance(value, (list, tuple)) and made is not None and made.dtype.kind in "biufc"
    return made if fits else _refuse("an array of numbers", value, path)


def _instance(origin: type, value: Any, path: str) -> Any:
    if attempt(False, isinstance, value, origin):
        return value
    if origin is collections.abc.Callable and callable(value):
        return value
    pydantic = sys.modules.get("pydantic")
    if pydantic is not None and hasattr(origin, "__get_pydantic_core_schema__"):
        adapter = pydantic.TypeAdapter(origin)
        return checked(lambda: adapter.validate_python(value), path, withheld=is_secret_class(origin))
    return _refuse(f"a {class_name(origin)}", value, path)


def _is_array(origin: type) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and issubclass(origin, numpy.ndarray)


def _from_numpy(value: Any) -> Any:
    numpy = sys.modules.get("numpy")
    return value.item() if numpy is not None and isinstance(value, numpy.generic) else value


_Form = Callable[[Any, type, tuple[Any, ...], Any, str], Any]
_FORMS: Final[tuple[tuple[Callable[[type], bool], _Form], ...]] = (
    (lambda origin: scalar_form(origin) is not None, _scalar),
    (lambda origin: shape_of(origin) is not None, _settings),
    (lambda origin: origin in _LISTS, _list),
    (lambda origin: origin in _MAPPINGS, _mapping),
    (_is_array, _array),
)


def _refuse(wanted: str, value: Any, path: str) -> Any:
    raise InvalidSettings(path, f"must be {wanted}, not {class_name(type(value))}")
