"""The settings that a registration brings, as records that are made ahead and stamped when they are accepted.

Of thousands of components that takes longer than a step of the loop should: a few at a time can be made before it is
known whether, when and for whom they are accepted. Until then they are nobody's but the maker's; from the stamp on
they are as frozen as any. This file does not know who waits in between.
"""

from collections.abc import Generator
from typing import Any, Final
from uuid import UUID

import attrs
import msgspec

from ._changes import SettingChanged
from ._metadata import GraphMetadata
from ._snapshot import SettingValue

_encode: Final = msgspec.msgpack.Encoder().encode
_put: Final = object.__setattr__
"""As attrs does it in the constructor of a frozen record."""
_ADDRESS: Final = b"\x82" + _encode("address")
_READABLE: Final = _encode("value") + b"\x85" + _encode("readable")
"""Around the address, a `SettingChanged` in msgpack as far as it is known before the stamp."""


@attrs.frozen
class Seeds:
    """What registration says of the settings of each component that has any, by address."""

    values: dict[str, SettingValue] = attrs.field(factory=dict)
    changes: tuple[SettingChanged, ...] = ()
    """The same, as a change tells it."""
    _encoded: tuple[bytes, ...] = attrs.field(default=(), repr=False)
    """Each change in msgpack, up to the stamp, with which it ends."""

    def stamp(self, session: UUID, revision: int, at: float) -> None:
        """Say who brought them and when, once and before anybody else has seen them."""
        for value in self.values.values():
            _put(value, "session", session)
            _put(value, "revision", revision)
            _put(value, "at", at)

    def encode_changes(self) -> bytes:
        """The changes in msgpack, for `encode_change`: nearly all of it was encoded when they were made."""
        if not self.changes:
            return _encode(())
        stamp = _encoded(_stamp(next(iter(self.values.values()))))
        head = _encode((None,) * len(self.changes))[: -len(self.changes)]
        return head + stamp.join(self._encoded) + stamp


def seeds_slices(metadata: GraphMetadata | None) -> Generator[str, None, Seeds]:
    """Make the seeds of *metadata*, yielding each address once its own are made."""
    values: dict[str, SettingValue] = {}
    changes: list[SettingChanged] = []
    encoded: list[bytes] = []
    components = metadata.components if metadata else {}
    for address, component in components.items():
        if component.initial_settings is not None:
            readable = component.initial_settings.readable
            values[address] = value = _unstamped(readable)
            changes.append(SettingChanged(address, value))
            encoded.append(_ADDRESS + _encode(address) + _READABLE + _encode(readable))
            yield address
    return Seeds(values, tuple(changes), tuple(encoded))


def _unstamped(readable: Any) -> SettingValue:
    """Make a value that lacks what the stamp brings; what it holds was checked as the initial settings."""
    value = SettingValue.__new__(SettingValue)
    _put(value, "readable", readable)
    _put(value, "reported", False)
    return value


def _stamp(value: SettingValue) -> dict[str, object]:
    return {"session": value.session, "reported": value.reported, "revision": value.revision, "at": value.at}


def _encoded(fields: dict[str, object]) -> bytes:
    """Fields as the last ones of a map: without its head."""
    return _encode(fields)[1:]
