"""Looking at foreign objects without being hurt by them: a class may lie, raise or return nonsense anywhere.

Classes are read through ``type``'s own descriptors, which no class and no metaclass can override; everything
else that runs foreign code goes through `attempt`. This file knows nothing of settings.
"""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
D = TypeVar("D")

_mro_of = type.__dict__["__mro__"].__get__
_namespace_of = type.__dict__["__dict__"].__get__
_module_of = type.__dict__["__module__"].__get__
_name_of = type.__dict__["__qualname__"].__get__


def attempt(otherwise: D, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | D:
    """Return what *function* returns, or *otherwise* if it raises anything but KeyboardInterrupt.

    A Ctrl-C that strikes in foreign code cannot be told from one that this code raises: it passes.
    """
    try:
        return function(*args, **kwargs)
    except KeyboardInterrupt:
        raise
    except BaseException:  # a hostile property may raise SystemExit or a class of its own
        return otherwise


def is_class(value: object) -> bool:
    """Tell whether *value* is a class, without asking it."""
    return issubclass(type(value), type)


def bases(cls: type) -> tuple[type, ...]:
    """Return the class and its bases in the order of resolution, whatever its metaclass says."""
    result: tuple[type, ...] = _mro_of(cls)
    return result


def namespace_of(cls: type) -> dict[str, Any]:
    """Return what the body of *cls* itself defined; not to be changed."""
    result: dict[str, Any] = _namespace_of(cls)
    return result


def declared(cls: type, name: str) -> Any:
    """Return what *cls* or a base holds under *name*, without running a descriptor; None if nothing does."""
    for base in bases(cls):
        namespace = _namespace_of(base)
        if name in namespace:
            return namespace[name]
    return None


def module_of(cls: type) -> str:
    """Return the name of the module that defines *cls*; empty if it does not say."""
    module = _module_of(cls)
    return str.__str__(module) if isinstance(module, str) else ""


def class_name(cls: type) -> str:
    """Return ``module.Class``, or ``Class`` alone for a builtin."""
    module, name = module_of(cls), str.__str__(_name_of(cls))[:200]
    return printable(name if module in ("builtins", "") else f"{module[:200]}.{name}")


def printable(plain: str) -> str:
    """Return *plain* with what no encoding can carry written as an escape."""
    return plain if plain.isascii() else plain.encode("utf-8", "backslashreplace").decode()


def descends(cls: type, module: str, *names: str) -> bool:
    """Tell whether *cls* has a base of that module and name; the module need not be imported to ask."""
    return any(_name_of(base) in names and module_of(base) == module for base in bases(cls))
