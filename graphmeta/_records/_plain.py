"""Plain data: what JSON and msgpack both carry and give back unchanged, in every process.

Readable forms are of this kind: floats that are not finite, bytes and big numbers are tagged texts in them.
This file knows values only.
"""

from collections.abc import Iterable
from math import isfinite
from typing import Any, Final

import msgspec

from ._frozen import FrozenDict, FrozenList

MAX_PLAIN_DEPTH: Final = 64
"""Levels of nesting: a reader whose own stack is deep already must be able to decode what others wrote."""

_TEXT: Final = frozenset({str})
_CONTAINERS: Final = frozenset({dict, list, FrozenDict, FrozenList})
_USUAL_DEPTH: Final = 8

_encode: Final = msgspec.json.Encoder().encode
_pack: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode


def is_plain(value: object) -> bool:
    """Tell whether *value* is plain data: None, booleans, numbers, texts, lists, and dicts with text keys."""
    return _are_usual((value,)) or _comes_back(value)


def _are_usual(values: Iterable[Any], depth: int = 0) -> bool:
    """Tell, at a tenth of the cost, whether *values* are plain in the way that most are. False tells nothing."""
    for value in values:
        kind = type(value)
        if kind is str:
            if not value.isascii():
                return False
        elif kind is float:
            if not isfinite(value):
                return False
        elif kind is int:
            if not -(2**63) <= value < 2**63:
                return False
        elif kind in _CONTAINERS:
            if depth == _USUAL_DEPTH or not _is_usual_inside(value, depth + 1):
                return False
        elif value is not None and kind is not bool:
            return False
    return True


def _is_usual_inside(value: dict[Any, Any] | list[Any], depth: int) -> bool:
    if isinstance(value, list):
        return _are_usual(value, depth)
    return _TEXT.issuperset(map(type, value)) and "".join(value).isascii() and _are_usual(value.values(), depth)


def _comes_back(value: object) -> bool:
    try:
        text = _encode(value)
        _pack(value)  # Refuses the integers that only JSON can write.
        # NaN comes back as None, a tuple as a list, a record as a dict: all unequal to what went in.
        return bool(_decode(text) == value) and _is_shallow(text, value)
    except Exception:  # What cannot be encoded is not plain, whatever its own methods raise.
        return False


def _is_shallow(text: bytes, value: object) -> bool:
    return text.count(b"[") + text.count(b"{") <= MAX_PLAIN_DEPTH or _depth(value) <= MAX_PLAIN_DEPTH


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level := [inner for each in level for inner in _inside(each)]:
        depth += 1
    return depth


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.values()]
    return value if isinstance(value, list) else []
