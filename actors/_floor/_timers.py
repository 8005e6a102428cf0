"""Messages that an actor sends itself later. They die with the life that asked for them.

A timer is a task that sleeps and then puts one message in the actor's mailbox: the work is done between two
other messages, never beside one.
"""

import math
from collections.abc import Awaitable, Callable
from typing import Any

import trio

from ._cell import Cell
from ._errors import ActorStopped
from ._life import Life
from ._message import Message


def next_due(due: float, interval: float, now: float) -> float:
    """Find the next moment on the beat that began at `due`, after `now`: beats that were missed are left out."""
    return due + interval * (math.floor((now - due) / interval) + 1)


class Timer:
    """A message to come, or a row of them; `cancel` takes it back, also one that is in the mailbox already."""

    __slots__ = ("_life", "_pending", "_scope", "_work")

    def __init__(self, life: Life, work: Callable[[], Awaitable[object]]) -> None:
        self._life = life
        self._work = work
        self._pending = False
        self._scope = trio.CancelScope()

    def cancel(self) -> None:
        """Send nothing any more. Work that has begun goes on."""
        self._scope.cancel()

    async def _run(self, cell: Cell, delay: float, interval: float | None) -> None:
        with self._scope:
            due = trio.current_time() + delay
            await trio.sleep_until(due)
            await self._send(cell)
            while interval is not None:
                due = next_due(due, interval, trio.current_time())
                await trio.sleep_until(due)
                await self._send(cell)

    async def _send(self, cell: Cell) -> None:
        if self._pending:
            return  # the actor is behind: a beat that is still waiting stands for this one too
        self._pending = True
        try:
            await cell.tell(Message(_work, (self,), {}))
        except ActorStopped:
            self.cancel()

    async def _fire(self, actor: Any) -> object:
        # the message may have outlived its timer: in the next life of the actor, or cancelled while it was queued
        if actor is not self._life.actor or self._scope.cancel_called:
            return None
        try:
            return await self._work()
        finally:
            self._pending = False


async def _work(actor: Any, timer: Timer) -> object:
    return await timer._fire(actor)
