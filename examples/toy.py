"""ezmsg's toy pipeline, ported: its units, collections, settings, state and main function, on Trio.

A generator's messages are joined with the newest value of a slow oscillator inside a collection; everything is printed.
It runs in three processes and stops by itself when the main function returns. What is different from ezmsg, and why,
stands in docs/from-ezmsg.md.
"""

import math
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any

import attrs
import trio

from actors import (
    Collection,
    Complete,
    InputStream,
    InputTopic,
    OutputStream,
    OutputTopic,
    Unit,
    main,
    publisher,
    run,
    subscriber,
)

Texts = AsyncIterator[tuple[OutputStream[str], str]]


@attrs.frozen
class Joined:
    """A text and the number that was current when it came."""

    text: str
    number: float


@attrs.frozen
class OscillatorSettings:
    """How fast it swings, and how often it says so, both in Hz."""

    frequency: float = 0.2
    update_rate: float = 20.0


class Oscillator(Unit):
    """A slow sine wave."""

    SETTINGS = OscillatorSettings
    OUTPUT = OutputStream(float)

    @publisher(OUTPUT)
    async def swing(self) -> AsyncIterator[tuple[OutputStream[float], float]]:
        """Send where it is now."""
        started = trio.current_time()
        while True:
            phase = (trio.current_time() - started) * self.settings.frequency
            yield self.OUTPUT, math.sin(2.0 * math.pi * phase)
            await trio.sleep(1.0 / self.settings.update_rate)


@attrs.frozen
class GeneratorSettings:
    """What to say, and how often, in seconds."""

    text: str
    period: float = 0.1


class Generator(Unit):
    """Says the same thing again and again. It has no defaults for its settings: a collection must give them."""

    SETTINGS = GeneratorSettings
    OUTPUT = OutputStream(str)

    @publisher(OUTPUT)
    async def repeat(self) -> Texts:
        """Send the text, for ever."""
        while True:
            await trio.sleep(self.settings.period)
            yield self.OUTPUT, self.settings.text

    @publisher(OUTPUT)
    async def greet(self) -> Texts:
        """Send one message: this task ends, the others go on."""
        yield self.OUTPUT, "hello"
        raise Complete


@attrs.frozen
class PrinterSettings:
    """What to write before each message."""

    label: str = "default"


class Printer(Unit):
    """Prints whatever comes."""

    SETTINGS = PrinterSettings
    INPUT = InputStream(object)

    @subscriber(INPUT)
    async def show(self, message: object) -> None:
        """Print one, in one piece: other processes print there, too."""
        print(f"{self.settings.label}: {message}\n", end="", flush=True)


@attrs.define
class ModifierState:
    """The newest number."""

    number: float = 0.0


class Modifier(Unit):
    """Keeps a number and joins it to each text."""

    STATE = ModifierState
    TEXT = InputStream(str)
    NUMBER = InputStream(float)
    JOINED = OutputStream(str)
    RECORD = OutputStream(Joined)

    @subscriber(NUMBER)
    async def keep(self, number: float) -> None:
        """Keep the newest."""
        self.state.number = number

    @subscriber(TEXT)
    @publisher(JOINED, RECORD)
    async def join(self, text: str) -> AsyncIterator[tuple[OutputStream[Any], Any]]:
        """Send the two together, once as a record and once as text."""
        yield self.RECORD, Joined(text, self.state.number)
        yield self.JOINED, f"{text}|{self.state.number:.3f}"

    @main
    def show(self) -> None:
        """Have the main thread for half a second, as a window on the screen would; when it returns, all ends."""
        time.sleep(0.5)


class Joiner(Collection):
    """Joins texts with an oscillator of its own."""

    INPUT = InputTopic(str)
    OUTPUT = OutputTopic(str)
    OSCILLATOR = Oscillator()
    MODIFIER = Modifier()
    RECORDS = Printer(PrinterSettings(label="record"))

    def configure(self) -> None:
        """Turn the oscillator before it runs."""
        self.OSCILLATOR.apply_settings(OscillatorSettings(frequency=0.1))

    def network(self) -> Iterable[tuple[Any, Any]]:
        """Connect what is inside, and the boundary."""
        return (
            (self.OSCILLATOR.OUTPUT, self.MODIFIER.NUMBER),
            (self.INPUT, self.MODIFIER.TEXT),
            (self.MODIFIER.JOINED, self.OUTPUT),
            (self.MODIFIER.RECORD, self.RECORDS.INPUT),
        )


@attrs.frozen
class SystemSettings:
    """What the printers are called."""

    name: str


class System(Collection):
    """Two generators, the joiner, three printers."""

    SETTINGS = SystemSettings
    PING = Generator()
    FOO = Generator()
    JOINER = Joiner()
    PLAIN = Printer()
    JOINED = Printer()
    BOTH = Printer(label="both")

    def configure(self) -> None:
        """Hand settings down."""
        self.PING.apply_settings(GeneratorSettings("ping"))
        self.FOO.apply_settings(GeneratorSettings("foo"))
        self.PLAIN.apply_settings(PrinterSettings(f"{self.settings.name}1"))
        self.JOINED.apply_settings(PrinterSettings(f"{self.settings.name}2"))

    def network(self) -> Iterable[tuple[Any, Any]]:
        """Connect them; a stream may lead to several places, and come from several."""
        return (
            (self.PING.OUTPUT, self.PLAIN.INPUT),
            (self.PING.OUTPUT, self.JOINER.INPUT),
            (self.JOINER.OUTPUT, self.JOINED.INPUT),
            (self.FOO.OUTPUT, self.BOTH.INPUT),
            (self.PING.OUTPUT, self.BOTH.INPUT),
        )

    def process_components(self) -> tuple[Unit | Collection, ...]:
        """Run these in processes of their own, one each, with all below them."""
        return (self.PING, self.JOINER)


if __name__ == "__main__":
    run(SYSTEM=System(SystemSettings(name="A")))
