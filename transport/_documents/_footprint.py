"""How much memory may a document take once it is decoded? Estimated from above, at the speed of C. Pure.

One byte of an empty list becomes 56 bytes of Python, so a small document can be a large graph of objects. What
is counted is every byte that could be the head of a container, and a slot for nothing else.
"""

Encoded = bytes | bytearray | memoryview
"""A document. A view where that is at hand: most answers need its size or its head only, and a copy takes long."""

_LIST = 96
_MAP = 240
"""Bytes that CPython takes for a small one."""
_ENTRY = 256
"""Bytes for one value of a map that stays encoded, with its name."""
_ITEM = 128
"""Bytes for one item of a list that stays encoded."""
_MSGPACK_LISTS = bytes([*range(0x90, 0xA0), 0xDC, 0xDD])
_MSGPACK_MAPS = bytes([*range(0x80, 0x90), 0xDE, 0xDF])


def surely_fits(size: int, most: int) -> bool:
    """Whether no document of so many bytes takes more than ``most`` once decoded."""
    return size + size * _MAP <= most


def decoded_fits(encoded: Encoded, most: int, *, text: bool) -> bool:
    """Whether a document surely takes no more than ``most`` bytes once decoded."""
    size = len(encoded)
    if surely_fits(size, most):
        return True
    whole = bytes(encoded)
    if text:
        lists, maps = whole.count(b"["), whole.count(b"{")
    else:
        lists, maps = _count(whole, _MSGPACK_LISTS), _count(whole, _MSGPACK_MAPS)
    return size + _LIST * lists + _MAP * maps <= most


def map_fits(encoded: Encoded, most: int, *, text: bool) -> bool:
    """Whether a map whose values stay encoded surely takes no more than ``most`` bytes."""
    return len(encoded) + _ENTRY * (bytes(encoded).count(b":") if text else _msgpack_entries(encoded)) <= most


def list_fits(encoded: Encoded, most: int, *, text: bool) -> bool:
    """Whether a list whose items stay encoded surely takes no more than ``most`` bytes."""
    return len(encoded) + _ITEM * (bytes(encoded).count(b",") + 1 if text else _msgpack_items(encoded)) <= most


def _count(encoded: bytes, heads: bytes) -> int:
    return len(encoded) - len(encoded.translate(None, heads))


def _msgpack_entries(encoded: Encoded) -> int:
    """Read how many entries a map says it has; anything else has none."""
    head = encoded[0] if encoded else 0
    if 0x80 <= head <= 0x8F:
        return head & 0x0F
    width = {0xDE: 2, 0xDF: 4}.get(head, 0)
    return int.from_bytes(encoded[1 : 1 + width], "big")


def _msgpack_items(encoded: Encoded) -> int:
    """Read how many items a list says it has; anything else has none."""
    head = encoded[0] if encoded else 0
    if 0x90 <= head <= 0x9F:
        return head & 0x0F
    width = {0xDC: 2, 0xDD: 4}.get(head, 0)
    return int.from_bytes(encoded[1 : 1 + width], "big")
