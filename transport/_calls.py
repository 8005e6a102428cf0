"""Requests of this end that wait for their answer: a table by id, pure but for the events.

An id leaves the table with its answer and not before, so it is never used twice; that a caller gave up
changes nothing but that nobody reads the answer.
"""

import itertools
from collections.abc import Iterator

import attrs
import trio

from ._rpc import Failure, Reply

Answer = Reply | Failure | Exception


@attrs.define(eq=False)
class Call:
    """One request under way."""

    id: int
    settled: trio.Event = attrs.field(factory=trio.Event)
    answer: Answer | None = None

    def settle(self, answer: Answer) -> None:
        if self.answer is None:
            self.answer = answer
            self.settled.set()


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
