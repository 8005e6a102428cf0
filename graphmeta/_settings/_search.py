"""Looking for secrets inside a value: in all that the value can reach, for a repr may show any of it.

What an object reaches is asked of Python's garbage collector, so no code of the object's class is run. Where
a pickle would hold the code of a function or a class (``__main__``, local ones), what that code uses counts.
"""

import functools
import gc
import sys
import types
from typing import Any, Final

import attrs
import msgspec

from ._annotations import parts, resolved_hints
from ._contain import attempt, bases, module_of, namespace_of
from ._kinds import shape_of
from ._numpy import is_array_class
from ._secrets import is_secret_annotation, is_secret_class

MAX_OBJECTS: Final = 20_000
"""Objects that one search looks into."""
MAX_ITEMS: Final = 2_000_000
"""Plain values that one search passes over."""

HOLDS: Final = "holds secrets"
TOO_MUCH: Final = "too large to be searched for secrets"
UNKNOWN: Final = "cannot be searched for secrets"

_PLAIN: Final = frozenset({type(None), bool, int, float, complex, str, bytes, bytearray, range, type(Ellipsis)})
_CLOSED: Final = frozenset({types.ModuleType, types.BuiltinFunctionType, types.CodeType, types.FrameType})
"""What leads out of the value into the program at large."""


def why_withheld(value: object) -> str | None:
    """Return why *value* must not be shown whole: it holds secrets, or nobody can tell. None: it may be."""
    return Search().why_withheld(value)


def declares_secrets(cls: type) -> bool:
    """Tell whether *cls*, or a settings class that its annotations name, has a secret field."""
    return attempt(True, _is_secret, cls)


@attrs.define
class Search:
    """Several searches that share their bounds and what they found clean."""

    objects: int = 0
    items: int = 0
    clean: dict[int, object] = attrs.field(factory=dict)
    """By identity; the objects are kept, lest a new one takes the identity of one that is gone."""

    def why_withheld(self, value: object) -> str | None:
        """Return why *value* must not be shown whole; None if it may be."""
        return attempt(UNKNOWN, self._search, value)

    def _search(self, value: object) -> str | None:
        seen: dict[int, object] = {}
        waiting: list[Any] = [value]
        while waiting:
            item = waiting.pop()
            cls: Any = type(item)
            if cls in _PLAIN or id(item) in seen or id(item) in self.clean:
                continue
            if self.objects >= MAX_OBJECTS or self.items >= MAX_ITEMS:
                return TOO_MUCH
            if _is_secret(cls) or _is_secret_code(item):
                return HOLDS
            seen[id(item)] = item
            reached = _reached(item)
            self.objects += 1
            self.items += len(reached)
            waiting.extend(inner for inner in reached if type(inner) not in _PLAIN)
        self.clean.update(seen)
        return None


@functools.lru_cache(maxsize=1024)
def _is_secret(cls: type) -> bool:
    if shape_of(cls) is not None or is_secret_class(cls):
        return _declares(cls, set())
    if module_of(cls) == "builtins":
        return False
    return any(map(is_secret_annotation, resolved_hints(cls).values()))


def _declares(cls: type, seen: set[type]) -> bool:
    if cls in seen:
        return False
    seen.add(cls)
    shape = shape_of(cls)
    fields = () if shape is None else shape.fields.values()
    if is_secret_class(cls) or any(field.secret for field in fields):
        return True
    named = (part for field in fields for part in parts(field.annotation) if isinstance(part, type))
    return any(_declares(part, seen) for part in named)


def _is_secret_code(item: Any) -> bool:
    """Tell whether *item* is a class whose body a pickle would hold, the defaults of its secrets included."""
    return issubclass(type(item), type) and _is_secret(item) and _by_value(module_of(item), item.__qualname__)


def _reached(item: Any) -> list[object]:
    """Return what *item* refers to, as far as a pickle or a repr of it could tell."""
    cls = type(item)
    if cls in _CLOSED:
        return []
    if cls is types.FunctionType:
        return _of_function(item)
    if issubclass(cls, type):
        own = [base for base in bases(item) if _by_value(module_of(base), base.__qualname__)]
        return [value for base in own for value in namespace_of(base).values()]
    if issubclass(cls, msgspec.Struct):
        # A struct that is hidden from the garbage collector (gc=False) would say that it refers to nothing.
        return [attempt(None, getattr, item, name) for name in cls.__struct_fields__]
    if is_array_class(cls):
        return [item.tolist()] if item.dtype.hasobject else []
    return gc.get_referents(item)


def _of_function(function: types.FunctionType) -> list[object]:
    if not _by_value(function.__module__, function.__qualname__):
        return []
    used = [function.__globals__.get(name) for name in function.__code__.co_names]
    cells = [attempt(None, getattr, cell, "cell_contents") for cell in function.__closure__ or ()]
    return [*used, *cells, function.__defaults__, function.__kwdefaults__, function.__dict__]


def _by_value(module: str | None, name: str) -> bool:
    """Tell whether cloudpickle would put the code itself into a pickle, for nobody could import it."""
    return module == "__main__" or module not in sys.modules or "<" in name
