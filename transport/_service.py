"""Methods that a peer may call: one decorated method is one wire method.

The annotations are the contract: parameters are decoded against them before the method runs, and the schema
is made from them. A synchronous method is decided in the reader; an asynchronous one gets a task. Knows
nothing of peers.
"""

import inspect
import types
import typing
from collections.abc import Callable, Hashable
from functools import cache
from typing import Any, ParamSpec, TypeVar, cast

import attrs
import msgspec

from ._codec import Payload
from ._errors import InvalidParams, MethodNotFound, Undecodable

P = ParamSpec("P")
R = TypeVar("R")

_MARK = "__wire_method__"


def wire_method(function: Callable[P, R]) -> Callable[P, R]:
    """Expose a method, sync or async, to peers under its own name. All of it must be annotated."""
    setattr(function, _MARK, True)
    return function


@attrs.frozen
class WireMethod:
    """What a service knows about one of its methods."""

    name: str
    waits: bool
    """Whether it is asynchronous."""
    params: type[msgspec.Struct]
    undecoded: tuple[str, ...]
    """Parameters that the method gets as a `Payload`."""
    result: Any
    summary: str


class Service:
    """The wire methods of one object."""

    def __init__(self, target: Any) -> None:
        self._target = target
        self._methods = wire_methods(cast("Hashable", type(target)))

    def __repr__(self) -> str:
        return f"<Service of {type(self._target).__name__}: {', '.join(self._methods)}>"

    def __contains__(self, name: object) -> bool:
        return name in self._methods

    def find(self, name: str) -> WireMethod:
        """Find a method. Raises `MethodNotFound`: the caller's mistake."""
        try:
            return self._methods[name]
        except KeyError:
            raise MethodNotFound(name) from None

    def bind(self, method: WireMethod, params: Payload[Any]) -> Callable[[], Any]:
        """Decode the parameters and give the call to make. Raises `InvalidParams`, or a record's error."""
        arguments = _read_arguments(method, params)
        function = getattr(self._target, method.name)
        return lambda: function(**arguments)


def _read_arguments(method: WireMethod, params: Payload[Any]) -> dict[str, Any]:
    try:
        record = params.read(method.params) if params.present else _defaults(method)
    except Undecodable as error:
        raise InvalidParams(method.name, str(error)) from None
    arguments = {name: getattr(record, name) for name in method.params.__struct_fields__}
    for name in method.undecoded:
        if isinstance(arguments[name], msgspec.Raw):
            arguments[name] = params.part(arguments[name])
    return arguments


def _defaults(method: WireMethod) -> msgspec.Struct:
    try:
        return method.params()
    except TypeError as error:
        raise InvalidParams(method.name, str(error)) from None


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
    undecoded = tuple(name for name, hint in hints.items() if _is_payload(hint))
    hints |= dict.fromkeys(undecoded, msgspec.Raw)
    return WireMethod(
        name=name,
        waits=inspect.iscoroutinefunction(function),
        params=_params_record(name, parameters, hints),
        undecoded=undecoded,
        result=hints["return"],
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
