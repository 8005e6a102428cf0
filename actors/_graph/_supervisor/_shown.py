"""What is shown to those in the graph's own process: nothing in it can be changed, for it is everybody's.

What is registered and reported here is frozen before the graph takes it; and what comes over a wire is, too, once
somebody here has looked. What was there before is frozen now, in slices. Where nobody looks, nobody pays.
"""

from collections.abc import Callable, Generator
from typing import Final
from weakref import ref

import trio

from actors._graph._ledger._ledger import Ledger
from actors._graph._ledger._pieces import kept_slices
from actors._graph._slices import in_slices, whole_in_slices
from graphmeta import (
    Change,
    GraphSnapshot,
    Resync,
    at_once,
    freeze_sessions_slices,
    freeze_step_slices,
    freeze_values_slices,
)

from ._watch import Changes, Watch


class Shown:
    """Hands out what is shown of one graph. Remembers what was shown last, and keeps none of it alive."""

    def __init__(self, ledger: Ledger) -> None:
        self.looked_at = False
        """Whether somebody in this process has looked."""
        self._ledger: Final = ledger
        self._sessions: Callable[[], object] = _nothing
        self._settings: Callable[[], object] = _nothing

    async def snapshot(self) -> GraphSnapshot:
        """The whole state as of now; others run while it is frozen."""
        snapshot = self._now()
        await in_slices(kept_slices(self._freeze_slices(snapshot)))
        return snapshot

    def snapshot_at_once(self) -> GraphSnapshot:
        """The whole state as of now, in one step."""
        snapshot = self._now()
        at_once(self._freeze_slices(snapshot))
        return snapshot

    def changes(self, watch: Watch) -> "ShownChanges":
        """What *watch* sees."""
        self.looked_at = True
        return ShownChanges(watch)

    @trio.lowlevel.enable_ki_protection
    def _now(self) -> GraphSnapshot:
        self.looked_at = True
        return self._ledger.snapshot()

    def _freeze_slices(self, snapshot: GraphSnapshot) -> Generator[object, None, None]:
        if self._sessions() is not snapshot.sessions:
            yield from freeze_sessions_slices(snapshot.sessions.values())
            self._sessions = ref(snapshot.sessions)
        if self._settings() is not snapshot.settings:
            yield from freeze_values_slices(snapshot.settings.values())
            self._settings = ref(snapshot.settings)


def _nothing() -> None:
    return None


class ShownChanges(Changes):
    """A watch whose items are frozen all the way down when they are taken."""

    def __init__(self, watch: Watch) -> None:
        self.watch: Final = watch

    def receive_nowait(self) -> Change | Resync:
        """The next item; `trio.WouldBlock` when there is none yet."""
        item = self.watch.receive_nowait()
        at_once(freeze_step_slices(item))
        return item

    async def receive(self) -> Change | Resync:
        """Wait for the next item."""
        item = await self.watch.receive()
        if isinstance(item, Resync) or item.metadata or item.settings:  # Most changes are of edges, and quick to take.
            # It was taken: who gave up in between would lose it.
            await whole_in_slices(kept_slices(freeze_step_slices(item)))
        return item
