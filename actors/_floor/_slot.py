"""One waiter, one outcome: what a call, and the start of an actor, wait on.

A slot is settled at most once, whether or not anybody still waits: request + parked task + outcome. This file
knows of no mailbox and no actor; ``target`` is only kept for whoever looks for rings.
"""

import enum
from typing import Any

import outcome
import trio


class Wait(enum.Enum):
    """Where a slot stands, seen from its waiter."""

    OPEN = "open"
    """the waiter needs the target's own loop"""
    DEFERRED = "deferred"
    """still waiting, but no longer for the loop: the reply was put off"""
    SETTLED = "settled"
    ABANDONED = "abandoned"
    """the waiter was cancelled; nobody will take the outcome"""


class Slot:
    """Made by the task that waits, in the step in which it begins to wait."""

    __slots__ = ("__weakref__", "_task", "state", "target")

    def __init__(self, target: object) -> None:
        self.target = target
        self.state = Wait.OPEN
        self._task: trio.lowlevel.Task | None = trio.lowlevel.current_task()

    async def wait(self) -> Any:
        """Park until settled."""
        return await trio.lowlevel.wait_task_rescheduled(self.abort)

    def abort(self, _: object) -> trio.lowlevel.Abort:
        """Let the waiter go, cancelled: in this very step it waits for nobody, for whoever looks for rings."""
        self.state = Wait.ABANDONED
        self._task = None
        return trio.lowlevel.Abort.SUCCEEDED

    def answer(self, value: Any) -> bool:
        """Settle with a result; false if nobody takes it."""
        # as `settle`, but without its call: every reply comes through here
        task, self._task = self._task, None
        if task is None:
            return False
        self.state = Wait.SETTLED
        trio.lowlevel.reschedule(task, outcome.Value(value))
        return True

    def fail(self, error: BaseException) -> bool:
        """Settle with an error, which the waiter raises; false if nobody takes it."""
        return self.settle(outcome.Error(error))

    def settle(self, result: outcome.Outcome[Any]) -> bool:
        """Settle; false if nobody takes it, because it was settled before or the waiter has gone."""
        task, self._task = self._task, None
        if task is None:
            return False
        self.state = Wait.SETTLED
        trio.lowlevel.reschedule(task, result)
        return True
