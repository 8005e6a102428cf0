"""What is wrong with the tasks of a unit: what they subscribe to, what they publish on, what they look like.

This file knows marks, functions and ports, not the rest of a class.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Final

from ._declared import marks, names_of
from ._decorators import Mark
from ._refusal import refuse, shown
from ._streams import InputStream, OutputStream, Port

_THREADED: Final = (("main",), ("thread",))


def check_tasks(cls: type) -> None:
    """Raise `InvalidComponent` for the first task of *cls* that cannot be one."""
    found = marks(cls)
    for name, mark in found.items():
        for reason in _faults(cls, name, mark):
            refuse(cls, name, reason)
    mains = [name for name, mark in found.items() if "main" in mark.kinds]
    if len(mains) > 1:
        refuse(cls, mains[1], f"is a second @main beside {mains[0]}")


def _faults(cls: type, name: str, mark: Mark) -> Iterator[str]:
    yield from _mark_faults(mark)
    for port in mark.subscribes:
        yield from _port_faults(cls, port, InputStream, "@subscriber")
    for port in mark.publishes:
        yield from _port_faults(cls, port, OutputStream, "@publisher")
    function = inspect.getattr_static(cls, name)
    if not inspect.isfunction(function):
        yield f"must be a plain method, not {shown(function)}"
    yield from _threaded_faults(function, mark) if mark.kinds[:1] in _THREADED else _async_faults(function, mark)


def _mark_faults(mark: Mark) -> Iterator[str]:
    if len(mark.subscribes) > 1:
        yield "subscribes to two streams; a task takes messages from one"
    if len(mark.kinds) > 1:
        yield f"is decorated twice: {', '.join(f'@{kind}' for kind in mark.kinds)}"
    if mark.kinds[:1] in _THREADED and (mark.subscribes or mark.publishes):
        yield f"is @{mark.kinds[0]}, which neither subscribes nor publishes"
    if len(set(map(id, mark.publishes))) < len(mark.publishes):
        yield "publishes on one stream twice"


def _port_faults(cls: type, port: object, kind: type[Port[Any]], decorator: str) -> Iterator[str]:
    if not isinstance(port, kind):
        yield f"{decorator} needs an {kind.__name__}, not {shown(port)}"
    names = names_of(cls, port)
    if not names:
        yield f"{decorator} names {shown(port)}, which the class does not declare"
    elif not isinstance(getattr(cls, names[0], None), kind):
        yield f"{decorator} names {names[0]}, which is no {kind.__name__} here"


def _threaded_faults(function: Callable[..., Any], mark: Mark) -> Iterator[str]:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        yield f"is @{mark.kinds[0]}, which runs in a thread: it must not be async"
    if not _takes(function, 1) and not _takes(function, 2):
        yield "must take self alone, or the event that stops it besides"


def _async_faults(function: Callable[..., Any], mark: Mark) -> Iterator[str]:
    generates = inspect.isasyncgenfunction(function)
    if not generates and not inspect.iscoroutinefunction(function):
        yield "must be async def"
    if mark.publishes and not generates:
        yield "is a publisher, so it must yield pairs of stream and message"
    if generates and not mark.publishes:
        yield "yields, but publishes nothing: name its streams with @publisher"
    if not _takes(function, 2 if mark.subscribes else 1):
        yield "must take self and the message" if mark.subscribes else "must take self alone"


def _takes(function: Callable[..., Any], count: int) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    return True
