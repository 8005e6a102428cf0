"""Is this plain data, and not too deep? So that nobody trips over it later.

A typed record is as deep as its type. Only what was decoded without a type (or by a type that contains
itself) can be a tower of lists, or a map that JSON cannot say. The walk is by levels, without recursion, so
no document can exhaust the stack here.
"""

from typing import Any

import attrs
import msgspec

from ._errors import Undecodable


@attrs.frozen
class PlainBounds:
    """How much is taken from a sender."""

    nesting: int
    decoded_bytes: int
    """Memory that it may take, estimated from above."""


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
