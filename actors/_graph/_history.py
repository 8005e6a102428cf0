"""The last changes of a graph, so that a watcher who was away can go on where it left off."""

from collections import deque
from typing import Final
from uuid import UUID

from graphmeta import Change


class History:
    """A bounded run of changes without gaps, up to the current revision."""

    def __init__(self, epoch: UUID, bound: int) -> None:
        self._epoch: Final = epoch
        self._changes: deque[Change] = deque(maxlen=bound)

    def append(self, change: Change) -> None:
        """Add the newest change."""
        self._changes.append(change)

    def since(self, after: int, epoch: UUID | None, revision: int) -> list[Change] | str:
        """The changes after revision *after*, or the reason why they cannot be had: ``epoch`` or ``history``."""
        if epoch is not None and epoch != self._epoch:
            return "epoch"
        missing = revision - after
        if missing < 0 or missing > len(self._changes):
            return "history"
        return list(self._changes)[len(self._changes) - missing :]
