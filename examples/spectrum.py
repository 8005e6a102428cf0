"""Blocks of samples with NumPy: two channels of noisy signal, and the strongest frequency in each, a second at a time.

The source sends short blocks, as a device does; `Window` gathers them into longer ones; `Strongest` looks at each.
"""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import attrs
import numpy as np
from axis_array import Axis, AxisArray

from actors import Collection, InputStream, NormalTermination, OutputStream, Unit, publisher, run, subscriber

Blocks = AsyncIterator[tuple[OutputStream[AxisArray], AxisArray]]


@attrs.frozen
class SignalSettings:
    """What the device gives."""

    rate: float = 256.0
    """Samples a second."""
    block: int = 32
    """Samples of a block."""
    seconds: int = 3


class Device(Unit):
    """A 10 Hz and a 23 Hz sine wave, in noise as strong as they are."""

    SETTINGS = SignalSettings
    OUTPUT = OutputStream(AxisArray)

    @publisher(OUTPUT)
    async def read(self) -> Blocks:
        """Send block after block; back-pressure sets the pace here, where a device would."""
        rate, block = self.settings.rate, self.settings.block
        noise = np.random.default_rng(seed=1)
        for first in range(0, int(self.settings.seconds * rate), block):
            times = (first + np.arange(block)) / rate
            waves = np.sin(2 * np.pi * np.outer(times, [10.0, 23.0]))
            noisy = waves + noise.normal(size=waves.shape)
            time = Axis(1 / rate, times[0], "s")
            yield self.OUTPUT, AxisArray(noisy, ("time", "channel"), {"time": time}, {"channel": ("left", "right")})


class Window(Unit):
    """Gathers blocks until there is a second of them."""

    INPUT = InputStream(AxisArray)
    OUTPUT = OutputStream(AxisArray)

    async def initialize(self) -> None:
        """Start with nothing gathered."""
        self.blocks: list[AxisArray] = []

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def gather(self, block: AxisArray) -> Blocks:
        """Send one long block for many short ones."""
        self.blocks.append(block)
        if sum(each.size("time") for each in self.blocks) * block.axes["time"].step >= 1.0:
            yield self.OUTPUT, attrs.evolve(self.blocks[0], data=np.concatenate([each.data for each in self.blocks]))
            self.blocks.clear()


class Strongest(Unit):
    """Prints the strongest frequency of every channel, and ends the run when there was enough."""

    SETTINGS = SignalSettings
    INPUT = InputStream(AxisArray)

    @subscriber(INPUT)
    async def look(self, block: AxisArray) -> None:
        """Look at one second."""
        axis = block.axes["time"]
        power = np.abs(np.fft.rfft(block.data * np.hanning(len(block.data))[:, None], axis=0))
        found = np.fft.rfftfreq(len(block.data), axis.step)[power.argmax(axis=0)]
        said = (f"{name} {hertz:.0f} Hz" for name, hertz in zip(block.labels["channel"], found, strict=True))
        print(f"at {axis.start:.0f} s:", ", ".join(said))
        if axis.start + 1.0 >= self.settings.seconds:
            raise NormalTermination


class System(Collection):
    """The three in a row."""

    DEVICE = Device()
    WINDOW = Window()
    STRONGEST = Strongest()

    def network(self) -> Iterable[tuple[Any, Any]]:
        """Connect them."""
        return ((self.DEVICE.OUTPUT, self.WINDOW.INPUT), (self.WINDOW.OUTPUT, self.STRONGEST.INPUT))


if __name__ == "__main__":
    run(SYS=System())
