"""Components, one book of the ledger: who declared which address, and what is set there now. Pure.

Addresses are exclusive, and the bytes of metadata and settings are bounded, a session's and everybody's together.
"""

from collections.abc import Mapping, Set
from typing import Any, Final
from uuid import UUID

from graphmeta import ComponentMetadata, MetadataChanged, SettingChanged, SettingValue
from transport import Limits

from . import _bounds as bounds
from . import _commands as ask
from ._draft import Draft
from ._errors import AddressTaken, UnknownComponent
from ._live_settings import LiveSettingsBook
from ._record import Record


class ComponentBook:
    """What sessions declared. ``records`` are the ledger's, to read."""

    def __init__(self, records: Mapping[UUID, Record], limits: Limits) -> None:
        self.holders: Final[dict[str, UUID]] = {}
        """The session that declared the component at each address."""
        self.settings: Final = LiveSettingsBook(limits.settings_history)
        self._records: Final = records
        self._limits: Final = limits
        self._metadata_bytes = 0
        self._settings_bytes = 0

    # -- metadata --------------------------------------------------------------------------------------------

    def register(self, record: Record, command: ask.Register, draft: Draft) -> None:
        """Replace a session's metadata as a whole."""
        components = command.metadata.components if command.metadata else {}
        self._check_free(record, components)
        bounds.check_metadata(self._limits, record, command.encoded, self._metadata_bytes)
        gone = record.addresses - components.keys()
        self._forget_addresses(record, gone)
        self._forget_settings(record, gone, draft)
        self.holders.update(dict.fromkeys(components, record.id))
        self._keep(record, command, frozenset(components))
        draft.metadata.append(MetadataChanged(record.id, command.metadata))
        self._seed(record.id, components, draft)
        draft.measured += 2 * len(command.encoded)  # What is seeded is in it, too.

    def withdraw(self, record: Record, draft: Draft) -> None:
        """Forget everything that a session declared or reported, because it ends."""
        self._forget_addresses(record, record.addresses)
        self._forget_settings(record, record.addresses | record.reported.keys(), draft)
        self._metadata_bytes -= len(record.sealed_metadata)

    def _check_free(self, record: Record, addresses: Mapping[str, Any]) -> None:
        taken = [a for a in addresses.keys() & self.holders.keys() if self.holders[a] != record.id]
        if taken:
            raise AddressTaken(tuple((a, self._records[self.holders[a]].name) for a in sorted(taken)))

    def _keep(self, record: Record, command: ask.Register, addresses: frozenset[str]) -> None:
        self._metadata_bytes += len(command.encoded) - len(record.sealed_metadata)
        record.metadata, record.sealed_metadata, record.addresses = command.metadata, command.encoded, addresses

    def _forget_addresses(self, record: Record, addresses: Set[str]) -> None:
        for address in addresses:
            del self.holders[address]
            record.delegates.pop(address, None)

    # -- settings --------------------------------------------------------------------------------------------

    def report(self, record: Record, command: ask.ReportSettings, draft: Draft) -> None:
        """Note what a running unit says its settings are."""
        self._check_reporter(record, command.address)
        size = bounds.check_settings(self._limits, record, command.address, command.readable, self._settings_bytes)
        value = SettingValue(command.readable, record.id, True, draft.revision, draft.at)
        self._settings_bytes += size - record.reported.get(command.address, 0)
        record.settings_bytes += size - record.reported.get(command.address, 0)
        record.reported[command.address] = size
        self.settings.report(command.address, value)
        draft.settings.append(SettingChanged(command.address, value))
        draft.measured += size

    def delegate(self, record: Record, command: ask.Delegate, draft: Draft) -> None:
        """Let another session report for a component of this one."""
        if self.holders.get(command.address) != record.id:
            raise UnknownComponent(command.address)
        record.delegates[command.address] = command.session

    def _check_reporter(self, record: Record, address: str) -> None:
        """A component's settings are reported by the session that declared it, or by the one it delegated this to."""
        holder = self.holders.get(address)
        if holder is None:
            raise UnknownComponent(address)
        if record.id not in (holder, self._records[holder].delegates.get(address)):
            raise AddressTaken(((address, self._records[holder].name),))

    def _seed(self, session: UUID, components: Mapping[str, ComponentMetadata], draft: Draft) -> None:
        seeds = {
            address: SettingValue(component.initial_settings.readable, session, False, draft.revision, draft.at)
            for address, component in components.items()
            if component.initial_settings is not None
        }
        changed = self.settings.seed(seeds) | self.settings.unseed(components.keys() - seeds.keys())
        draft.settings += [SettingChanged(address, seeds.get(address)) for address in components if address in changed]

    def _forget_settings(self, record: Record, addresses: Set[str], draft: Draft) -> None:
        changed = self.settings.forget(record.id, addresses)
        draft.settings += [SettingChanged(address, self.settings.get(address)) for address in sorted(changed)]
        for address in record.reported.keys() & addresses:
            size = record.reported.pop(address)
            self._settings_bytes -= size
            record.settings_bytes -= size
