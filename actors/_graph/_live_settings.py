"""Live settings with provenance: what was registered, and over it what the running unit reported.

When the reporter goes, the value falls back to what was registered. Plain bookkeeping without events of its own:
methods tell whether the effective value changed.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from graphmeta import SettingValue


class LiveSettingsBook:
    """The settings of every component, by address, and the last values that each had."""

    def __init__(self, history: int) -> None:
        self._bound: Final = history
        self._seeds: dict[str, SettingValue] = {}
        self._reports: dict[str, SettingValue] = {}
        self._history: dict[str, deque[SettingValue]] = {}

    def get(self, address: str) -> SettingValue | None:
        """The effective value, or None when nobody has spoken of the address."""
        return self._reports.get(address) or self._seeds.get(address)

    def history(self, address: str) -> tuple[SettingValue, ...]:
        """The last effective values, oldest first, for as long as there is one."""
        return tuple(self._history.get(address, ()))

    def effective(self) -> dict[str, SettingValue]:
        """Every effective value by address, sorted."""
        values = {**self._seeds, **self._reports}
        return {address: values[address] for address in sorted(values)}

    def seed(self, address: str, value: SettingValue) -> bool:
        """Set what registration says; true when it holds, because nobody reports otherwise."""
        self._seeds[address] = value
        return self._note(address, address not in self._reports)

    def unseed(self, address: str) -> bool:
        """Drop what registration said; true when that changes the effective value."""
        before = self.get(address)
        self._seeds.pop(address, None)
        return self._note(address, self.get(address) is not before)

    def report(self, address: str, value: SettingValue) -> None:
        """Set what the running unit says."""
        self._reports[address] = value
        self._note(address, True)

    def forget(self, session: UUID, addresses: Iterable[str]) -> list[str]:
        """Drop what *session* said of *addresses*; return those whose effective value changed, sorted."""
        changed = []
        for address in addresses:
            before = self.get(address)
            self._drop(session, address)
            if self._note(address, self.get(address) is not before):
                changed.append(address)
        return sorted(changed)

    def _drop(self, session: UUID, address: str) -> None:
        for book in (self._reports, self._seeds):
            if address in book and book[address].session == session:
                del book[address]

    def _note(self, address: str, changed: bool) -> bool:
        value = self.get(address)
        if value is None:
            self._history.pop(address, None)
        elif changed:
            self._history.setdefault(address, deque(maxlen=self._bound)).append(value)
        return changed
