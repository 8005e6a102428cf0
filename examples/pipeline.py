"""A pipeline of three units: a source, a gain that can be turned while it runs, and a printer.

Run it, and turn the gain from a second terminal: ``trellis set SYS/GAIN gain 10``.
"""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import attrs
import trio
from attrs.validators import gt

from actors import Collection, InputStream, NormalTermination, OutputStream, Unit, publisher, run, subscriber


@attrs.frozen
class GainSettings:
    """What can be turned."""

    gain: float = attrs.field(default=2.0, validator=gt(0.0))


@attrs.frozen
class CountSettings:
    """How far and how fast to count."""

    until: int = 10
    seconds: float = 0.1


class Count(Unit):
    """Counts."""

    SETTINGS = CountSettings
    OUTPUT = OutputStream(float)

    @publisher(OUTPUT)
    async def count(self) -> AsyncIterator[tuple[OutputStream[float], float]]:
        """Send a number every now and then."""
        for number in range(self.settings.until):
            yield self.OUTPUT, float(number)
            await trio.sleep(self.settings.seconds)


class Gain(Unit):
    """Multiplies. Its INPUT_SETTINGS opts in to settings that change while it runs."""

    SETTINGS = GainSettings
    INPUT_SETTINGS = InputStream(GainSettings)
    INPUT = InputStream(float)
    OUTPUT = OutputStream(float)

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def scale(self, value: float) -> AsyncIterator[tuple[OutputStream[float], float]]:
        """Send the value, scaled."""
        yield self.OUTPUT, value * self.settings.gain


class Print(Unit):
    """Prints what it gets, and ends the run after so many."""

    SETTINGS = CountSettings
    INPUT = InputStream(float)

    async def initialize(self) -> None:
        """Start with nothing seen."""
        self.seen = 0

    @subscriber(INPUT)
    async def show(self, value: float) -> None:
        """Print one value."""
        print(value)
        self.seen += 1
        if self.seen == self.settings.until:
            raise NormalTermination


class System(Collection):
    """The three in a row."""

    COUNT = Count(CountSettings())
    GAIN = Gain(GainSettings())
    PRINT = Print(CountSettings())

    def network(self) -> Iterable[tuple[Any, Any]]:
        """Connect them."""
        return ((self.COUNT.OUTPUT, self.GAIN.INPUT), (self.GAIN.OUTPUT, self.PRINT.INPUT))


if __name__ == "__main__":
    run(SYS=System())
