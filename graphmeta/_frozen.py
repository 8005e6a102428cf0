"""A dict that stays as it is, for what is handed to everybody who asks.

A snapshot is made once per revision, and all who ask in one process get the same: one who changed it would change it
for the others, and for the clients to whom it is sent. This one is a dict, and so prints, compares and is encoded like
one; its copies and pickles are plain dicts, and belong to whoever made them. This file knows nothing of what is in it.
"""

from typing import Any, NoReturn, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class FrozenDict(dict[K, V]):
    """A dict whose methods that would change it raise `TypeError`."""

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("this belongs to everybody who asked for it, and cannot be changed: dict(...) copies it")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type, tuple[dict[K, V]]]:
        """Become a plain dict wherever it is copied or sent to."""
        return dict, (dict(self),)
