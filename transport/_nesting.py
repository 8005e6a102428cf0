"""Is this plain data, and not too deep? So that nobody trips over it later.

A typed record is as deep as its type. Only what was decoded without a type (or by a type that contains
itself) can be a tower of lists, or a map that JSON cannot say. The walk is by levels, without recursion, so
no document can exhaust the stack here.
"""

from functools import lru_cache
from typing import Any

import attrs
import msgspec
import msgspec.inspect

from ._errors import Undecodable


@attrs.frozen
class PlainBounds:
    """How much data without a type is taken from a sender."""

    nesting: int
    bytes: int
    """Encoded; decoded it may take sixty times as much."""


_ENVELOPE = 1
"""Parameters are a record of the method's own, which is not the caller's depth."""
_LEAVES = frozenset({str, int, float, bool, bytes, type(None)})


def check_plain(value: Any, limit: int) -> None:
    """Refuse what is nested deeper than ``limit``, and maps whose keys are no texts."""
    level = [value]
    for _ in range(limit + _ENVELOPE):
        level = [child for node in level for child in _children(node) if type(child) not in _LEAVES]
        if not level:
            return
    raise Undecodable(f"nested more than {limit} deep")


def _children(node: Any) -> Any:
    kind = type(node)
    if kind is dict:
        if not all(type(key) is str for key in node):
            raise Undecodable("the keys of a map must be texts")
        return node.values()
    if kind in (list, tuple, set, frozenset):
        return node
    if isinstance(node, msgspec.Struct):
        return [getattr(node, name) for name in node.__struct_fields__]
    if attrs.has(kind):
        return [getattr(node, field.name) for field in attrs.fields(kind)]
    return ()


@lru_cache(maxsize=1024)
def is_loose(shape: Any) -> bool:
    """Whether a value of this type may be as deep as its sender likes."""
    return _reaches_anything(msgspec.inspect.type_info(shape), ())


def _reaches_anything(node: Any, above: tuple[int, ...]) -> bool:
    """Walk a type's description: anything, or a record within itself, has no depth of its own."""
    if isinstance(node, (msgspec.inspect.AnyType, msgspec.inspect.CustomType)) or id(node) in above:
        return True
    if not isinstance(node, (msgspec.inspect.Type, msgspec.inspect.Field)):
        return False
    inner = (getattr(node, name) for name in node.__struct_fields__)
    parts = [part for value in inner for part in (value if isinstance(value, tuple) else (value,))]
    return any(_reaches_anything(part, (*above, id(node))) for part in parts)
