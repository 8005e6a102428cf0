"""Is this plain data, and not too deep? So that nobody trips over it later.

A typed record is as deep as its type. Only what was decoded without a type (or by a type that contains
itself) can be a tower of lists, or a map that JSON cannot say. The walk is by levels, without recursion, so
no document can exhaust the stack here.
"""

from typing import Any

import attrs
import msgspec

from transport._errors import Undecodable


@attrs.frozen
class PlainBounds:
    """How much is taken from a sender."""

    nesting: int
    decoded_bytes: int
    """Memory that it may take, estimated from above."""


_ENVELOPE = 1
"""Parameters are a record of the method's own, which is not the caller's depth."""
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_LONG = b"0" * 19
_DIGITS_AS_ZEROS = bytes(ord("0") if chr(code).isdigit() and code < 128 else code for code in range(256))
_LEAVES = frozenset({str, int, float, bool, bytes, type(None)})


def check_plain(value: Any, limit: int) -> None:
    """Refuse what is nested deeper than ``limit``, and maps whose keys are no texts."""
    level = [value]
    for _ in range(limit + _ENVELOPE):
        level = [child for node in level for child in _children(node) if type(child) not in _LEAVES]
        if not level:
            return
    raise Undecodable(f"nested more than {limit} deep")


def check_numbers(value: Any) -> None:
    """Refuse integers beyond 64 bits: JSON can say them, and msgpack could not pass them on."""
    level = [value]
    while level:
        if any(type(node) is int and not _SMALLEST <= node <= _LARGEST for node in level):
            raise Undecodable("an integer beyond 64 bits")
        level = [child for node in level for child in _children(node)]


def has_long_number(text: bytes) -> bool:
    """Whether a JSON text holds so many digits in a row that they may be such an integer. Quick."""
    return _LONG in text.translate(_DIGITS_AS_ZEROS)


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
