"""The JSON twin of a snapshot, and of changes, for tools in any language.

Edges are lists of ``{from, to, owners}``, ids are texts, bytes are base64; a float that is not finite is a tagged
text. The twin says all that the snapshot does and reads back as the same snapshot. This file knows text; the shapes
are in ``_twin``.
"""

import json
import re
from typing import Any, Final

import msgspec

from graphmeta._errors import InvalidChange, InvalidSnapshot
from graphmeta._records._changes import Change, Resync
from graphmeta._records._snapshot import GraphSnapshot

from . import _twin as twin
from ._codec import MAX_SNAPSHOT_BYTES
from ._sealed import MAX_REASON

_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7e]")
_snapshot_decoder: Final = msgspec.json.Decoder(twin.Snapshot)


def snapshot_to_json(snapshot: GraphSnapshot) -> str:
    """Return *snapshot* as JSON text in ASCII, fit for any terminal; ``SNAPSHOT_SCHEMA`` describes it."""
    return _BEYOND_ASCII.sub(_escape, msgspec.json.encode(twin.snapshot_twin(snapshot)).decode())


def _escape(character: re.Match[str]) -> str:
    return json.dumps(character[0])[1:-1] if character[0] != "\x7f" else "\\u007f"


def snapshot_to_plain(snapshot: GraphSnapshot) -> dict[str, Any]:
    """Return what `snapshot_to_json` writes, as plain data."""
    return _plain(twin.snapshot_twin(snapshot))


def snapshot_from_json(text: str | bytes, *, max_bytes: int = MAX_SNAPSHOT_BYTES) -> GraphSnapshot:
    """Read a snapshot from JSON; `InvalidSnapshot` when the text is not one, or longer than *max_bytes*."""
    if len(text) > max_bytes:
        raise InvalidSnapshot(f"{len(text)} bytes exceed the limit of {max_bytes}")
    try:
        return twin.snapshot_record(_snapshot_decoder.decode(text))
    except InvalidSnapshot:
        raise
    except Exception as error:  # msgspec's, the records' own, or a RecursionError: the text is to blame.
        raise InvalidSnapshot(_reason(error)) from error


def change_to_json(step: Change | Resync) -> dict[str, Any]:
    """Return a change or a resync as plain data, ``type`` telling which; ``CHANGE_SCHEMA`` describes it."""
    return _plain(twin.step_twin(step))


def change_from_json(plain: object) -> Change | Resync:
    """Read what `change_to_json` made; `InvalidChange` when it is not that."""
    try:
        return twin.step_record(msgspec.convert(plain, twin.Change | twin.Resync))
    except Exception as error:  # As above.
        raise InvalidChange(0, _reason(error)) from error


def _plain(shape: msgspec.Struct) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(shape))
    return plain


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:MAX_REASON]
