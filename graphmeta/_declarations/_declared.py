"""What a component class declares, read off the class itself whenever it is asked for.

Nothing is kept beside the class, so what cloudpickle makes of it in another process declares the same.
Bases come first, and an attribute that a subclass sets to something else is no longer declared. This file
knows ports and marks, not what components are.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, TypeVar

import attrs

from ._decorators import Mark, mark_of
from ._streams import InputStream, OutputStream

K = TypeVar("K")

TaskKind = Literal["task", "main", "thread"]

KINDS: Final[dict[str, TaskKind]] = {"task": "task", "main": "main", "thread": "thread"}


@attrs.frozen
class TaskForm:
    """A task, main function or thread as its class declares it: with the names that an instance has its ports under."""

    name: str
    subscribes: str | None
    publishes: tuple[str, ...]
    kind: TaskKind


@attrs.frozen
class TaskSpec:
    """A task, main function or thread of one unit: what it takes from and what it publishes on."""

    name: str
    function: Callable[..., Any]
    """Bound to its unit."""
    subscribes: InputStream[Any] | None = None
    """The unit's own port; None for what runs once."""
    publishes: tuple[OutputStream[Any], ...] = ()
    """The unit's own ports."""
    kind: TaskKind = "task"


def declared(cls: type, kind: type[K]) -> dict[str, K]:
    """Return the attributes of *cls* that are of a *kind*."""
    return {name: value for name, value in _attributes(cls).items() if isinstance(value, kind)}


def marks(cls: type) -> dict[str, Mark]:
    """Return what the decorators say of the methods of *cls*; an override keeps what its base says."""
    found: dict[str, Mark] = {}
    for base in reversed(cls.__mro__):
        for name, value in vars(base).items():
            mark = mark_of(value) or mark_of(getattr(value, "__func__", None))
            if mark is not None:
                found[name] = mark
            elif not callable(value):
                found.pop(name, None)
    return found


def names_of(cls: type, port: object) -> list[str]:
    """Return the names under which *cls* or its bases declare that very *port*."""
    return [name for base in cls.__mro__ for name, value in vars(base).items() if value is port]


def forms(cls: type) -> Iterator[TaskForm]:
    """Yield the tasks of a class that was checked."""
    for name, mark in marks(cls).items():
        inputs = [names_of(cls, port)[0] for port in mark.subscribes]
        outputs = tuple(names_of(cls, port)[0] for port in mark.publishes)
        yield TaskForm(name, inputs[0] if inputs else None, outputs, KINDS[mark.kinds[0]] if mark.kinds else "task")


def specs(unit: object) -> Iterator[TaskSpec]:
    """Yield the tasks of an instance whose class was checked."""
    for form in forms(type(unit)):
        subscribes = None if form.subscribes is None else getattr(unit, form.subscribes)
        publishes = tuple(getattr(unit, name) for name in form.publishes)
        yield TaskSpec(form.name, getattr(unit, form.name), subscribes, publishes, form.kind)


def _attributes(cls: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        found.update(vars(base))
    return found
