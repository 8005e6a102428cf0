"""Collections in collections: topics name a boundary at no cost, a relay puts a queue of its own there.

The station takes whatever comes, keeps the newest two messages at its gate, and a slow worker behind it delays nobody.
"""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import trio

from actors import (
    Collection,
    InputRelay,
    InputStream,
    InputTopic,
    NormalTermination,
    OutputStream,
    OutputTopic,
    Unit,
    open_runner,
    publisher,
    subscriber,
)

Numbers = AsyncIterator[tuple[OutputStream[int], int]]


class Burst(Unit):
    """Sends a hundred numbers as fast as it can."""

    OUTPUT = OutputStream(int)

    @publisher(OUTPUT)
    async def burst(self) -> Numbers:
        """Nobody holds it up: the gate of the station leaks."""
        for number in range(100):
            yield self.OUTPUT, number


class Square(Unit):
    """Squares numbers, slowly."""

    INPUT = InputStream(int, max_queue=1)
    OUTPUT = OutputStream(int)

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def square(self, number: int) -> Numbers:
        """Take a moment for each."""
        await trio.sleep(0.01)
        yield self.OUTPUT, number * number


class Print(Unit):
    """Prints numbers until the last."""

    INPUT = InputStream(int)

    @subscriber(INPUT)
    async def show(self, number: int) -> None:
        """Print one."""
        print(number)
        if number == 99 * 99:
            raise NormalTermination


class Workshop(Collection):
    """The inner collection: only names at its boundary."""

    IN = InputTopic(int)
    OUT = OutputTopic(int)
    SQUARE = Square()

    def network(self) -> Iterable[tuple[Any, Any]]:
        """Inside, a topic is a plain end of an edge."""
        return ((self.IN, self.SQUARE.INPUT), (self.SQUARE.OUTPUT, self.OUT))


class Station(Collection):
    """The outer collection: a gate with a queue that drops the oldest, and hands on the object itself, not a copy."""

    GATE = InputRelay(int, leaky=True, max_queue=2, copy_on_forward=False)
    OUT = OutputTopic(int)
    WORKSHOP = Workshop()

    def network(self) -> Iterable[tuple[Any, Any]]:
        """The workshop's topics are ports of it like any other."""
        return ((self.GATE, self.WORKSHOP.IN), (self.WORKSHOP.OUT, self.OUT))


async def main() -> None:
    """Connect from outside: by ports, as here, or by their names."""
    burst, station, sink = Burst(), Station(), Print()
    connections = ((burst.OUTPUT, station.GATE), (station.OUT, sink.INPUT))
    async with open_runner(BURST=burst, STATION=station, PRINT=sink, connections=connections) as runner:
        print("from", *await runner.session.upstream("PRINT/INPUT"))
        await runner.wait()


if __name__ == "__main__":
    trio.run(main)
