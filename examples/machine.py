"""Live data of this machine: how busy its processors are, smoothed, as a bar a line (psutil; extra ``examples``).

Run it and turn it from a second terminal: ``trellis set MACHINE/SMOOTH seconds 5``, ``trellis top``.
"""

import sys
from collections.abc import AsyncIterator, Iterable
from typing import Any

import attrs
import psutil
import trio
from attrs.validators import ge, gt

from actors import Collection, InputStream, NormalTermination, OutputStream, Unit, publisher, run, subscriber

Loads = AsyncIterator[tuple[OutputStream[float], float]]


@attrs.frozen
class MeterSettings:
    """When to look."""

    period: float = attrs.field(default=0.5, validator=gt(0.0))
    """Seconds between two looks."""


@attrs.frozen
class SmoothSettings:
    """How much to smooth."""

    seconds: float = attrs.field(default=1.0, validator=ge(0.0), metadata={"description": "time constant; 0 is none"})


class Meter(Unit):
    """Asks the system."""

    SETTINGS = MeterSettings
    OUTPUT = OutputStream(float)

    @publisher(OUTPUT)
    async def look(self) -> Loads:
        """Send the share of time, 0 to 1, that the processors were busy since the last look."""
        psutil.cpu_percent()  # the first answer has nothing to compare with
        while True:
            await trio.sleep(self.settings.period)
            yield self.OUTPUT, psutil.cpu_percent() / 100


class Smooth(Unit):
    """A first-order low-pass; its time constant can be turned while it runs."""

    SETTINGS = SmoothSettings
    INPUT_SETTINGS = InputStream(SmoothSettings)
    INPUT = InputStream(float)
    OUTPUT = OutputStream(float)

    async def initialize(self) -> None:
        """Start at rest."""
        self.value, self.at = 0.0, trio.current_time()

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def smooth(self, load: float) -> Loads:
        """Move towards the new value, the further the longer the last one is ago."""
        now = trio.current_time()
        passed, self.at = now - self.at, now
        self.value += (load - self.value) * passed / (passed + self.settings.seconds)
        yield self.OUTPUT, self.value


class Bars(Unit):
    """Prints a bar a message, and stops after some if the command line says how many."""

    INPUT = InputStream(float, leaky=True, max_queue=1)  # only the newest is worth showing

    async def initialize(self) -> None:
        """Take the number of lines from the command line."""
        self.left = int(sys.argv[1]) if len(sys.argv) > 1 else -1

    @subscriber(INPUT)
    async def show(self, load: float) -> None:
        """Print one."""
        print(f"{load:4.0%} {'#' * round(load * 60)}", flush=True)
        self.left -= 1
        if self.left == 0:
            raise NormalTermination


class Machine(Collection):
    """The three in a row."""

    METER = Meter()
    SMOOTH = Smooth()
    BARS = Bars()

    def network(self) -> Iterable[tuple[Any, Any]]:
        """Connect them."""
        return ((self.METER.OUTPUT, self.SMOOTH.INPUT), (self.SMOOTH.OUTPUT, self.BARS.INPUT))


if __name__ == "__main__":
    run(MACHINE=Machine())
