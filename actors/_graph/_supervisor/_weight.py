"""About how many bytes a change holds: what is large in it was measured when it was made, the rest is estimated."""

from typing import Final

from graphmeta import Change

_RECORD: Final = 512
_EDGE: Final = 64
_SETTING: Final = 128


def weigh(change: Change, measured: int) -> int:
    """Bytes, about; *measured* of them are metadata and settings."""
    edges = 0
    for owned in change.ownership:
        edges += len(owned.gained) + len(owned.lost)
    return _RECORD + _EDGE * edges + _SETTING * len(change.settings) + measured
