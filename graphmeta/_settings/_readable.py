"""Any value as JSON-safe data that a person can read: bounded, without secrets, whatever the value does.

Settings objects and mappings become nested dicts, sequences and sets become lists, single values are the
business of ``_leaves``, and of anything else the repr is shown, unless it could tell a secret.
"""

import re
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

import attrs

from ._contain import attempt
from ._fields import Shape
from ._kinds import shape_of
from ._label import label
from ._leaves import NOT_A_LEAF, described, leaf, text, unshowable
from ._numpy import to_python
from ._scrub import Scrubber, twice
from ._search import Search
from ._secrets import REDACTED, is_secret_class

MAX_DEPTH: Final = 16
"""Levels of nesting that are shown."""
MAX_ITEMS: Final = 1024
"""Items of one container that are shown."""
MAX_NODES: Final = 8192
"""Values that one readable form shows in all."""
MAX_CHARACTERS: Final = 1 << 18
"""Characters of text that one readable form shows in all, names of fields apart."""

_MARKS: Final = re.compile(
    rf"{REDACTED}|…( \(\d+ characters\))?\Z|\A… \d+ more\Z"
    r"|\A<(cycle|too deep|cannot be read|.*, which cannot be shown)>\Z"
)
"""What stands where something is not shown."""
_SEQUENCES: Final = (list, tuple, deque)
_SETS: Final = (set, frozenset)


def readable(value: object) -> Any:
    """Return *value* as JSON-safe plain data: None, booleans, numbers, texts, lists and dicts with text keys.

    Secrets read ``<secret>``, and so does a text of at least four characters wherever it occurs again inside
    another. What is too deep, too long or too much is cut, and says so. It never raises (but
    KeyboardInterrupt), whatever the value's own methods do; it cannot stop one that never returns.
    """
    return twice(lambda scrubber: form_of(value, scrubber))


def is_whole(shown: object) -> bool:
    """Tell whether a readable form shows all of its value: nothing in it is secret, cut, or left out.

    When in doubt it does not. What was shown by its repr cannot be told from a text.
    """
    if isinstance(shown, str):
        return _MARKS.search(shown) is None
    if isinstance(shown, Mapping):
        return all(is_whole(key) and is_whole(inner) for key, inner in shown.items())
    return not isinstance(shown, list) or all(map(is_whole, shown))


def form_of(value: object, scrubber: Scrubber) -> Any:
    """Return the readable form without what *scrubber* knows by now; it learns the secrets of *value*."""
    return _Walk(scrubber=scrubber).form(value, 0)


@attrs.define
class _Walk:
    scrubber: Scrubber
    nodes: int = MAX_NODES
    """How many more values may be shown."""
    characters: int = MAX_CHARACTERS
    open: set[int] = attrs.field(factory=set)
    """The containers around the present value: meeting one again is a cycle."""
    search: Search = attrs.field(factory=Search)

    def form(self, value: object, depth: int) -> Any:
        self.nodes -= 1
        if self.nodes < 0:
            return "…"
        shown = attempt(NOT_A_LEAF, self._form, value, depth)
        if shown is NOT_A_LEAF:
            shown = unshowable(value)
        return self._bounded(shown) if isinstance(shown, str) else shown

    def _bounded(self, shown: str) -> str:
        shown = self.scrubber.scrub(shown)
        self.characters -= len(shown)
        return shown if self.characters >= 0 else "…"

    def _form(self, value: Any, depth: int) -> Any:
        shown = leaf(self.scrubber.scrub(value) if issubclass(type(value), str) else value)
        if shown is not NOT_A_LEAF:
            return shown
        if is_secret_class(type(value)):
            return self._secret(value)
        plain = to_python(value)
        if plain is not value:
            return self._form(plain, depth)
        shape = shape_of(type(value))
        if shape is not None or issubclass(type(value), (*_SEQUENCES, *_SETS, Mapping)):
            return self._nested(value, shape, depth)
        return described(value, self.scrubber.scrub) if self.search.why_withheld(value) is None else REDACTED

    def _secret(self, value: object) -> str:
        self.scrubber.learn(value)
        return REDACTED

    def _nested(self, value: Any, shape: Shape | None, depth: int) -> Any:
        if id(value) in self.open:
            return "<cycle>"
        if depth >= MAX_DEPTH:
            return "<too deep>"
        self.open.add(id(value))
        try:
            if shape is not None:
                return self._fields(value, shape, depth + 1)
            if issubclass(type(value), Mapping):
                return self._mapping(value, depth + 1)
            return self._items(value, depth + 1)
        finally:
            self.open.discard(id(value))

    def _fields(self, value: object, shape: Shape, depth: int) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for name, field in islice(shape.fields.items(), MAX_ITEMS):
            inner = attempt(NOT_A_LEAF, getattr, value, name)
            if field.secret:
                shown[name] = self._secret(inner)
            else:
                shown[name] = "<cannot be read>" if inner is NOT_A_LEAF else self.form(inner, depth)
        return shown

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        items: Any = dict.items if issubclass(type(value), dict) else type(value).items
        for key, inner in self._taken(items(value)):
            shown[_free(self._bounded(self._key(key)), shown)] = self.form(inner, depth)
        more = attempt(0, len, value) - len(shown)
        if more > 0:
            shown[_free("…", shown)] = f"{more} more"
        return shown

    def _key(self, key: Any) -> str:
        if issubclass(type(key), str):
            return text(self.scrubber.scrub(key))
        return label(key)

    def _items(self, value: Any, depth: int) -> list[Any]:
        shown = [self.form(inner, depth) for inner in self._taken(value)]
        if issubclass(type(value), _SETS):
            shown = _sorted(shown)
        more = attempt(0, len, value) - len(shown)
        return [*shown, f"… {more} more"] if more > 0 else shown

    def _taken(self, items: Iterable[Any]) -> list[Any]:
        return list(islice(items, max(0, min(MAX_ITEMS, self.nodes))))


def _free(key: str, taken: Mapping[str, Any]) -> str:
    """Return *key*, or a variation of it if another key already reads the same: 1 and "1" both stay."""
    count, free = 2, key
    while free in taken:
        free, count = f"{key} ({count})", count + 1
    return free


def _sorted(shown: list[Any]) -> list[Any]:
    """Return the items of a set in an order of their own: equal sets read the same in every process."""
    return attempt(None, sorted, shown) or sorted(shown, key=str)
