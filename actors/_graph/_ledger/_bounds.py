"""The bounds of what sessions may declare, checked before anything changes. Pure."""

from collections.abc import Iterable
from itertools import chain
from typing import Final

import msgspec

from actors._graph._errors import InvalidName
from graphmeta import MAX_TOPIC_LENGTH
from transport import LimitExceeded, Limits

from ._record import Record

LONGEST_NAME: Final = 256
"""Characters in the name of a session."""


def check(name: str, limits: Limits, wanted: float) -> None:
    """Raise `LimitExceeded` when *wanted* is more than the limit *name* allows."""
    allowed = getattr(limits, name)
    if wanted > allowed:
        raise LimitExceeded(name, allowed)


def check_name(name: object) -> None:
    """Raise `InvalidName` unless a session can be called that."""
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME or not _encodable(name):
        raise InvalidName(ascii(name)[:LONGEST_NAME], LONGEST_NAME)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_topics(limits: Limits, edges: Iterable[tuple[str, str]]) -> None:
    """Bound the length of topics, which are well formed."""
    if limits.topic_length < MAX_TOPIC_LENGTH:
        check("topic_length", limits, max(map(len, chain.from_iterable(edges)), default=0))


def check_metadata(limits: Limits, record: Record, encoded: bytes, others: int) -> None:
    """Bound the bytes of a session's metadata, and of everyone's together."""
    check("metadata_bytes_per_session", limits, len(encoded))
    check("metadata_bytes", limits, others - len(record.sealed_metadata) + len(encoded))


def check_settings(limits: Limits, record: Record, address: str, readable: object, others: int) -> int:
    """Bound the bytes of what a session reports of settings, and of everyone's together; returns the value's size."""
    size = len(address) + len(msgspec.msgpack.encode(readable))
    more = size - record.reported.get(address, 0)
    check("settings_bytes_per_session", limits, record.settings_bytes + more)
    check("settings_bytes", limits, others + more)
    return size
