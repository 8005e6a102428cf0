"""Annotations of a class: resolved where they can be, taken apart, and as text for people.

This file knows ``typing`` only, not what settings are.
"""

import enum
import sys
import types
import typing
from collections.abc import Iterator
from dataclasses import InitVar
from typing import Annotated, Any, Final, ForwardRef, Literal, Union

import attrs

from ._contain import attempt, bases, class_name, module_of, printable

_WRAPPERS: Final = frozenset(
    getattr(typing, name)
    for name in ("Final", "ClassVar", "Required", "NotRequired", "ReadOnly")
    if hasattr(typing, name)
)


@attrs.frozen
class Unresolved:
    """An annotation that is a text and names something that cannot be found."""

    text: str


def resolved_hints(cls: type) -> dict[str, Any]:
    """Return the annotations of *cls* and its bases by name; one that cannot be resolved spoils no other."""
    hints = attempt(None, typing.get_type_hints, cls, include_extras=True)
    if hints is not None:
        return hints
    found: dict[str, Any] = {}
    for base in reversed(bases(cls)):
        own = attempt({}, getattr, base, "__annotations__", {})
        found.update({name: resolve(note, base) for name, note in own.items()})
    return found


def resolve(annotation: Any, cls: type) -> Any:
    """Return *annotation*, evaluated in the module of *cls* if it is a text."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if not isinstance(annotation, str):
        return annotation
    scope = dict(vars(sys.modules[module_of(cls)])) if module_of(cls) in sys.modules else {}
    holder = type("Holder", (), {"__annotations__": {"it": annotation}})
    hints: dict[str, Any] = attempt({}, typing.get_type_hints, holder, scope, {cls.__name__: cls}, True)
    return hints.get("it", Unresolved(annotation))


def strip(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return the bare annotation and all that ``Annotated`` said about it, through aliases and new types."""
    extras: tuple[Any, ...] = ()
    while True:
        if typing.get_origin(annotation) is Annotated:
            extras = (*annotation.__metadata__, *extras)
            annotation = annotation.__origin__
        elif typing.get_origin(annotation) in _WRAPPERS:
            annotation = typing.get_args(annotation)[0]
        elif isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif isinstance(annotation, InitVar):
            annotation = annotation.type
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return annotation, extras


def is_union(annotation: Any) -> bool:
    """Tell whether *annotation* is ``A | B``, ``Union`` or ``Optional``."""
    return typing.get_origin(annotation) in (Union, types.UnionType)


def arms(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, nested ones flattened, or the annotation alone."""
    bare, extras = strip(annotation)
    if not is_union(bare):
        return (annotation,)
    flat = tuple(arm for member in typing.get_args(bare) for arm in arms(member))
    return tuple(Annotated[arm, *extras] for arm in flat) if extras else flat


def parts(annotation: Any) -> Iterator[Any]:
    """Yield *annotation* and everything inside it, the extras of ``Annotated`` included."""
    bare, extras = strip(annotation)
    yield bare
    yield from extras
    if typing.get_origin(bare) is not Literal:
        yield typing.get_origin(bare)
        for inner in typing.get_args(bare):
            for item in inner if isinstance(inner, list) else (inner,):
                yield from parts(item)


def type_text(annotation: Any) -> str:
    """Return *annotation* as a person would write it, at most 200 characters."""
    return printable(attempt("?", _text, annotation)[:200])


def _text(annotation: Any) -> str:
    bare, _ = strip(annotation)
    if isinstance(bare, Unresolved):
        return bare.text
    if bare is None or bare is type(None):
        return "None"
    if is_union(bare):
        return " | ".join(_text(arm) for arm in typing.get_args(bare))
    origin, inner = typing.get_origin(bare), typing.get_args(bare)
    if origin is Literal:
        return f"Literal[{', '.join(map(_choice, inner))}]"
    if isinstance(bare, list):
        return f"[{', '.join(map(_text, bare))}]"
    if origin is not None:
        return f"{_text(origin)}[{', '.join(_text(arg) for arg in inner)}]" if inner else _text(origin)
    if isinstance(bare, type) and bare is not Any:
        return class_name(bare)
    return "..." if bare is Ellipsis else str(bare).removeprefix("typing.")


def _choice(value: Any) -> str:
    return f"{type(value).__name__}.{value.name}" if isinstance(value, enum.Enum) else repr(value)
