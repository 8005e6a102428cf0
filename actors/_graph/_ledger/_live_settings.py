"""Live settings with provenance: what was registered, and over it what the running unit reported.

When the reporter goes, the value falls back to what was registered. Plain bookkeeping without events of its own:
methods tell which effective values changed. Registrations are large, so they are taken and dropped as a whole.
"""

from collections.abc import Iterable, Mapping, Set
from typing import Final
from uuid import UUID

from graphmeta import SettingValue

from ._pieces import LetGo


class LiveSettingsBook:
    """The settings of every component, by address, and the last values that each had."""

    def __init__(self, history: int, let_go: LetGo) -> None:
        self._bound: Final = history
        self._let_go: Final = let_go
        self._seeds: dict[str, SettingValue] = {}
        self._reports: dict[str, SettingValue] = {}
        self._before: dict[str, list[SettingValue]] = {}
        """What held before the present values, where there was anything."""
        self._effective: dict[str, SettingValue] | None = None

    def get(self, address: str) -> SettingValue | None:
        """The effective value, or None when nobody has spoken of the address."""
        return self._reports.get(address) or self._seeds.get(address)

    def history(self, address: str) -> tuple[SettingValue, ...]:
        """The last effective values, oldest first, for as long as there is one."""
        value = self.get(address)
        return () if value is None else (*self._before.get(address, ()), value)

    def effective(self) -> dict[str, SettingValue]:
        """Every effective value by address, sorted; the same object until one of them changes."""
        if self._effective is None:
            values = {**self._seeds, **self._reports}
            self._effective = {address: values[address] for address in sorted(values)}
        return self._effective

    def seed(self, values: Mapping[str, SettingValue]) -> Set[str]:
        """Set what registration says; returns where it does not hold, because somebody reports otherwise."""
        hidden = values.keys() & self._reports.keys()
        replaced = {address: seed for address in values if (seed := self._seeds.get(address)) is not None}
        for address in hidden:
            replaced.pop(address, None)
        self._keep_all(replaced)
        self._seeds.update(values)
        self._effective = None
        return hidden

    def unseed(self, addresses: Iterable[str]) -> Set[str]:
        """Drop what registration said; returns where nothing holds any longer."""
        gone = self._seeds.keys() & addresses
        self._let_go([self._seeds.pop(address) for address in gone])
        self._effective = None
        return self._forgotten(gone - self._reports.keys())

    def report(self, address: str, value: SettingValue) -> None:
        """Set what the running unit says."""
        before = self.get(address)
        if before is not None:
            self._keep(address, before)
        self._reports[address] = value
        self._effective = None

    def forget(self, session: UUID, seeded: Set[str], reported: Set[str]) -> Set[str]:
        """Drop what *session* registered, and what still holds of its reports; returns where the value changed."""
        fallen = {address for address in self._reports.keys() & reported if self._reports[address].session == session}
        for address in fallen:
            self._drop_report(address)
        return fallen | self.unseed(seeded)

    def _drop_report(self, address: str) -> None:
        self._keep(address, self._reports.pop(address))
        self._effective = None
        if address not in self._seeds:
            self._forgotten({address})

    def _forgotten(self, addresses: Set[str]) -> Set[str]:
        self._let_go([self._before.pop(address) for address in self._before.keys() & addresses])
        return addresses

    def _keep(self, address: str, value: SettingValue) -> None:
        self._keep_all({address: value})

    def _keep_all(self, values: Mapping[str, SettingValue]) -> None:
        """Remember what no longer holds; of a registration there are thousands, in one step."""
        before, most = self._before, self._bound - 1
        for address, value in values.items():
            kept = before.get(address)
            if kept is None:
                before[address] = [value] if most else []
            else:
                kept.append(value)
                if len(kept) > most:
                    del kept[0]
