"""Live settings with provenance: what was registered, and over it what the running unit reported.

When the reporter goes, the value falls back to what was registered. Plain bookkeeping without events of its own:
every method returns the addresses whose effective value may have changed.
"""

from collections.abc import Iterable
from uuid import UUID

import attrs

from graphmeta import SettingValue


@attrs.define
class LiveSettingsBook:
    """The settings of every component, by address."""

    _seeds: dict[str, SettingValue] = attrs.field(factory=dict)
    _reports: dict[str, SettingValue] = attrs.field(factory=dict)

    def __getitem__(self, address: str) -> SettingValue:
        return self._reports.get(address) or self._seeds[address]

    def get(self, address: str) -> SettingValue | None:
        """The effective value, or None when nobody has spoken of the address."""
        return self._reports.get(address) or self._seeds.get(address)

    def addresses(self) -> set[str]:
        """Every address that has a value."""
        return self._seeds.keys() | self._reports.keys()

    def seed(self, address: str, value: SettingValue) -> None:
        """Set what registration says."""
        self._seeds[address] = value

    def report(self, address: str, value: SettingValue) -> None:
        """Set what the running unit says."""
        self._reports[address] = value

    def forget(self, session: UUID, addresses: Iterable[str]) -> list[str]:
        """Drop what *session* said of *addresses*; return those whose value changed, sorted."""
        changed = []
        for address in addresses:
            before = self.get(address)
            for book in (self._reports, self._seeds):
                if address in book and book[address].session == session:
                    del book[address]
            if self.get(address) is not before:
                changed.append(address)
        return sorted(changed)

    def effective(self) -> dict[str, SettingValue]:
        """Every effective value by address, sorted."""
        return {address: self[address] for address in sorted(self.addresses())}
