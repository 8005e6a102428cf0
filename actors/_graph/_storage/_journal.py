"""What of the graph must outlive the process, on its way into the state file.

The ledger knows nothing of it: a change has happened when it comes here, and storage is a consequence. Changes that
come while one commit is under way go together into the next. When a commit fails, the graph goes back to what is
stored, and everybody who waits is told.
"""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

import attrs
import trio

from graphmeta import Change, Edge
from transport import LimitExceeded

from ._state_errors import StateFileTooLarge, StorageFailed
from ._state_file import StateFile

R = TypeVar("R")

FLUSH_SECONDS: Final = 5.0
"""For what is left when the graph closes; a disk that hangs must not hold the process."""

Undo = Callable[[Iterable[Edge], Iterable[Edge]], Iterable[Edge]]
"""Lets persistent edges go, and brings others back; returns those that cannot come back."""


@attrs.define(eq=False)
class Batch:
    """Changes that are committed together: which edges shall be there, and which not."""

    wanted: dict[Edge, bool] = attrs.field(factory=dict)
    _done: trio.Event = attrs.field(factory=trio.Event)
    _failure: str | None = None

    def finish(self, failure: str | None = None) -> None:
        """Tell everybody who waits that it is on the disk, or why not."""
        self._failure = failure
        self._done.set()

    async def wait(self) -> None:
        """Wait until it is on the disk; raises `StorageFailed` when it will not be."""
        await self._done.wait()
        if self._failure is not None:
            raise StorageFailed(self._failure)


class Journal:
    """Carries persistent changes to a state file."""

    def __init__(self, file: StateFile) -> None:
        self._file: Final = file
        self._stored: Final = set(file.edges)
        """What the file holds, as far as is known."""
        self._next = Batch()
        self._under_way = Batch()
        """Empty while nothing is."""
        self._work = trio.Event()

    @property
    def stored(self) -> tuple[Edge, ...]:
        """The edges that the file holds, sorted."""
        return tuple(sorted(self._stored))

    def too_large(self, over: LimitExceeded) -> StateFileTooLarge:
        """What to raise when the file holds more than a limit on persistent edges, or on their topics, allows."""
        longest = max((len(topic) for edge in self._stored for topic in edge), default=0)
        found = longest if over.name == "topic_length" else len(self._stored)
        return StateFileTooLarge(over.name, over.limit, self._file.path, found)

    def note(self, change: Change) -> None:
        """Take what a change did to persistent edges; never waits, never fails."""
        for owned in change.ownership:
            if owned.session is None:
                self._next.wanted |= dict.fromkeys(owned.gained, True) | dict.fromkeys(owned.lost, False)
                self._work.set()

    @property
    def newest(self) -> Batch | None:
        """What must be on the disk before an answer given now is true; None when everything is."""
        if self._work.is_set():
            return self._next
        return self._under_way if self._under_way.wanted else None

    async def run(self, undo: Undo) -> None:
        """Commit, until cancelled; then commit what is left. Raises `StorageFailed` when that cannot be done."""
        try:
            while True:
                await self._work.wait()
                await self._commit(undo)
        finally:
            await self._flush()

    async def _commit(self, undo: Undo) -> None:
        self._under_way, self._next = self._next, Batch()
        self._work = trio.Event()
        try:
            await trio.to_thread.run_sync(self._file.write, self._under_way.wanted, abandon_on_cancel=True)
        except StorageFailed as error:
            self._give_up(error.reason, undo)
        else:
            self._settle(self._under_way)
            self._under_way = Batch()

    def _settle(self, batch: Batch) -> None:
        for edge, present in batch.wanted.items():
            (self._stored.add if present else self._stored.discard)(edge)
        batch.finish()

    def _give_up(self, reason: str, undo: Undo) -> None:
        failed = (self._under_way, self._next)
        wanted = self._under_way.wanted | self._next.wanted
        self._under_way, self._next = Batch(), Batch()
        self._work = trio.Event()
        gone = [edge for edge, present in wanted.items() if present and edge not in self._stored]
        back = [edge for edge, present in wanted.items() if not present and edge in self._stored]
        # An edge whose place was taken meanwhile stays away; the file is told again with the next commit.
        self._next.wanted = dict.fromkeys(undo(gone, back), False)
        for batch in failed:
            batch.finish(reason)

    async def _flush(self) -> None:
        # What a cancelled commit was about is written again: its thread may or may not have done it.
        left = self._under_way.wanted | self._next.wanted
        failure: str | None = f"the disk took more than {FLUSH_SECONDS:g} s"
        try:
            with trio.move_on_after(FLUSH_SECONDS, shield=True):
                if left:
                    await trio.to_thread.run_sync(self._file.write, left, abandon_on_cancel=True)
                failure = None
        except StorageFailed as error:
            failure = error.reason
        for batch in (self._under_way, self._next):
            batch.finish(failure)
        if failure is not None:
            raise StorageFailed(failure)


async def answer_stored(answer: R, batch: Batch | None) -> R:
    """Give *answer* when *batch*, the newest at the time, is on the disk, or raise `StorageFailed`."""
    if batch is None:
        await trio.lowlevel.cancel_shielded_checkpoint()
    else:
        await batch.wait()
    return answer
