"""From the function that a caller names to the function that the actor runs."""

from typing import Any

from ._message import Handler

Known = dict[Handler, Handler]


def resolve(actor_class: type[Any], known: Known, function: Handler) -> Handler:
    """Find the actor's own override of `function`; `TypeError` if its class has no such method.

    `known` remembers the answers of this class.
    """
    try:
        return known[function]
    except KeyError:
        known[function] = found = _search(actor_class, function)
        return found


def _search(actor_class: type[Any], function: Handler) -> Handler:
    for base in actor_class.__mro__:
        for name, value in vars(base).items():
            if value is function:
                found: Handler = getattr(actor_class, name)
                return found
    raise TypeError(f"{_named(function)} is no method of {actor_class.__qualname__}: pass {_advice(function)}")


def _named(function: object) -> str:
    return str(getattr(function, "__qualname__", function))


def _advice(function: object) -> str:
    owner = getattr(function, "__self__", None)
    if owner is not None:
        return f"the function of the class, {type(owner).__qualname__}.{getattr(function, '__name__', '')}"
    return "a function of the actor's own class or of one of its bases"
