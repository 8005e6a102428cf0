"""The graph as bytes: its snapshots, its settings and its newest change, each encoded once for everyone who asks.

What is large is encoded in slices, so that nobody waits for what somebody else asked for. Reads the ledger, and does
not know who asks.
"""

from collections.abc import Awaitable
from typing import Any, Final

import trio

from actors._graph._ledger._ledger import Decision, Ledger
from actors._graph._slices import in_slices
from graphmeta import Change, GraphSnapshot, encode_change
from transport import Pieces, Shared

from ._encoded_settings import EncodedSettings
from ._packed import PackedSnapshots
from ._plain import PlainSnapshots


class Encodings:
    """What is kept encoded of one graph."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger: Final = ledger
        hold = ledger.settings_hold
        self._settings: Final = {True: EncodedSettings("json", hold), False: EncodedSettings("msgpack", hold)}
        """By whether they are for those who speak JSON."""
        self._packed: Final = PackedSnapshots(
            self._snapshot, ledger.encoded_metadata, ledger.says, self._settings[False]
        )
        self._plain: Final = PlainSnapshots(self._snapshot, ledger.says, self._settings[True])
        self._newest: tuple[Change, Shared] | None = None
        self._told: Decision[Any] | None = None
        """What everyone is being told of in this step."""

    # -- as the graph changes --------------------------------------------------------------------------------

    def begin(self, told: Decision[Any], change: Change) -> None:
        """Drop what *change* made old, before anybody is told of it. Pair with `end`, in the same step."""
        self._told = told
        if change.settings:
            for settings in self._settings.values():
                settings.forget()
        self._packed.forget(change)
        self._plain.forget(change)
        self._newest = None  # Not only when somebody is told of this one: it may hold thousands of components.

    def end(self) -> None:
        """Everyone has been told."""
        self._told = None

    # -- asking ----------------------------------------------------------------------------------------------

    def change(self, change: Change) -> Shared:
        """The change, encoded once for everyone who is told of it now."""
        if self._newest is None or self._newest[0] is not change:
            kept = self._ledger.encoded_metadata((said.session, said.metadata) for said in change.metadata)
            seeds = self._told.seeds if self._told is not None and self._told.change is change else None
            settings = None if seeds is None else seeds.encode_changes()
            self._newest = (change, Shared.encoded_as(msgpack=Pieces(encode_change(change, kept, settings))))
        return self._newest[1]

    def packed_snapshot(self) -> Awaitable[Pieces]:
        """The snapshot of now as bytes; what has to be encoded for it is encoded in slices."""
        return self._packed.since(self._ledger.revision)

    def plain_snapshot(self) -> Awaitable[Shared]:
        """The snapshot of now as plain data; what has to be encoded for it is encoded in slices."""
        return self._plain.since(self._ledger.revision)

    async def make_snapshot(self, *, json: bool) -> None:
        """Encode the snapshot of now in slices, so that one of the near future takes no long step."""
        await (self.plain_snapshot() if json else self.packed_snapshot())

    @trio.lowlevel.enable_ki_protection
    def packed(self, snapshot: GraphSnapshot) -> Pieces:
        """A certain snapshot as bytes, in one step."""
        return self._packed.of(snapshot)

    def plain(self, snapshot: GraphSnapshot) -> Shared:
        """A certain snapshot as plain data, in one step."""
        return self._plain.of(snapshot)

    async def settings(self, *, json: bool) -> Shared:
        """The live settings of now by address, encoded in slices."""
        encoded = await in_slices(self._settings[json].slices(self._snapshot().settings))
        return Shared.encoded_as(json=encoded) if json else Shared.encoded_as(msgpack=encoded)

    @trio.lowlevel.enable_ki_protection
    def _snapshot(self) -> GraphSnapshot:
        return self._ledger.snapshot()
