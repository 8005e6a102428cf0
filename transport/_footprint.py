"""How much memory may a document take once it is decoded? Estimated from above, at the speed of C. Pure.

One byte of an empty list becomes 56 bytes of Python, so a small document can be a large graph of objects. What
is counted is every byte that could be the head of a container, and a slot for nothing else.
"""

_LIST = 96
_MAP = 240
"""Bytes that CPython takes for a small one."""
_SMALL = 64 * 1024
"""Below this nobody counts."""
_JSON_HEADS = (b"[", b"{")
_MSGPACK_HEADS = (bytes([*range(0x90, 0xA0), 0xDC, 0xDD]), bytes([*range(0x80, 0x90), 0xDE, 0xDF]))
"""Of lists, of maps."""


def footprint(encoded: bytes, *, text: bool) -> int:
    """Estimate the decoded size of a document, bytes."""
    size = len(encoded)
    if size < _SMALL:
        return size
    lists, maps = _JSON_HEADS if text else _MSGPACK_HEADS
    return size + _LIST * _count(encoded, lists) + _MAP * _count(encoded, maps)


def _count(encoded: bytes, heads: bytes) -> int:
    return len(encoded) - len(encoded.translate(None, heads))
