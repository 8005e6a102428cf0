"""The settings that a registration brings, as records that are made ahead and stamped when they are accepted.

Of thousands of components that takes longer than a step of the loop should: a few at a time can be made before it is
known whether, when and for whom they are accepted. Until then they are nobody's but the maker's; from the stamp on
they are as frozen as any. This file does not know who waits in between.
"""

from collections.abc import Generator
from typing import Final
from uuid import UUID

import attrs

from ._changes import SettingChanged
from ._metadata import GraphMetadata
from ._snapshot import SettingValue

_NOBODY: Final = UUID(int=0)


@attrs.frozen
class Seeds:
    """What registration says of the settings of each component that has any, by address."""

    values: dict[str, SettingValue] = attrs.field(factory=dict)
    changes: tuple[SettingChanged, ...] = ()
    """The same, as a change tells it."""

    def stamp(self, session: UUID, revision: int, at: float) -> None:
        """Say who brought them and when, once and before anybody else has seen them."""
        put = object.__setattr__  # As attrs does in `__init__`; to make the records now is what must not happen.
        for value in self.values.values():
            put(value, "session", session)
            put(value, "revision", revision)
            put(value, "at", at)


def seeds_slices(metadata: GraphMetadata | None) -> Generator[str, None, Seeds]:
    """Make the seeds of *metadata*, yielding each address once its own are made."""
    values: dict[str, SettingValue] = {}
    components = metadata.components if metadata else {}
    for address, component in components.items():
        if component.initial_settings is not None:
            values[address] = SettingValue(component.initial_settings.readable, _NOBODY, False, 0, 0.0)
            yield address
    changes = []
    for address, value in values.items():
        changes.append(SettingChanged(address, value))
        yield address
    return Seeds(values, tuple(changes))
