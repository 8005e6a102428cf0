"""What is shown to those in the graph's own process: nothing in it can be changed, for it is everybody's.

Whoever asks over a wire gets bytes, and pays nothing for this. What was shown before is not looked through again.
"""

from collections.abc import Callable
from typing import Final
from weakref import ref

from graphmeta import Change, GraphSnapshot, Resync, freeze_change, freeze_sessions, freeze_settings

from ._watch import Changes, Watch


class Shown:
    """Remembers what of a snapshot was shown last, and keeps none of it alive."""

    def __init__(self) -> None:
        self._sessions: Callable[[], object] = _nothing
        self._settings: Callable[[], object] = _nothing

    def snapshot(self, snapshot: GraphSnapshot) -> GraphSnapshot:
        """Return *snapshot*, frozen all the way down."""
        if self._sessions() is not snapshot.sessions:
            freeze_sessions(snapshot.sessions.values())
            self._sessions = ref(snapshot.sessions)
        if self._settings() is not snapshot.settings:
            freeze_settings(snapshot.settings.values())
            self._settings = ref(snapshot.settings)
        return snapshot


def _nothing() -> None:
    return None


class ShownChanges(Changes):
    """A watch whose items are frozen all the way down when they are taken."""

    def __init__(self, watch: Watch) -> None:
        self._watch: Final = watch

    def receive_nowait(self) -> Change | Resync:
        """The next item; `trio.WouldBlock` when there is none yet."""
        return _shown(self._watch.receive_nowait())

    async def receive(self) -> Change | Resync:
        """Wait for the next item."""
        return _shown(await self._watch.receive())


def _shown(item: Change | Resync) -> Change | Resync:
    freeze_change(item)
    return item
