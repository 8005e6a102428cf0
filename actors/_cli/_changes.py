"""A change as lines for people: a table of its parts, each with its words."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from graphmeta import (
    Change,
    Edge,
    EndpointChanged,
    MetadataChanged,
    Ownership,
    Resync,
    ScopeChanged,
    SessionEnded,
    SessionStarted,
    SettingChanged,
    SettingValue,
    counted,
    visible,
)


def lines(item: Change | Resync) -> Iterator[str]:
    """Yield a line for the change, and one for each thing that it did."""
    if isinstance(item, Resync):
        snapshot = item.snapshot
        yield (
            f"r{snapshot.revision} snapshot ({item.reason}): {counted(len(snapshot.sessions), 'session')}, "
            f"{counted(len(snapshot.edge_owners), 'edge')}"
        )
        return
    head = f"r{item.revision} {datetime.fromtimestamp(item.at):%H:%M:%S} {item.by_name or 'graph'}"
    for line in described(item):
        yield visible(head) + "  " + line


def described(change: Change) -> Iterator[str]:
    """Yield a line for each thing that a change did."""
    for part, describe in _WORDS.items():
        for entry in getattr(change, part):
            yield visible(describe(entry))


def _started(entry: SessionStarted) -> str:
    return f"session started: {entry.name} ({entry.peer})"


def _ended(entry: SessionEnded) -> str:
    # A comparison of snapshots does not know why.
    return f"session ended: {entry.name}" + (f" ({entry.reason})" if entry.reason else "")


def _added(edge: Edge) -> str:
    return f"+ {edge}"


def _removed(edge: Edge) -> str:
    return f"- {edge}"


def _ownership(entry: Ownership) -> str:
    scope = f", scope {entry.scope}" if entry.scope else ""
    who = "persistent" if entry.session is None else f"owner {str(entry.session)[:8]}{scope}"
    return f"{who}: edges +{len(entry.gained)} -{len(entry.lost)}"


def _scope(entry: ScopeChanged) -> str:
    return f"scope {'opened' if entry.opened else 'closed'}: {entry.scope}"


def _metadata(entry: MetadataChanged) -> str:
    return f"metadata: {counted(len(entry.metadata.components) if entry.metadata else 0, 'component')}"


def _endpoint(entry: EndpointChanged) -> str:
    return f"{entry.endpoint.direction} {'opened' if entry.opened else 'closed'}: {entry.endpoint.topic}"


def _json(value: SettingValue) -> str:
    return json.dumps(value.readable, ensure_ascii=False)


def _setting(entry: SettingChanged) -> str:
    return f"settings of {entry.address}: " + ("gone" if entry.value is None else _json(entry.value))


_WORDS: Final[dict[str, Callable[[Any], str]]] = {
    "started": _started,
    "scopes": _scope,
    "metadata": _metadata,
    "endpoints": _endpoint,
    "edges_added": _added,
    "edges_removed": _removed,
    "ownership": _ownership,
    "settings": _setting,
    "ended": _ended,
}
