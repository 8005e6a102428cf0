"""About how many bytes a change holds: what is large in it is measured, the rest is estimated."""

from typing import Final

import msgspec

from graphmeta import Change

_RECORD: Final = 512
_EDGE: Final = 64


def weigh(change: Change) -> int:
    """Bytes, about."""
    edges = sum(len(owned.gained) + len(owned.lost) for owned in change.ownership)
    large = (change.metadata, change.settings)
    measured = len(msgspec.msgpack.encode(large)) if any(large) else 0
    return _RECORD + _EDGE * edges + measured
