"""Records that are shared in one process: what is in them is frozen where it lies.

In place, because a graph compares them by identity, and because whoever registered them here has them, too. There may
be thousands, at some 2 µs each: they are frozen one at a time, and what was frozen before is passed over, so that
several may be at it at once. Whoever stops in between leaves whole records, some of them frozen. This file does not
know who waits meanwhile.
"""

from collections.abc import Generator, Iterable
from typing import Any, Final

from ._changes import Change, Resync
from ._frozen import LEAVES, FrozenDict, frozen
from ._metadata import ComponentMetadata, GraphMetadata
from ._settings_records import SettingsField
from ._snapshot import SettingValue, SnapshotSession

Slices = Generator[object, None, None]
"""Work that can be left alone whenever it yields; it yields what something frozen has taken the place of."""

_put: Final = object.__setattr__
"""As attrs does it in the constructor of a frozen record."""


def freeze_step_slices(step: Change | Resync) -> Slices:
    """Freeze all that is in a change, or in the snapshot of a resync."""
    if isinstance(step, Resync):
        yield from freeze_sessions_slices(step.snapshot.sessions.values())
        yield from freeze_values_slices(step.snapshot.settings.values())
    else:
        yield from _freeze_said_slices(described.metadata for described in step.metadata)
        yield from freeze_values_slices(changed.value for changed in step.settings)


def freeze_sessions_slices(sessions: Iterable[SnapshotSession]) -> Slices:
    """Freeze what sessions say of their components."""
    yield from _freeze_said_slices(session.metadata for session in sessions)


def freeze_values_slices(values: Iterable[SettingValue | None]) -> Slices:
    """Freeze live settings."""
    # Looked through in one go, which takes a millisecond for 20,000: most often there is nothing to do.
    for value in [value for value in values if value is not None and type(value.readable) in _OPEN]:
        if type(value.readable) in _OPEN:  # Still: somebody else may be at it.
            yield freeze_value(value)


def freeze_value(value: SettingValue) -> object:
    """Freeze the live settings of one component; returns what was in their place."""
    replaced = value.readable
    _put(value, "readable", frozen(replaced))
    return replaced


def freeze_metadata_slices(metadata: GraphMetadata) -> Slices:
    """Freeze all that a session says of its components; look through all of it even if it seems to be."""
    units, collections = FrozenDict(metadata.units), FrozenDict(metadata.collections)
    for unit in units.values():
        yield _freeze(unit, "input_streams", "output_streams")
    for collection in collections.values():
        yield _freeze(collection, "topics", "relays")
    # Last: by these it is known that the rest is done.
    _put(metadata, "units", units)
    _put(metadata, "collections", collections)


_OPEN: Final = frozenset({dict, list})
"""What a decoder makes, and whoever registers: those that were frozen are of other types."""


def _freeze_said_slices(said: Iterable[GraphMetadata | None]) -> Slices:
    for metadata in said:
        if metadata is not None and {type(metadata.units), type(metadata.collections)} & _OPEN:
            yield from freeze_metadata_slices(metadata)


def _freeze(component: ComponentMetadata, *maps: str) -> list[object]:
    replaced: list[object] = []
    for name in maps:
        held = getattr(component, name)
        if type(held) is not FrozenDict:
            replaced.append(held)
            _put(component, name, FrozenDict(held))
    initial = component.initial_settings
    if initial is not None and (readable := frozen(initial.readable)) is not initial.readable:
        replaced.append(initial.readable)
        _put(initial, "readable", readable)
    for field in component.settings_schema:
        if field.choices or type(field.default) not in LEAVES:
            _freeze_field(field)
    return replaced


def _freeze_field(field: SettingsField) -> None:
    _put(field, "default", frozen(field.default))
    choices: tuple[Any, ...] = tuple(map(frozen, field.choices))
    _put(field, "choices", choices)
