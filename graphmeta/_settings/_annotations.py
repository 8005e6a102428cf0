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

from ._contain import attempt, bases, class_name, descends, module_of, printable

_WRAPPERS: Final = frozenset(
    getattr(typing, name)
    for name in ("Final", "ClassVar", "Required", "NotRequired", "ReadOnly")
    if hasattr(typing, name)
)


MAX_WRAPPED: Final = 100
"""Names and ``Annotated`` around one annotation that are looked through."""
MAX_PARTS: Final = 1000
"""Parts of one annotation that are looked at."""


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
    for _ in range(MAX_WRAPPED):
        inner = _unwrapped(annotation)
        if inner is annotation:
            break
        extras = (*getattr(annotation, "__metadata__", ()), *extras)
        annotation = inner
    return annotation, extras


def _unwrapped(annotation: Any) -> Any:
    """Return what *annotation* says more about, or another name of; itself if it is neither."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return annotation.__origin__
    if origin in _WRAPPERS:
        return typing.get_args(annotation)[0]
    if isinstance(annotation, typing.NewType):
        return annotation.__supertype__
    if isinstance(annotation, InitVar):
        return annotation.type
    return annotation.__value__ if is_alias(annotation) else annotation


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


def is_alias(annotation: Any) -> bool:
    """Tell whether *annotation* is a ``type`` statement's name, which may stand for something that names it."""
    return descends(type(annotation), "typing", "TypeAliasType") or descends(
        type(annotation), "typing_extensions", "TypeAliasType"
    )


def parts(annotation: Any) -> Iterator[Any]:
    """Yield *annotation* and everything inside it, the extras of ``Annotated`` included."""
    waiting: list[Any] = [annotation]
    seen: dict[int, Any] = {}
    while waiting:
        bare, extras = strip(waiting.pop())
        yield from extras
        if id(bare) in seen:
            continue
        if len(seen) >= MAX_PARTS:
            raise ValueError("an annotation without end")
        seen[id(bare)] = bare  # kept, lest another annotation take the identity of one that is gone
        yield bare
        origin = typing.get_origin(bare)
        if isinstance(bare, list):
            waiting += bare
        elif origin is not None and origin is not Literal:
            waiting += [origin, *typing.get_args(bare)]


def type_text(annotation: Any) -> str:
    """Return *annotation* as a person would write it, at most 200 characters."""
    return printable(attempt("?", _text, annotation)[:200])


def _text(annotation: Any) -> str:
    if is_alias(annotation):
        return str(annotation.__name__)
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
