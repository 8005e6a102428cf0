"""The last changes of a graph, so that a watcher who was away can go on where it left off."""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Final
from uuid import UUID

from actors._graph._ledger._pieces import LetGo, let_go_at_once, pieces_of_change
from graphmeta import Change

LITTLE: Final = 32 * 1024
"""Bytes of changes that are surely quicker to follow than a snapshot is to take: of small ones, some fifty."""


class History:
    """A run of changes without gaps, up to the current revision, bounded in number and in bytes."""

    def __init__(self, epoch: UUID, changes: int, size: int, let_go: LetGo = let_go_at_once) -> None:
        self._epoch: Final = epoch
        self._most: Final = changes
        self._heaviest: Final = size
        self._let_go: Final = let_go
        self._changes: deque[tuple[Change, int]] = deque()
        self._weight = 0

    def append(self, change: Change, weight: int) -> None:
        """Add the newest change, of so many bytes; the oldest make room."""
        self._changes.append((change, weight))
        self._weight += weight
        while len(self._changes) > self._most or self._weight > self._heaviest:
            oldest, weighed = self._changes.popleft()
            self._weight -= weighed
            if weighed > LITTLE:
                self._let_go(pieces_of_change(oldest))

    def since(self, after: int, epoch: UUID | None, revision: int) -> list[Change] | str:
        """The changes after revision *after*, or the reason why they cannot be had: ``epoch`` or ``history``."""
        if epoch is not None and epoch != self._epoch:
            return "epoch"
        missing = revision - after
        if missing < 0 or missing > len(self._changes):
            return "history"
        return [change for change, _ in self._last(missing)]

    def little_since(self, after: int, epoch: UUID, revision: int) -> list[Change] | None:
        """As `since`, if they weigh little beside a whole snapshot; None otherwise."""
        changes = self.since(after, epoch, revision)
        if isinstance(changes, str) or sum(weight for _, weight in self._last(len(changes))) > LITTLE:
            return None
        return changes

    def _last(self, count: int) -> Iterator[tuple[Change, int]]:
        return islice(self._changes, len(self._changes) - count, None)
