"""Components, one book of the ledger: who declared which address, and what is set there now. Pure.

Addresses are exclusive, and the bytes of metadata and settings are bounded, a session's and everybody's together.
"""

from collections.abc import Mapping, Set
from typing import Final
from uuid import UUID

from actors._graph._errors import AddressTaken, UnknownComponent
from graphmeta import MetadataChanged, SettingChanged, SettingValue, freeze_value
from transport import Limits

from . import _bounds as bounds
from . import _commands as ask
from ._draft import Draft
from ._live_settings import LiveSettingsBook
from ._pieces import LetGo, pieces_of_metadata
from ._record import Record


class ComponentBook:
    """What sessions declared. ``records`` are the ledger's, to read."""

    def __init__(self, records: Mapping[UUID, Record], limits: Limits, let_go: LetGo) -> None:
        self.holders: Final[dict[str, UUID]] = {}
        """The session that declared the component at each address."""
        self.settings: Final = LiveSettingsBook(limits.settings_history, let_go, self.holders)
        self._records: Final = records
        self._limits: Final = limits
        self._let_go: Final = let_go
        self._metadata_bytes = 0
        self._settings_bytes = 0

    # -- metadata --------------------------------------------------------------------------------------------

    def register(self, record: Record, command: ask.Register, draft: Draft) -> None:
        """Replace a session's metadata as a whole."""
        new = command.addresses - record.addresses
        self._check_free(new)
        bounds.check_metadata(self._limits, record, command.encoded, self._metadata_bytes)
        gone = record.addresses - command.addresses
        self._forget_addresses(record, gone)
        fallen = self._forget_reports(record, gone & record.reported.keys())
        self.holders.update(dict.fromkeys(new, record.id))
        self._keep(record, command)
        draft.metadata.append(MetadataChanged(record.id, command.metadata))
        self._seed(record, command, fallen, draft)
        draft.measured += 2 * len(command.encoded)  # What is seeded is in it, too.

    def withdraw(self, record: Record, draft: Draft) -> None:
        """Forget everything that a session declared or reported, because it ends."""
        self._forget_addresses(record, record.addresses)
        fallen = self._forget_reports(record, frozenset(record.reported))
        self._tell_gone(fallen, self.settings.withdraw(record.id), draft)
        self._let_go(pieces_of_metadata(record.metadata))
        self._metadata_bytes -= len(record.sealed_metadata)

    def _check_free(self, addresses: frozenset[str]) -> None:
        taken = self.holders.keys() & addresses
        if taken:
            raise AddressTaken(tuple((a, self._records[self.holders[a]].name) for a in sorted(taken)))

    def _keep(self, record: Record, command: ask.Register) -> None:
        self._let_go(pieces_of_metadata(record.metadata))
        self._metadata_bytes += len(command.encoded) - len(record.sealed_metadata)
        record.metadata, record.sealed_metadata = command.metadata, command.encoded
        record.addresses = command.addresses

    def _forget_addresses(self, record: Record, addresses: Set[str]) -> None:
        for address in addresses:
            del self.holders[address]
        for address in record.delegates.keys() & addresses:
            del record.delegates[address]

    # -- settings --------------------------------------------------------------------------------------------

    def report(self, record: Record, command: ask.ReportSettings, draft: Draft) -> None:
        """Note what a running unit says its settings are."""
        self._check_reporter(record, command.address)
        size = bounds.check_settings(self._limits, record, command.address, command.readable, self._settings_bytes)
        value = SettingValue(command.readable, record.id, True, draft.revision, draft.at)
        freeze_value(value)
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

    def _seed(self, record: Record, command: ask.Register, fallen: Set[str], draft: Draft) -> None:
        seeds = command.seeds
        seeds.stamp(record.id, draft.revision, draft.at)
        hidden, gone = self.settings.register(record.id, seeds.values)
        draft.settings += [told for told in seeds.changes if told.address not in hidden] if hidden else seeds.changes
        self._tell_gone(fallen, gone, draft)
        if not hidden and len(draft.settings) == len(seeds.changes):
            draft.seeds = seeds

    def _tell_gone(self, fallen: Set[str], gone: Set[str], draft: Draft) -> None:
        """Tell of reports that have fallen, and of the addresses, often many, where nothing holds any longer."""
        draft.settings += [SettingChanged(address, None) for address in sorted(gone)]
        draft.settings += [SettingChanged(address, self.settings.get(address)) for address in sorted(fallen - gone)]

    def _forget_reports(self, record: Record, reported: Set[str]) -> Set[str]:
        for address in reported:
            size = record.reported.pop(address)
            self._settings_bytes -= size
            record.settings_bytes -= size
        return self.settings.forget(record.id, reported)
