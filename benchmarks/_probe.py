"""How late an event loop is: a probe that is due every millisecond, whatever happened to the one before.

Lateness is counted from the time when a probe was due, not from when the last one had run: a loop that stands still for
100 ms was late a hundred times. A probe that waits for its predecessor would see it once, and call the loop fast.
"""

import asyncio
import time
from statistics import quantiles
from typing import Final

import trio

PERIOD: Final = 0.001
"""Seconds from one probe to the next."""


class Lags:
    """How late each probe was, in seconds."""

    def __init__(self) -> None:
        self._late: list[float] = []

    async def on_trio(self) -> None:
        """Probe the loop until cancelled."""
        due = time.perf_counter() + PERIOD
        while True:
            await trio.sleep(max(0.0, due - time.perf_counter()))
            due = self._take(due)

    async def on_asyncio(self) -> None:
        """Probe the loop until cancelled."""
        due = time.perf_counter() + PERIOD
        while True:
            await asyncio.sleep(due - time.perf_counter())
            due = self._take(due)

    def _take(self, due: float) -> float:
        """Count every probe that was due by now, and return when the next one is.

        Were each of them to wait for a turn of the loop of its own, turns longer than the period would add up.
        """
        while (late := time.perf_counter() - due) >= 0:
            self._late.append(late)
            due += PERIOD
        return due

    def told(self) -> dict[str, float]:
        """Return percentiles and the worst of all probes."""
        cuts = quantiles(self._late, n=100, method="inclusive")
        return {"p50": cuts[49], "p99": cuts[98], "worst": max(self._late)}
