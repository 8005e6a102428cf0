"""Plain data: what every message can be without a type, and how JSON says what it has no words for.

Plain is None, bool, int within 64 bits, float, str, bytes, list, dict with texts as keys, and numpy's arrays and
scalars. JSON lacks bytes, arrays and floats that are not finite: there they are objects with one key that begins with
a dollar. Pure.
"""

import base64
import binascii
import math
from collections.abc import Callable
from typing import Any, Final

from ._arrays import is_array_type, is_scalar_type, only_cell, put_together, take_apart
from ._errors import Unfit

DEEPEST: Final = 64
"""How deep plain data may be nested."""

_LEAVES: Final = frozenset({type(None), bool, float, str, bytes})
_FLAT: Final = _LEAVES | {int}
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


def check_plain(value: Any) -> None:
    """Raise `Unfit` unless *value* is plain data. By levels, so that no value can exhaust the stack here."""
    level = [value]
    for _ in range(DEEPEST):
        level = [child for node in level if type(node) not in _LEAVES for child in _parts(node)]
        if not level:
            return
    raise Unfit(f"it is nested more than {DEEPEST} deep")


def check_depth(value: Any) -> None:
    """Raise `Unfit` for what is nested so deep that somebody might trip over it."""
    if type(value) in _FLAT:
        return
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise Unfit(f"it is nested more than {DEEPEST} deep")


def _children(node: Any) -> Any:
    kind = type(node)
    if kind is list:
        # Most lists hold nothing but leaves, and are long.
        return () if set(map(type, node)) <= _FLAT else node
    return node.values() if kind is dict else ()


def _parts(node: Any) -> Any:
    kind = type(node)
    if kind is list:
        return node
    if kind is dict:
        if not all(type(key) is str for key in node):
            raise Unfit("a dict whose keys are not texts; name a type for the stream")
        return node.values()
    if kind is int:
        check_integer(node)
    elif kind is tuple:
        raise Unfit("a tuple would arrive as a list; name a type for the stream")
    elif not is_array_type(kind) and not is_scalar_type(kind):
        raise Unfit(f"{kind.__qualname__} is no plain data; name a type for the stream")
    return ()


def check_integer(value: int) -> None:
    """Raise `Unfit` for an integer that msgpack cannot say."""
    if not _SMALLEST <= value <= _LARGEST:
        raise Unfit("an integer beyond 64 bits")


def to_json_plain(node: Any) -> Any:
    """Return what msgpack can carry as JSON can say it."""
    kind = type(node)
    if kind is float:
        return node if math.isfinite(node) else {"$float": str(node)}
    if kind is dict:
        mapped = {str(key): to_json_plain(value) for key, value in node.items()}
        return {"$plain": mapped} if _is_tagged(mapped) else mapped
    if kind in (list, tuple):
        return [to_json_plain(part) for part in node]
    if kind in (bytes, bytearray, memoryview):
        return {"$bytes": base64.b64encode(node).decode()}
    if is_array_type(kind) or is_scalar_type(kind):
        dtype, shape, data = take_apart(node)
        name = "$array" if is_array_type(kind) else "$scalar"
        return {name: [dtype, list(shape), base64.b64encode(data).decode()]}
    return node


def from_json_plain(node: Any, depth: int = 0) -> Any:
    """Return the plain data that `to_json_plain` said; raises `Unfit` for what it would not say."""
    kind = type(node)
    if kind not in (list, dict):
        if kind is int:
            check_integer(node)
        return node
    if depth >= DEEPEST:
        raise Unfit(f"it is nested more than {DEEPEST} deep")
    if kind is list:
        return [from_json_plain(part, depth + 1) for part in node]
    if _is_tagged(node):
        ((tag, value),) = node.items()
        return _untag(tag, value, depth)
    return {key: from_json_plain(value, depth + 1) for key, value in node.items()}


def _is_tagged(node: dict[Any, Any]) -> bool:
    return len(node) == 1 and str(next(iter(node))).startswith("$")


def _untag(tag: str, value: Any, depth: int) -> Any:
    if tag == "$plain" and type(value) is dict:
        return {key: from_json_plain(part, depth + 1) for key, part in value.items()}
    read = _TAGS.get(tag)
    if read is None:
        raise Unfit(f"{tag[:20]!r} is none of {', '.join(_TAGS)}")
    try:
        return read(value)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise Unfit(f"malformed {tag}") from None


def _array(value: Any) -> Any:
    dtype, shape, data = value
    if type(dtype) is not str or not all(type(size) is int for size in shape):
        raise Unfit("malformed $array")
    return put_together((dtype, tuple(shape), base64.b64decode(data, validate=True)))


_TAGS: Final[dict[str, Callable[[Any], Any]]] = {
    "$float": {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}.__getitem__,
    "$bytes": lambda value: base64.b64decode(value, validate=True),
    "$array": _array,
    "$scalar": lambda value: only_cell(_array(value)),
}
"""How each tag is read."""
