"""Requests of this end that wait for their answer: a table by id, pure but for the waiting.

An id leaves the table with its answer and not before, so it is never used twice; that a caller gave up
changes nothing but that nobody reads the answer.
"""

import itertools
from collections.abc import Iterator

import attrs
import msgspec
import trio

from transport._documents._rpc import Failure, Reply

Answer = Reply | Failure | Exception


class Call(msgspec.Struct, eq=False):  # The quickest kind of record: every request makes one.
    """One request under way."""

    id: int
    answer: Answer | None = None
    _waiter: trio.lowlevel.Task | None = None

    def settle(self, answer: Answer) -> None:
        if self.answer is None:
            self.answer = answer
            if self._waiter is not None:
                trio.lowlevel.reschedule(self._waiter)

    # Protected: a task that was struck before it sleeps must not be rescheduled.
    @trio.lowlevel.enable_ki_protection
    async def wait(self) -> Answer:
        """Wait for the answer, once; cheaper than an event, which may have many waiters."""
        if self.answer is None:
            self._waiter = trio.lowlevel.current_task()
            await trio.lowlevel.wait_task_rescheduled(self._leave)
        else:
            await trio.lowlevel.checkpoint()
        assert self.answer is not None
        return self.answer

    @trio.lowlevel.enable_ki_protection
    async def wait_through(self) -> Answer:
        """As `wait`, in spite of a cancellation or a Ctrl-C, which come later: for what is sure to be settled soon.

        A shielded scope would cost more than the rest of the waiting.
        """
        if self.answer is None:
            self._waiter = trio.lowlevel.current_task()
            await trio.lowlevel.wait_task_rescheduled(_stay)
        else:
            await trio.lowlevel.cancel_shielded_checkpoint()
        assert self.answer is not None
        return self.answer

    def _leave(self, _: object) -> trio.lowlevel.Abort:
        self._waiter = None
        return trio.lowlevel.Abort.SUCCEEDED


def _stay(_: object) -> trio.lowlevel.Abort:
    return trio.lowlevel.Abort.FAILED


@attrs.define(eq=False)
class Calls:
    """All requests of one end that have no answer yet."""

    _ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(1))
    _open: dict[int, Call] = attrs.field(factory=dict)

    def __len__(self) -> int:
        return len(self._open)

    def begin(self) -> Call:
        call = Call(next(self._ids))
        self._open[call.id] = call
        return call

    def forget(self, call: Call) -> None:
        """Drop a request that never left: no answer will come."""
        self._open.pop(call.id, None)

    def settle(self, answer: Reply | Failure) -> bool:
        """Give an answer to whoever waits; False if nobody ever asked."""
        call = self._open.pop(answer.id, None) if isinstance(answer.id, int) else None
        if call is None:
            return False
        call.settle(answer)
        return True

    def fail_all(self, error: Exception) -> None:
        """Nothing will be answered any more."""
        calls, self._open = self._open, {}
        for call in calls.values():
            call.settle(error)
