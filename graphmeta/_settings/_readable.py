"""Any value as JSON-safe plain data that a person can read: bounded, without secrets, never by running away.

Settings objects and mappings become nested dicts, sequences and sets become lists, single values are the
business of ``_leaves``. Bounds hold for depth, for the items of one container and for all of them together.
"""

import sys
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

import attrs

from ._contain import attempt, class_name
from ._fields import Shape
from ._kinds import shape_of
from ._leaves import described, leaf, text
from ._search import holds_secrets
from ._secrets import REDACTED, is_secret_class

MAX_DEPTH: Final = 16
"""Levels of nesting that are shown."""
MAX_ITEMS: Final = 1024
"""Items of one container that are shown."""
MAX_NODES: Final = 8192
"""Values that one readable form shows in all."""

_SIMPLE: Final = frozenset({type(None), bool, int, float, str})
_SEQUENCES: Final = (list, tuple, set, frozenset, deque)


def readable(value: object) -> Any:
    """Return *value* as JSON-safe plain data: None, booleans, numbers, texts, lists and dicts with text keys.

    Secrets read ``<secret>``. What is too deep, too long or too much is cut, and says so. It never raises
    (but KeyboardInterrupt), whatever the value's own methods do; it cannot stop one that never returns.
    """
    return _Walk().form(value, 0)


@attrs.define
class _Walk:
    left: int = MAX_NODES
    open: set[int] = attrs.field(factory=set)
    """The containers around the present value: meeting one again is a cycle."""

    def form(self, value: object, depth: int) -> Any:
        if type(value) in _SIMPLE:
            return leaf(value)
        return attempt(f"<{class_name(type(value))}, which cannot be shown>", self._form, value, depth)

    def _form(self, value: Any, depth: int) -> Any:
        if is_secret_class(type(value)):
            return REDACTED
        value = _from_numpy(value)
        shape = shape_of(type(value))
        if shape is None and not isinstance(value, (*_SEQUENCES, Mapping)):
            return self._single(value)
        if id(value) in self.open:
            return "<cycle>"
        if depth >= MAX_DEPTH:
            return "<too deep>"
        self.open.add(id(value))
        try:
            return self._container(value, shape, depth + 1)
        finally:
            self.open.discard(id(value))

    def _single(self, value: object) -> Any:
        shown = leaf(value)
        return REDACTED if isinstance(shown, str) and holds_secrets(value) else shown

    def _container(self, value: Any, shape: Shape | None, depth: int) -> Any:
        if shape is not None:
            return self._fields(value, shape, depth)
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        return self._items(value, depth)

    def _fields(self, value: object, shape: Shape, depth: int) -> dict[str, Any]:
        return {
            name: REDACTED if field.secret else self._field(value, name, depth)
            for name, field in islice(shape.fields.items(), MAX_ITEMS)
        }

    def _field(self, value: object, name: str, depth: int) -> Any:
        unreadable = object()
        inner = attempt(unreadable, getattr, value, name)
        return "<cannot be read>" if inner is unreadable else self.form(inner, depth)

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        pairs = dict.items(value) if isinstance(value, dict) else value.items()
        shown: dict[str, Any] = {}
        for key, inner in self._taken(pairs):
            shown[_free(_key(key), shown)] = self.form(inner, depth)
        if len(shown) < len(value):
            shown[_free("…", shown)] = f"{len(value) - len(shown)} more"
        return shown

    def _items(self, value: Any, depth: int) -> list[Any]:
        items = _ordered(value) if isinstance(value, (set, frozenset)) else value
        shown = [self.form(inner, depth) for inner in self._taken(items)]
        return shown if len(shown) >= len(value) else [*shown, f"… {len(value) - len(shown)} more"]

    def _taken(self, items: Iterable[Any]) -> list[Any]:
        taken = list(islice(items, min(MAX_ITEMS, self.left)))
        self.left -= len(taken)
        return taken


def _key(key: object) -> str:
    if isinstance(key, str):
        return text(key)
    shown = leaf(key) if not isinstance(key, tuple) else described(key)
    return REDACTED if holds_secrets(key) else str(shown)


def _free(key: str, taken: Mapping[str, Any]) -> str:
    """Return *key*, or a variation of it if another key already reads the same: 1 and "1" both stay."""
    count, free = 2, key
    while free in taken:
        free, count = f"{key} ({count})", count + 1
    return free


def _ordered(items: Iterable[Any]) -> Iterable[Any]:
    """Sort a set by what its items look like, so that equal sets read the same in every process."""
    return sorted(islice(items, MAX_ITEMS), key=lambda item: (str(type(item)), str(leaf(item))))


def _from_numpy(value: Any) -> Any:
    """Return numpy's scalars and small arrays as Python's own values; a big array as a note of its shape."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return value
    if isinstance(value, numpy.ndarray):
        small = value.size <= MAX_ITEMS
        return numpy.ndarray.tolist(value) if small else _BigArray(value.shape, str(value.dtype))
    return numpy.generic.item(value) if isinstance(value, numpy.generic) else value


class _BigArray:
    """Stands for an array that is too big to be shown; it is shown by its repr."""

    def __init__(self, shape: tuple[int, ...], dtype: str) -> None:
        self._text = f"<array of {dtype}, {' x '.join(map(str, shape))}>"

    def __repr__(self) -> str:
        return self._text
