"""The decorators that make a method of a unit a task, a main function or a thread.

They leave a mark on the function and judge nothing that the class alone can know. This file knows ports and
functions, no components.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import attrs

from graphmeta._errors import InvalidComponent

from ._streams import InputStream, OutputStream

Function = TypeVar("Function", bound=Callable[..., Any])

_ATTRIBUTE: Final = "__trellis_mark__"


class Complete(Exception):
    """Raised by a task that has done what it was for: that task ends, the rest of the graph goes on."""


class NormalTermination(Exception):
    """Raised by a task to end the whole graph, without an error."""


@attrs.frozen
class Mark:
    """What the decorators said about one function, as they said it."""

    kinds: tuple[str, ...] = ()
    """``task``, ``main``, ``thread``: each decorator of these, once for each use."""
    subscribes: tuple[Any, ...] = ()
    publishes: tuple[Any, ...] = ()


def mark_of(function: object) -> Mark | None:
    """Return what the decorators said about *function*, None if nothing."""
    mark = getattr(function, _ATTRIBUTE, None)
    return mark if isinstance(mark, Mark) else None


def subscriber(stream: InputStream[Any]) -> Callable[[Function], Function]:
    """Have the method called with every message that arrives at *stream*.

    It takes the message, as in ``async def show(self, message: float) -> None``.
    """
    _refuse_function("subscriber", stream)
    return lambda function: _marked(function, subscribes=(stream,))


def publisher(*streams: OutputStream[Any]) -> Callable[[Function], Function]:
    """Have what the method yields sent: pairs of one of *streams* and a message.

    Alone it makes a source, which runs once; beside `subscriber` the method runs once for each message. It
    yields ``self.OUTPUT, message`` and is annotated ``AsyncIterator[tuple[OutputStream[int], int]]``.
    """
    for stream in streams:
        _refuse_function("publisher", stream)
    return lambda function: _marked(function, publishes=streams or (None,))


def task(function: Function) -> Function:
    """Run the method, a coroutine, once for as long as the unit lives."""
    return _marked(function, kinds=("task",))


def main(function: Function) -> Function:
    """Run the method, a plain function, in the main thread of its process; its end ends the graph.

    If it takes an argument besides ``self``, it gets an event that is set when it has to stop.
    """
    return _marked(function, kinds=("main",))


def thread(function: Function) -> Function:
    """Run the method, a plain function, in a worker thread.

    If it takes an argument besides ``self``, it gets an event that is set when it has to stop.
    """
    return _marked(function, kinds=("thread",))


def _marked(function: Function, **more: tuple[Any, ...]) -> Function:
    mark = mark_of(function) or Mark()
    values: Mapping[str, Any] = {name: value + getattr(mark, name) for name, value in more.items()}
    setattr(function, _ATTRIBUTE, attrs.evolve(mark, **values))
    return function


def _refuse_function(decorator: str, stream: object) -> None:
    """Refuse a decorator without its parentheses: what it returned would no longer be marked as anything."""
    if callable(stream) and hasattr(stream, "__qualname__") and not isinstance(stream, type):
        holder, _, name = stream.__qualname__.rpartition(".")
        raise InvalidComponent(holder, name, f"@{decorator} needs its stream: @{decorator}(STREAM)")
