"""The JSON twin of a snapshot, and of changes, for tools in any language.

Edges are lists of ``{from, to, owners}``, ids are texts, bytes are base64; a float that is not finite is a
tagged text. The twin says all that the snapshot does and reads back as the same snapshot. Like its binary
sibling it is put together from parts that are encoded once and kept. This file knows text; the shapes are in
``_twin``.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from . import _twin as twin
from ._changes import Change, Resync
from ._check import checked
from ._codec import MAX_SNAPSHOT_BYTES
from ._errors import InvalidChange, InvalidSnapshot
from ._metadata import GraphMetadata
from ._names import Edge
from ._snapshot import GraphSnapshot, SettingValue, SnapshotSession
from ._views import Owners

_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7e]")
_encode: Final = msgspec.json.Encoder().encode
_snapshot_decoder: Final = msgspec.json.Decoder(twin.Snapshot)


def encode_metadata_json(metadata: GraphMetadata | None) -> bytes:
    """Encode a session's metadata as JSON, to be kept and given to `encode_session_json`."""
    return _encode(metadata)


def encode_session_json(session: SnapshotSession, metadata: bytes | None = None) -> bytes:
    """Encode one session as JSON; *metadata* is what `encode_metadata_json` gave, where that was kept."""
    part = session.metadata if metadata is None else msgspec.Raw(metadata)
    return _encode(twin.session_twin(session, part))


def assemble_snapshot_json(
    epoch: UUID,
    revision: int,
    edge_owners: Mapping[Edge, Owners],
    settings: Mapping[str, SettingValue],
    sessions: Mapping[UUID, bytes],
) -> bytes:
    """Put a snapshot's JSON together from its sessions'."""
    edges = [twin.OwnedEdge(*edge, owners) for edge, owners in edge_owners.items()]
    parts = {session_id: msgspec.Raw(part) for session_id, part in sessions.items()}
    head = {"version": twin.VERSION, "epoch": epoch, "revision": revision}
    return _encode({**head, "edges": edges, "sessions": parts, "settings": settings})


def snapshot_to_json(snapshot: GraphSnapshot) -> str:
    """Return *snapshot* as JSON text in ASCII, fit for any terminal; ``SNAPSHOT_SCHEMA`` describes it."""
    sessions = {session_id: encode_session_json(session) for session_id, session in snapshot.sessions.items()}
    head = (snapshot.epoch, snapshot.revision, snapshot.edge_owners, snapshot.settings)
    return _BEYOND_ASCII.sub(_escape, assemble_snapshot_json(*head, sessions).decode())


def _escape(character: re.Match[str]) -> str:
    return json.dumps(character[0])[1:-1] if character[0] != "\x7f" else "\\u007f"


def snapshot_to_plain(snapshot: GraphSnapshot) -> dict[str, Any]:
    """Return what `snapshot_to_json` writes, as plain data."""
    plain: dict[str, Any] = msgspec.json.decode(snapshot_to_json(snapshot))
    return plain


def snapshot_from_json(text: str | bytes, *, max_bytes: int = MAX_SNAPSHOT_BYTES) -> GraphSnapshot:
    """Read a snapshot from JSON; `InvalidSnapshot` when the text is not one, or too long."""
    if len(text) > max_bytes:
        raise InvalidSnapshot(f"{len(text)} bytes exceed the limit of {max_bytes}")
    try:
        return checked(twin.snapshot_record(_snapshot_decoder.decode(text)))
    except InvalidSnapshot:
        raise
    except Exception as error:  # msgspec's, the records' own, or a RecursionError: the text is to blame.
        raise InvalidSnapshot(f"{type(error).__name__}: {error}"[:300]) from error


def change_to_json(change: Change | Resync) -> dict[str, Any]:
    """Return a change or a resync as plain data, ``type`` telling which; ``CHANGE_SCHEMA`` describes it."""
    if isinstance(change, Resync):
        return {"type": "resync", "snapshot": snapshot_to_plain(change.snapshot), "reason": change.reason}
    plain: dict[str, Any] = msgspec.to_builtins(twin.change_twin(change), str_keys=True)
    return plain


def change_from_json(plain: object) -> Change | Resync:
    """Read what `change_to_json` made; `InvalidChange` when it is not that."""
    try:
        step = msgspec.convert(plain, twin.Change | twin.Resync)
        if isinstance(step, twin.Resync):
            return Resync(checked(twin.snapshot_record(step.snapshot)), step.reason)
        return twin.change_record(step)
    except Exception as error:  # As above.
        raise InvalidChange(0, f"{type(error).__name__}: {error}"[:300]) from error
