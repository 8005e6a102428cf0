"""A dict and a list that stay as they are, for what is handed to everybody who asks.

A snapshot is made once per revision, and all who ask in one process get the same, down to each record in it: one who
changed it would change it for the others, for the graph itself, and for the clients to whom it is sent. These are a
dict and a list, and so print, compare and are encoded like them; their copies and pickles are plain ones, and belong to
whoever made them. This file knows nothing of what is in them.
"""

from typing import Any, Final, NoReturn, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class FrozenDict(dict[K, V]):
    """A dict whose methods that would change it raise `TypeError`."""

    __slots__ = ("__weakref__",)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("this belongs to everybody who asked for it, and cannot be changed: dict(...) copies it")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type, tuple[dict[K, V]]]:
        """Become a plain dict wherever it is copied or sent to."""
        return dict, (dict(self),)


class FrozenList(list[V]):
    """A list whose methods that would change it raise `TypeError`."""

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("this belongs to everybody who asked for it, and cannot be changed: list(...) copies it")

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __reduce__(self) -> tuple[type, tuple[list[V]]]:
        """Become a plain list wherever it is copied or sent to."""
        return list, (list(self),)


LEAVES: Final = frozenset({str, int, float, bool, type(None)})


def frozen(value: Any) -> Any:
    """Return plain data equal to *value* in which nothing can be changed."""
    kind = type(value)
    if kind in LEAVES:
        return value
    if isinstance(value, dict):
        if LEAVES.issuperset(map(type, value.values())):
            return value if kind is FrozenDict else FrozenDict(value)
        return FrozenDict({key: frozen(inner) for key, inner in value.items()})
    return FrozenList(map(frozen, value)) if isinstance(value, list) else value
