"""The published JSON Schemas of snapshots and changes, made from the shapes that write and read them.

``docs/snapshot.schema.json`` and ``docs/change.schema.json`` hold their text; a test tells when it is stale.
"""

import json
from pathlib import Path
from typing import Any, Final

import msgspec

from . import _twin as twin

_DIALECT: Final = {"$schema": "https://json-schema.org/draft/2020-12/schema"}

SNAPSHOT_SCHEMA: Final[dict[str, Any]] = {**_DIALECT, **msgspec.json.schema(twin.Snapshot)}
"""Describes what `snapshot_to_json` writes."""

CHANGE_SCHEMA: Final[dict[str, Any]] = {**_DIALECT, **msgspec.json.schema(twin.Change | twin.Resync)}
"""Describes what `change_to_json` makes."""


def schema_text(schema: dict[str, Any]) -> str:
    """Return *schema* as it is published."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def publish(directory: str) -> None:
    """Write both schemas to *directory*."""
    for name, schema in (("snapshot", SNAPSHOT_SCHEMA), ("change", CHANGE_SCHEMA)):
        (Path(directory) / f"{name}.schema.json").write_text(schema_text(schema), encoding="utf-8")
