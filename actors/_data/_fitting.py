"""Whether a message that passes by reference is what its receiver named: nobody reads it, so nothing else would tell.

Pure. What fits by its types, or may fit, is never looked at: a program whose publishers send something better than
they said goes on as it is. Looked at are only the messages of a publisher whose type has nothing to do with the
receiver's, as when somebody connected two streams by mistake.
"""

import types
import typing
from collections import deque
from numbers import Number
from typing import Annotated, Any, Final, Union

import attrs

from graphmeta import type_text

from ._arrays import is_scalar_type

_TELL_NOTHING: Final = (None, object, Any, Annotated, Union, types.UnionType)
_ALIKE: Final = ((list, tuple, set, frozenset, deque), (bytes, bytearray, memoryview))
"""Classes that have nothing to do with each other, and are used for one another all the same; so are numbers."""


@attrs.frozen
class Misfit:
    """Stands in a queue for a message that its receiver cannot take."""

    topic: str
    """Of its publisher."""
    sent: type
    taken: Any

    def __str__(self) -> str:
        return f"{self.topic} sent {type_text(self.sent)}, and {type_text(self.taken)} is taken"


def can_fit(sent: Any, taken: Any) -> bool:
    """Whether a publisher that names *sent* may have something for a subscriber that names *taken*.

    True where it is not known: a union may be anything, and so may what has no class.
    """
    if sent is taken or taken is object:
        return True
    given, wanted = _class_of(sent), _class_of(taken)
    if given is None or wanted is None:
        return True
    try:
        return issubclass(given, wanted) or issubclass(wanted, given) or _are_alike(given, wanted)
    except Exception:  # A protocol that cannot tell, or code of the class itself.
        return True


def fitting(topic: str, sent: Any, message: Any, taken: Any) -> Any:
    """Return *message*, or the `Misfit` that it is; *sent* and *taken* are what both ends named."""
    if can_fit(sent, taken):
        return message
    try:
        fits = isinstance(message, typing.get_origin(taken) or taken)
    except Exception:
        return message
    return message if fits else Misfit(topic, type(message), taken)


def _class_of(annotation: Any) -> type | None:
    named = typing.get_origin(annotation) or annotation
    return named if isinstance(named, type) and named not in _TELL_NOTHING else None


def _are_alike(one: type, other: type) -> bool:
    if _is_number(one) and _is_number(other):
        return True
    return any(issubclass(one, family) and issubclass(other, family) for family in _ALIKE)


def _is_number(cls: type) -> bool:
    return issubclass(cls, Number) or is_scalar_type(cls)
