"""Records that are about to be shared in one process: what is in them is frozen where it lies.

Thousands are made, decoded and sent for each that somebody in the graph's own process looks at, and to freeze them all
costs a tenth of a registration: so it is done when they are handed out, and in place, since all who hand them out
compare them by identity. What was frozen before is passed over. This file does not know who hands out.
"""

from collections.abc import Iterable
from typing import Any, Final

from ._changes import Change, Resync
from ._frozen import FrozenDict, frozen
from ._metadata import CollectionMetadata, GraphMetadata, UnitMetadata
from ._settings_records import SettingsField
from ._snapshot import SettingValue, SnapshotSession

_put: Final = object.__setattr__
"""As attrs does it in the constructor of a frozen record."""
_OPEN: Final = frozenset({dict, list})


def freeze_change(change: Change | Resync) -> None:
    """Freeze all that is in a change, or in the snapshot of a resync."""
    if isinstance(change, Resync):
        freeze_sessions(change.snapshot.sessions.values())
        freeze_settings(change.snapshot.settings.values())
        return
    for described in change.metadata:
        freeze_metadata(described.metadata)
    freeze_settings(changed.value for changed in change.settings if changed.value is not None)


def freeze_sessions(sessions: Iterable[SnapshotSession]) -> None:
    """Freeze what sessions say of their components."""
    for session in sessions:
        if session.metadata is not None:
            freeze_metadata(session.metadata)


def freeze_settings(values: Iterable[SettingValue]) -> None:
    """Freeze live settings."""
    for value in values:
        if type(value.readable) in _OPEN:
            _put(value, "readable", frozen(value.readable))


def freeze_metadata(metadata: GraphMetadata | None) -> None:
    """Freeze all that one session says of its components; takes some 2 µs a unit, and only the first time."""
    if metadata is None or not {type(metadata.units), type(metadata.collections)} & _OPEN:
        return
    for unit in metadata.units.values():
        _put(unit, "input_streams", FrozenDict(unit.input_streams))
        _put(unit, "output_streams", FrozenDict(unit.output_streams))
        _freeze_initial(unit)
    for collection in metadata.collections.values():
        _put(collection, "topics", FrozenDict(collection.topics))
        _put(collection, "relays", FrozenDict(collection.relays))
        _freeze_initial(collection)
    # Last: by these it is known that the rest is done.
    _put(metadata, "units", FrozenDict(metadata.units))
    _put(metadata, "collections", FrozenDict(metadata.collections))


def _freeze_initial(component: UnitMetadata | CollectionMetadata) -> None:
    initial = component.initial_settings
    if initial is not None and type(initial.readable) in _OPEN:
        _put(initial, "readable", frozen(initial.readable))
    for field in component.settings_schema:
        if field.choices or type(field.default) in _OPEN:
            _freeze_field(field)


def _freeze_field(field: SettingsField) -> None:
    _put(field, "default", frozen(field.default))
    choices: tuple[Any, ...] = tuple(map(frozen, field.choices))
    _put(field, "choices", choices)
