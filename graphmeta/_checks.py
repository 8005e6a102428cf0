"""What is wrong with a component class, told when the class is created: the class, the attribute, the reason.

This file knows declarations, not what becomes of them.
"""

import inspect
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, Final, NoReturn

from ._declared import declared, marks, names_of
from ._decorators import Mark
from ._errors import InvalidComponent
from ._streams import InputStream, OutputStream, Port, Relay, Topic

INPUT_SETTINGS: Final = "INPUT_SETTINGS"
"""The input stream by which a unit opts in to settings that change while it runs."""


MAX_CALLERS: Final = 6
"""How far up a class's maker is looked for: behind us and whatever `__init_subclass__` its bases have."""


def check_component(cls: type, root: type) -> None:
    """Raise `InvalidComponent` for what no component below *root* may declare."""
    for name in ("SETTINGS", "STATE"):
        _check_class(cls, name)
    _check_names(cls, root)
    for name, port in declared(cls, Port).items():
        fault = port._fault()
        if fault is not None:
            _refuse(cls, name, fault)
        names = {each for each in names_of(cls, port) if getattr(cls, each) is port}
        if len(names) > 1:
            _refuse(cls, name, f"is one stream under several names: {', '.join(sorted(names))}")


def check_unit(cls: type, component: type) -> None:
    """Raise `InvalidComponent` for what no unit may declare."""
    for name, port in declared(cls, Port).items():
        if isinstance(port, Topic | Relay):
            _refuse(cls, name, f"is a {type(port).__name__}; those are for collections, units have streams")
    for name in declared(cls, component):
        _refuse(cls, name, "is a component inside a unit; only collections hold components")
    found = marks(cls)
    for name, mark in found.items():
        _check_task(cls, name, mark)
    mains = [name for name, mark in found.items() if "main" in mark.kinds]
    if len(mains) > 1:
        _refuse(cls, mains[1], f"is a second @main beside {mains[0]}")
    _check_input_settings(cls)


def check_collection(cls: type, component: type) -> None:
    """Raise `InvalidComponent` for what no collection may declare."""
    for name in marks(cls):
        _refuse(cls, name, "is a task in a collection; only units have tasks")
    children: dict[str, object] = declared(cls, component)
    for name, child in children.items():
        names = [each for each in names_of(cls, child) if getattr(cls, each) is child]
        if len(names) > 1:
            _refuse(cls, name, f"is one component under several names: {', '.join(sorted(names))}")


def is_unfilled(cls: type) -> bool:
    """Tell whether *cls* is the empty class that cloudpickle begins with; what it stands for was checked before.

    Only where several bases meet can it look wrong before it has its attributes: it settles nothing between them.
    """
    if len(cls.__bases__) < 2 or set(vars(cls)) - {"__module__", "__doc__"}:
        return False
    frame = sys._getframe(1)
    for _ in range(MAX_CALLERS):
        if frame.f_back is None:
            break
        frame = frame.f_back
        if frame.f_code is types.new_class.__code__:
            return True
    return False


# -- settings and state --------------------------------------------------------------------------------------


def _check_class(cls: type, name: str) -> None:
    value = vars(cls).get(name)
    if value is not None and not isinstance(value, type):
        _refuse(cls, name, f"must be a class, not {value!r:.80}")
    if value is None and name in vars(cls).get("__annotations__", ()) and getattr(cls, name) is None:
        _refuse(cls, name, f"is annotated, not assigned; write {name} = THE_CLASS")
    if value is None:
        _check_bases_agree(cls, name)


def _check_bases_agree(cls: type, name: str) -> None:
    mine = getattr(cls, name)
    for base in cls.__bases__:
        theirs = getattr(base, name, None)
        if theirs is not None and not issubclass(mine, theirs):
            reason = f"is {mine.__qualname__} in one base and {theirs.__qualname__} in another; say which it is"
            _refuse(cls, name, reason)


def _check_input_settings(cls: type) -> None:
    port = declared(cls, Port).get(INPUT_SETTINGS)
    if port is None:
        return
    settings = cls.SETTINGS  # type: ignore[attr-defined]  # every component has it.
    if not isinstance(port, InputStream):
        _refuse(cls, INPUT_SETTINGS, f"must be an InputStream, not {type(port).__name__}")
    if settings is None:
        _refuse(cls, INPUT_SETTINGS, "takes settings, and SETTINGS is not declared")
    kind = port.message_type
    if not isinstance(kind, type) or not issubclass(kind, settings):
        _refuse(cls, INPUT_SETTINGS, f"takes {_name(kind)}, but SETTINGS is {settings.__qualname__}")


# -- names ---------------------------------------------------------------------------------------------------


def _check_names(cls: type, root: type) -> None:
    taken = {name for base in cls.__mro__ if base.__module__ == root.__module__ for name in vars(base)}
    for name, value in vars(cls).items():
        if isinstance(value, Port | root) and (name in taken or name.startswith("__")):
            _refuse(cls, name, "is a name that components have already; choose another")


# -- tasks ---------------------------------------------------------------------------------------------------


def _check_task(cls: type, name: str, mark: Mark) -> None:
    for reason in _mark_faults(mark):
        _refuse(cls, name, reason)
    for decorator, kind, ports in (
        ("subscriber", InputStream, mark.subscribes),
        ("publisher", OutputStream, mark.publishes),
    ):
        for port in ports:
            fault = _port_fault(cls, port, kind)
            if fault is not None:
                _refuse(cls, name, f"@{decorator} {fault}")
    for reason in _function_faults(inspect.getattr_static(cls, name), mark):
        _refuse(cls, name, reason)


def _mark_faults(mark: Mark) -> Iterator[str]:
    if len(mark.subscribes) > 1:
        yield "subscribes to two streams; a task takes messages from one"
    if len(mark.kinds) > 1:
        yield f"is decorated twice, as {' and '.join(f'@{kind}' for kind in mark.kinds)}"
    if mark.kinds and mark.kinds != ("task",) and (mark.subscribes or mark.publishes):
        yield f"is @{mark.kinds[0]}, which neither subscribes nor publishes"
    if len(set(map(id, mark.publishes))) < len(mark.publishes):
        yield "publishes on one stream twice"


def _port_fault(cls: type, port: object, kind: type) -> str | None:
    if not isinstance(port, kind):
        return f"needs an {kind.__name__}, not {_shown(port)}"
    names = names_of(cls, port)
    if not names:
        return f"names a stream that the class does not declare: {port!r}"
    if not isinstance(getattr(cls, names[0]), kind):
        return f"names {names[0]}, which is no {kind.__name__} any more"
    return None


def _function_faults(function: object, mark: Mark) -> Iterator[str]:
    if not inspect.isfunction(function):
        yield f"must be a plain method, not a {type(function).__name__}"
        return
    generates = inspect.isasyncgenfunction(function)
    if mark.kinds in (("main",), ("thread",)):
        if generates or inspect.iscoroutinefunction(function):
            yield f"is @{mark.kinds[0]}, which runs in a thread: it must be a plain def"
    elif not generates and not inspect.iscoroutinefunction(function):
        yield "must be async def" + (", and yield pairs of stream and message" if mark.publishes else "")
    elif mark.publishes and not generates:
        yield "is a publisher, so it must yield pairs of stream and message"
    elif generates and not mark.publishes:
        yield "yields, but publishes nothing: name the stream with @publisher"
    counts = (1, 2) if "thread" in mark.kinds else (2,) if mark.subscribes else (1,)
    if not any(_takes(function, count) for count in counts):
        yield "must take " + ("self and the message" if mark.subscribes else "self alone")


def _takes(function: Callable[..., Any], count: int) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    return True


def _shown(value: object) -> str:
    return type(value).__name__ if isinstance(value, Port) else f"{value!r:.80}"


def _name(kind: object) -> str:
    return kind.__qualname__ if isinstance(kind, type) else f"{kind!r:.80}"


def _refuse(cls: type, attribute: str, reason: str) -> NoReturn:
    raise InvalidComponent(cls.__qualname__, attribute, reason)
