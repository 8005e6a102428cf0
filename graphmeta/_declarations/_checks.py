"""What is wrong with a component class, told when the class is created: the class, the attribute, the reason.

This file knows declarations, not what becomes of them.
"""

import inspect
import sys
import types
from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

from ._declared import declared, marks
from ._decorators import mark_of
from ._refusal import refuse, shown
from ._streams import DEFAULT_MAX_QUEUE, InputStream, OutputStream, Port
from ._task_checks import check_tasks

INPUT_SETTINGS: Final = "INPUT_SETTINGS"
"""The input stream by which a unit opts in to settings that change while it runs."""


Restart = Literal["never", "temporary", "transient", "permanent"]
"""What can follow when a component fails."""

MAX_CALLERS: Final = 6
"""How far up a class's maker is looked for: behind us and whatever `__init_subclass__` its bases have."""


def check_component(cls: type, component: type) -> None:
    """Raise `InvalidComponent` for what neither unit nor collection may declare."""
    if sum(component in base.__bases__ for base in cls.__mro__) > 1:
        refuse(cls, "__bases__", "a component is a Unit or a Collection")
    for name in ("SETTINGS", "STATE"):
        _check_class(cls, name)
    _check_choices(cls)
    for name, value in vars(cls).items():
        _check_attribute(cls, name, value, component)
    for name, port in declared(cls, Port).items():
        fault = port._fault()
        if fault is not None:
            refuse(cls, name, fault)
    _check_single(cls, declared(cls, Port))


def check_unit(cls: type, component: type) -> None:
    """Raise `InvalidComponent` for what no unit may declare."""
    for name, port in declared(cls, Port).items():
        if not isinstance(port, InputStream | OutputStream):
            refuse(cls, name, f"is of class {type(port).__name__}, and a unit has input and output streams only")
    for name in declared(cls, component):
        refuse(cls, name, "is a component inside a unit; only collections hold components")
    for name in ("initialize", "shutdown"):
        _check_method(cls, name, wait=True)
    check_tasks(cls)
    _check_input_settings(cls)


def check_collection(cls: type, component: type) -> None:
    """Raise `InvalidComponent` for what no collection may declare."""
    for name in marks(cls):
        refuse(cls, name, "is a task in a collection; only units have tasks")
    for name, port in declared(cls, InputStream).items():
        if port.leaky or port.max_queue != DEFAULT_MAX_QUEUE:
            refuse(cls, name, "has no queue in a collection, where messages pass through; use an InputRelay")
    for name in ("configure", "network", "process_components"):
        _check_method(cls, name, wait=False)
    _check_single(cls, declared(cls, component))


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
    if name not in vars(cls):
        _check_bases_agree(cls, name)
        if name in vars(cls).get("__annotations__", ()) and getattr(cls, name) is None:
            refuse(cls, name, f"is annotated, not assigned; write {name} = THE_CLASS")
    elif getattr(cls, name) is not None and not _tells_instances(getattr(cls, name)):
        refuse(cls, name, f"must be a class with instances, not {shown(getattr(cls, name))}")


def _check_choices(cls: type) -> None:
    restart, process = getattr(cls, "RESTART", None), getattr(cls, "PROCESS", None)
    if restart not in get_args(Restart):
        refuse(cls, "RESTART", f"is {shown(restart)}; there are {', '.join(get_args(Restart))}")
    if not isinstance(process, bool):
        refuse(cls, "PROCESS", f"must be True or False, not {shown(process)}")


def _tells_instances(value: Any) -> bool:
    """Tell whether *value* is a class that knows its instances; typed dicts and some protocols do not."""
    try:
        isinstance(None, value)
    except TypeError:
        return False
    return isinstance(value, type)


def _check_bases_agree(cls: type, name: str) -> None:
    mine = getattr(cls, name)
    for base in cls.__bases__:
        theirs = getattr(base, name, None)
        if mine is not None and theirs is not None and not issubclass(mine, theirs):
            reason = f"is {mine.__qualname__} in one base and {theirs.__qualname__} in another; say which it is"
            refuse(cls, name, reason)


def _check_input_settings(cls: type) -> None:
    port = declared(cls, Port).get(INPUT_SETTINGS)
    if port is None:
        return
    settings = cls.SETTINGS  # type: ignore[attr-defined]  # every component has it.
    if not isinstance(port, InputStream):
        refuse(cls, INPUT_SETTINGS, f"must be an InputStream, not {type(port).__name__}")
    if settings is None:
        refuse(cls, INPUT_SETTINGS, "takes settings, and SETTINGS is not declared")
    kind = port.message_type
    if not isinstance(kind, type) or not issubclass(kind, settings):
        refuse(cls, INPUT_SETTINGS, f"takes {shown(kind)}, but SETTINGS is {shown(settings)}")


# -- attributes ----------------------------------------------------------------------------------------------


def _check_attribute(cls: type, name: str, value: object, component: type) -> None:
    if isinstance(value, Port | component) or mark_of(value) is not None:
        if hasattr(component, name) or any(hasattr(base, name) for base in _ours(cls, component)):
            refuse(cls, name, "is a name that every component has already; choose another")
        if not name.isidentifier():
            refuse(cls, name, "is no name that Python code can use")
    elif isinstance(value, type) and issubclass(value, Port | component) and value.__name__ != name:
        refuse(cls, name, f"is a class; make an instance of it: {value.__name__}(...)")


def _ours(cls: type, component: type) -> list[type]:
    return [base for base in cls.__mro__ if base.__module__ == component.__module__]


def _check_single(cls: type, templates: Mapping[str, object]) -> None:
    """Refuse one template under two names: nobody could tell which of the two somebody else means."""
    first: dict[int, str] = {}
    for name, template in templates.items():
        if first.setdefault(id(template), name) != name:
            refuse(cls, name, f"is the same object as {first[id(template)]}; make one for each")


def _check_method(cls: type, name: str, *, wait: bool) -> None:
    function = inspect.getattr_static(cls, name)
    if not inspect.isfunction(function) or inspect.isasyncgenfunction(function):
        refuse(cls, name, f"must be a plain method, not {shown(function)}")
    if inspect.iscoroutinefunction(function) is not wait:
        refuse(cls, name, "must be async def" if wait else "must not be async")
