"""The JSON twin of a snapshot, and of changes, for tools in any language.

Edges are lists of ``{from, to, owners}``, ids are texts, bytes are base64, a float that JSON cannot write is a tagged
text. The twin says everything that the snapshot does, and reads back as the same snapshot.
"""

import json
from base64 import b64encode
from typing import Any
from uuid import UUID

import attrs

from ._changes import Change, Resync
from ._names import Edge
from ._snapshot import GraphSnapshot


def plain(value: Any) -> Any:
    """*value* as JSON-safe data: records become objects, edges ``{from, to}``."""
    if isinstance(value, Edge):
        return {"from": value.from_topic, "to": value.to_topic}
    if attrs.has(type(value)):
        return {field.name: plain(getattr(value, field.name)) for field in attrs.fields(type(value))}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    return value


def snapshot_to_plain(snapshot: GraphSnapshot) -> dict[str, Any]:
    """The snapshot as JSON-safe data."""
    edges = [{**plain(edge), "owners": plain(owners)} for edge, owners in snapshot.edge_owners.items()]
    return {
        "epoch": str(snapshot.epoch),
        "revision": snapshot.revision,
        "edges": edges,
        "sessions": plain(snapshot.sessions),
        "settings": plain(snapshot.settings),
    }


def snapshot_to_json(snapshot: GraphSnapshot) -> str:
    """The snapshot as JSON text."""
    return json.dumps(snapshot_to_plain(snapshot), ensure_ascii=False)


def change_to_json(change: Change | Resync) -> dict[str, Any]:
    """A change or a resync as JSON-safe data, ``type`` telling which."""
    if isinstance(change, Resync):
        return {"type": "resync", "reason": change.reason, "snapshot": snapshot_to_plain(change.snapshot)}
    return {"type": "change", **plain(change)}
