"""Wire methods read off a class: one decorated method is one wire method, and its annotations are the contract.

From them come the record that its parameters are decoded into, and its description. Pure.
"""

import inspect
import types
import typing
from collections.abc import Awaitable, Callable, Hashable
from functools import cache
from typing import Any, ParamSpec, TypeVar, overload

import attrs
import msgspec

from transport._documents._codec import Payload

P = ParamSpec("P")
R = TypeVar("R")

_MARK = "__wire_method__"


@overload
def wire_method(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def wire_method(*, reads: bool) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def wire_method(function: Any = None, /, *, reads: bool = False) -> Any:
    """Expose a method to peers under its own name. All of it must be annotated.

    A plain function is decided and answered in the order of the requests; an ``async`` one is answered when it
    returns. A plain function that returns an ``Awaitable`` is decided in order and answered later.
    ``@wire_method(reads=True)`` says that it changes nothing, so that peers who may only read may call it.
    """

    def mark(marked: Any) -> Any:
        setattr(marked, _MARK, _Mark(reads))
        return marked

    return mark if function is None else mark(function)


@attrs.frozen
class _Mark:
    reads: bool


@attrs.frozen
class WireMethod:
    """What a service knows about one of its methods."""

    name: str
    reads: bool
    """Whether those who may only read may call it."""
    waits: bool
    """Whether its answer comes later: it is asynchronous, or a plain function that returns an ``Awaitable``."""
    params: type[msgspec.Struct]
    undecoded: tuple[str, ...]
    """Parameters that the method gets as a `Payload`."""
    result: Any
    summary: str


@cache
def wire_methods(cls: Hashable) -> dict[str, WireMethod]:
    """Read the table of a class. TypeError for a method that cannot be described: its author's mistake."""
    marked = inspect.getmembers(cls, lambda member: getattr(member, _MARK, False))
    return {name: _describe(name, function) for name, function in marked}


def _describe(name: str, function: Callable[..., Any]) -> WireMethod:
    hints = typing.get_type_hints(function, include_extras=True)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    missing = [parameter.name for parameter in parameters if parameter.name not in hints]
    if missing or "return" not in hints:
        raise TypeError(f"wire method {name}: annotate {', '.join(missing) or 'the result'}")
    undecoded = tuple(p.name for p in parameters if _is_payload(hints[p.name]))
    hints |= dict.fromkeys(undecoded, msgspec.Raw)
    later = typing.get_origin(hints["return"]) is Awaitable
    return WireMethod(
        name=name,
        reads=getattr(function, _MARK).reads,
        waits=inspect.iscoroutinefunction(function) or later,
        params=_params_record(name, parameters, hints),
        undecoded=undecoded,
        result=typing.get_args(hints["return"])[0] if later else hints["return"],
        summary=(inspect.getdoc(function) or "").partition("\n")[0],
    )


def _is_payload(hint: Any) -> bool:
    """Tell `Payload`, ``Payload[...]`` and either of them ``| None``."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return any(map(_is_payload, typing.get_args(hint)))
    return Payload in (hint, origin)


def _params_record(name: str, parameters: list[inspect.Parameter], hints: dict[str, Any]) -> type[msgspec.Struct]:
    fields = [(p.name, hints[p.name], msgspec.NODEFAULT if p.default is p.empty else p.default) for p in parameters]
    return msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True)
