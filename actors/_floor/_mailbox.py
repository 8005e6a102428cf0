"""A bounded mailbox with one reader: everything that decides is synchronous.

Senders that find no room queue up behind it in order and are handed over one by one as the reader takes, so
that nobody can overtake them. The mailbox survives restarts; `close` gives back whatever nobody will take.
"""

from collections import deque
from collections.abc import Awaitable

import outcome
import trio

from ._message import Item


class Mailbox:
    """At most ``bound`` messages wait in it; the rest of the senders wait outside."""

    __slots__ = ("_outside", "_queue", "_reader", "bound", "closed", "held")

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self.closed = False
        self.held = False
        """the reader is to take nothing until this is over"""
        self._queue: deque[Item] = deque()
        # those without room; a task is there if it waits for room only, and not for an outcome as well
        self._outside: deque[tuple[Item, trio.lowlevel.Task | None]] | None = None
        self._reader: trio.lowlevel.Task | None = None

    def __len__(self) -> int:
        return len(self._queue)

    def resize(self, bound: int) -> None:
        """Set the bound, when the actor's class is known; what is queued stays."""
        if bound < 1:
            raise ValueError(f"a mailbox must hold at least one message, not {bound!r}")
        self.bound = bound

    def put_nowait(self, message: Item) -> None:
        """Queue a message; `trio.WouldBlock` if there is no room."""
        if len(self._queue) >= self.bound:
            raise trio.WouldBlock
        self._queue.append(message)
        if self._reader is not None:
            self.wake()

    def put_or_queue_up(self, message: Item) -> None:
        """Queue a message whose sender is going to wait for its outcome anyway, room or not."""
        if len(self._queue) >= self.bound:
            self._line_up(message, None)
            return
        self._queue.append(message)
        if self._reader is not None:
            reader, self._reader = self._reader, None
            trio.lowlevel.reschedule(reader)

    async def put(self, message: Item) -> bool:
        """Wait outside for room; false if the mailbox closed meanwhile. Cancelled means not sent."""

        def abort(_: object) -> trio.lowlevel.Abort:
            self.withdraw(message)
            return trio.lowlevel.Abort.SUCCEEDED

        self._line_up(message, trio.lowlevel.current_task())
        return bool(await trio.lowlevel.wait_task_rescheduled(abort))

    def _line_up(self, message: Item, task: trio.lowlevel.Task | None) -> None:
        if self._outside is None:
            self._outside = deque()
        self._outside.append((message, task))

    def take(self) -> Item | None:
        """Take the next message, if there is one; whoever waited longest outside gets the room."""
        if self.held or not self._queue:
            return None
        message = self._queue.popleft()
        if self._outside:
            self._admit()
        return message

    def _admit(self) -> None:
        assert self._outside
        message, task = self._outside.popleft()
        self._queue.append(message)
        if task is not None:
            trio.lowlevel.reschedule(task, outcome.Value(True))

    def withdraw(self, message: Item) -> None:
        """Take back a message that nobody has taken; one that was taken stays taken."""
        for index, queued in enumerate(self._queue):
            if queued is message:
                del self._queue[index]
                if self._outside:
                    self._admit()
                return
        for index, (queued, _) in enumerate(self._outside or ()):
            if queued is message:
                assert self._outside
                del self._outside[index]
                return

    def wait(self) -> Awaitable[object]:
        """Park the reader, who awaits this at once, until there may be something to take, or else to look at."""
        self._reader = trio.lowlevel.current_task()
        # no coroutine around it: every call would pay for that
        return trio.lowlevel.wait_task_rescheduled(self._abort)  # noqa: ASYNC105 - the reader awaits it

    def _abort(self, _: object) -> trio.lowlevel.Abort:
        self._reader = None
        return trio.lowlevel.Abort.SUCCEEDED

    @property
    def waited_for(self) -> bool:
        """Whether its reader is parked."""
        return self._reader is not None

    def wake(self) -> bool:
        """Let the reader look up; false if it is not parked."""
        if self._reader is None:
            return False
        reader, self._reader = self._reader, None
        trio.lowlevel.reschedule(reader)
        return True

    def close(self) -> list[Item]:
        """Take no more, and give back what was queued; those who waited for room learn of it at once."""
        self.closed = True
        if not self._queue and not self._outside:
            return []
        left = [*self._queue, *(message for message, task in self._outside or () if task is None)]
        for _, task in self._outside or ():
            if task is not None:
                trio.lowlevel.reschedule(task, outcome.Value(False))
        self._queue.clear()
        self._outside = None
        return left
