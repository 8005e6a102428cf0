"""How long the event loop is at work in one go: nobody is heard meanwhile, and no heartbeat answered.

It looks on between the turns of Trio's loop and starts no task and no timer: an idle loop stays idle, and a test's
clock jumps as it did. It looks only while somebody reads, so that nobody else pays.
"""

import time
from typing import Final

import trio

from ._statistics import LoopStatistics

WINDOW: Final = 10.0
"""Seconds that a long turn is remembered at least; and after which it looks no more unless it is read."""


class LoopMeter(trio.abc.Instrument):
    """Measures the loop that it is read in."""

    def __init__(self) -> None:
        self._looking = False
        self._read_at = 0.0
        self._turn_began = 0.0
        self._idle_until = 0.0
        """Up to here this turn's work is not in `_busy`."""
        self._counted_until = 0.0
        self._busy = 0.0
        self._counted = 0.0
        self._longest = self._longest_before = 0.0
        """Turns of this window, and of the one before."""
        self._window_ends = 0.0

    def read(self) -> LoopStatistics:
        """What was measured so far; begins to measure if it does not. To be called inside a turn, by a task."""
        now = time.perf_counter()
        self._read_at = now
        if not self._looking:
            self._begin(now)
        self._count(now)
        return LoopStatistics(max(self._longest, self._longest_before), self._busy, self._counted)

    def stop(self) -> None:
        """Measure no more, until it is read again."""
        if self._looking:
            self._looking = False
            trio.lowlevel.remove_instrument(self)

    def after_io_wait(self, timeout: float) -> None:
        """A turn begins."""
        self._turn_began = self._idle_until = time.perf_counter()

    def before_io_wait(self, timeout: float) -> None:
        """A turn ends."""
        now = time.perf_counter()
        self._count(now)
        self._longest = max(self._longest, now - self._turn_began)
        if now - self._read_at > WINDOW:
            self.stop()

    def _begin(self, now: float) -> None:
        self._looking = True
        self._turn_began = self._idle_until = self._counted_until = now
        self._longest = self._longest_before = 0.0
        self._window_ends = now + WINDOW
        trio.lowlevel.add_instrument(self)

    def _count(self, now: float) -> None:
        self._busy += now - self._idle_until
        self._counted += now - self._counted_until
        self._idle_until = self._counted_until = now
        if now >= self._window_ends:
            self._longest_before = self._longest if now < self._window_ends + WINDOW else 0.0
            self._longest = 0.0
            self._window_ends = now + WINDOW
