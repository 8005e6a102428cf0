"""Live settings with provenance: what was registered, and over it what the running unit reported.

When the reporter goes, the value falls back to what was registered. Plain bookkeeping without events of its own:
methods tell which effective values changed. Registrations are large, so each is kept, replaced and dropped as a whole;
only where somebody has reported are values looked at one by one.
"""

from collections import deque
from collections.abc import Mapping, Set
from typing import Final
from uuid import UUID

from graphmeta import FrozenDict, SettingValue

from ._pieces import LetGo

Registration = Mapping[str, SettingValue]

_NOTHING: Final[Registration] = {}


class LiveSettingsBook:
    """The settings of every component, by address, and the last values that each had.

    ``holders`` is the ledger's, to read: the session that declared the component at each address.
    """

    def __init__(self, history: int, let_go: LetGo, holders: Mapping[str, UUID]) -> None:
        self._bound: Final = history
        self._let_go: Final = let_go
        self._holders: Final = holders
        self._registered: Final[dict[UUID, deque[Registration]]] = {}
        """The last registrations of each session, oldest first; the newest is the one that stands."""
        self._reports: Final[dict[str, SettingValue]] = {}
        self._before: Final[dict[str, list[SettingValue]]] = {}
        """What held before the present values, wherever somebody has reported; elsewhere registrations tell."""
        self._effective: dict[str, SettingValue] | None = None

    # -- asking ----------------------------------------------------------------------------------------------

    def get(self, address: str) -> SettingValue | None:
        """The effective value, or None when nobody has spoken of the address."""
        return self._reports.get(address) or self._registered_at(address)

    def history(self, address: str) -> tuple[SettingValue, ...]:
        """The last effective values, oldest first, for as long as there is one."""
        value = self.get(address)
        if value is None:
            return ()
        before = self._before.get(address)
        return (*(self._registered_before(address) if before is None else before), value)

    def effective(self) -> dict[str, SettingValue]:
        """Every effective value by address, sorted; the same object until one of them changes."""
        if self._effective is None:
            values: dict[str, SettingValue] = {}
            for registrations in self._registered.values():
                values.update(registrations[-1])
            values.update(self._reports)
            self._effective = FrozenDict({address: values[address] for address in sorted(values)})
        return self._effective

    def holds(self, effective: Registration) -> bool:
        """Whether none of the values that `effective` gave has changed since."""
        return effective is self._effective

    def _standing(self, session: UUID | None) -> Registration:
        registrations = self._registered.get(session) if session is not None else None
        return registrations[-1] if registrations else _NOTHING

    def _registered_at(self, address: str) -> SettingValue | None:
        return self._standing(self._holders.get(address)).get(address)

    def _registered_before(self, address: str) -> list[SettingValue]:
        """What was registered without a break before what is now, where nobody has reported."""
        found: list[SettingValue] = []
        _, *older = reversed(self._registered[self._holders[address]])
        for registration in older:
            if address not in registration:
                break
            found.append(registration[address])
        return found[::-1]

    # -- registrations ---------------------------------------------------------------------------------------

    def register(self, session: UUID, values: Registration) -> tuple[Set[str], Set[str]]:
        """Set what *session* registers in place of what it had.

        Returns where it does not hold, because somebody reports otherwise; and where nothing holds any longer.
        """
        before, reports = self._standing(session), self._reports
        hidden = values.keys() & reports.keys()
        for address in (self._before.keys() & values.keys()) - hidden:
            if address in before:
                self._keep(address, before[address])
        self._put(session, before, values)
        return hidden, self._forgotten({address for address in before if address not in values} - reports.keys())

    def withdraw(self, session: UUID) -> Set[str]:
        """Drop what *session* registered; returns where nothing holds any longer."""
        gone = self._standing(session).keys() - self._reports.keys()
        self._drop(session)
        return self._forgotten(gone)

    def _put(self, session: UUID, before: Registration, values: Registration) -> None:
        if before.keys().isdisjoint(values):
            self._drop(session)  # Nothing of it goes on.
        registrations = self._registered.setdefault(session, deque())
        registrations.append(values)
        if len(registrations) > self._bound:
            self._let_go([registrations.popleft()])
        self._effective = None

    def _drop(self, session: UUID) -> None:
        self._let_go(self._registered.pop(session, ()))
        self._effective = None

    # -- reports ---------------------------------------------------------------------------------------------

    def report(self, address: str, value: SettingValue) -> None:
        """Set what the running unit says."""
        *before, present = self.history(address) or (None,)
        self._before.setdefault(address, before)
        if present is not None:
            self._keep(address, present)
        self._reports[address] = value
        self._effective = None

    def forget(self, session: UUID, reported: Set[str]) -> Set[str]:
        """Drop what still holds of the reports of *session*; returns where the value changed."""
        fallen = {address for address in self._reports.keys() & reported if self._reports[address].session == session}
        for address in fallen:
            self._keep(address, self._reports.pop(address))
            if self._registered_at(address) is None:
                self._forgotten({address})
        self._effective = None
        return fallen

    def _forgotten(self, addresses: Set[str]) -> Set[str]:
        self._let_go([self._before.pop(address) for address in self._before.keys() & addresses])
        return addresses

    def _keep(self, address: str, value: SettingValue) -> None:
        """Remember what no longer holds."""
        kept = self._before[address]
        kept.append(value)
        del kept[: max(0, len(kept) + 1 - self._bound)]
