"""The tasks that serve one connection: its reader always, and a nursery as soon as there is a second one.

The reader is told what to take, and looks after the heartbeat between two frames. Most connections need nothing else,
and a nursery would be a large part of what they cost; so would a scope for each of the ends that they may come to.
Knows nothing of what is taken.
"""

import math
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import trio

from transport._groups import single_as_itself
from transport._limits import Limits
from transport._link._link import Link

from ._heartbeat import Heartbeat

Task = Callable[[], Awaitable[object]]


class Serving:
    """Serves one link until it is told to stop."""

    def __init__(self, link: Link, limits: Limits) -> None:
        self._link = link
        self._limits = limits
        self._over = False
        self._shielded = False
        self._deadline = math.inf
        """`trio.current_time` at which it is over, whatever still waits."""
        self._heartbeat: Heartbeat
        self._take_all: Callable[[], Awaitable[None]]
        self._give_up: Callable[[str], None]
        self._resting = trio.CancelScope()
        """Around the reader's waiting, until the heartbeat is due."""
        self._tasks: trio.Nursery | None = None
        self._early: list[Task] | None = []
        """Tasks to begin with when there is a nursery for them; None when there will be none."""

    @property
    def goes_on(self) -> bool:
        """Whether the reader goes on as it is: nobody told it to stop, and no task waits for a nursery."""
        return not (self._over or self._early)

    async def run(
        self, take_all: Callable[[], Awaitable[None]], give_up: Callable[[str], None], *, shielded: bool
    ) -> None:
        """Serve until `stop`, or the time is over; *shielded*, a cancellation around it does not end it.

        *take_all* takes what comes, for as long as `goes_on`; *give_up*, which is told why, must `stop` this, as nobody
        is there.
        """
        self._take_all, self._give_up, self._shielded = take_all, give_up, shielded
        # One for all of it: a task that begins gives a peer that is silent no more time.
        self._heartbeat = Heartbeat(self._link, self._limits)
        try:
            await self._read(shielded=shielded)
            if self._early:
                await self._read_beside(self._early)
        finally:
            self._early = None
            # They hold this: together they would be left to the garbage collector.
            del self._take_all, self._give_up

    def start_soon(self, async_fn: Callable[..., Awaitable[object]], *args: Any) -> None:
        """Run a task for as long as this runs, or will; when it is over, not at all."""
        if self._tasks is not None:
            self._tasks.start_soon(async_fn, *args)
        elif self._early is not None:
            self._early.append(partial(async_fn, *args))
            self._resting.cancel()

    def hurry(self, seconds: float) -> None:
        """Let it be over within so many seconds."""
        self._deadline = min(self._deadline, trio.current_time() + seconds)
        self._resting.deadline = min(self._resting.deadline, self._deadline)

    def stop(self, *, in_readers_turn: bool) -> None:
        """Let it be over. Asked for in the reader's own turn, it sees that when it goes on."""
        self._over = True
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()
        if not in_readers_turn:
            # A cancellation is a large part of a session's end.
            self._resting.cancel()

    async def _read_beside(self, early: list[Task]) -> None:
        with single_as_itself():
            async with trio.open_nursery() as self._tasks:
                self._tasks.cancel_scope.shield = self._shielded
                if self._over:
                    self._tasks.cancel_scope.cancel()
                self._early = None
                for task in early:
                    self._tasks.start_soon(task)
                try:
                    # Shielded with them, but not from them: an error of one of them ends the reading, too.
                    await self._read(shielded=False)
                finally:
                    self._tasks = None

    async def _read(self, *, shielded: bool) -> None:
        while self.goes_on:
            due = min(self._heartbeat.due, self._deadline)
            with trio.CancelScope(deadline=due, shield=shielded) as resting:
                self._resting = resting
                await self._take_all()
            if resting.cancelled_caught and self.goes_on:
                self._look_at_the_time()

    def _look_at_the_time(self) -> None:
        if trio.current_time() >= self._deadline:
            self.stop(in_readers_turn=True)
        elif self._heartbeat.beat():
            self._give_up(f"nothing was heard for {self._limits.heartbeat_timeout:g} s after a ping")
