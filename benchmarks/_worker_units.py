"""Our units in two processes: a source in the runner's, a sink in a worker of its own.

Between a runner and its worker messages may be anything that pickle can carry, and large buffers take a way of their
own. The sink tells what it saw by a message back, as any unit would. This file measures nothing besides.
"""

import time
from collections.abc import AsyncGenerator
from typing import Any, Final

import trio

from actors import InputStream, NormalTermination, OutputStream, Unit, open_runner, publisher, subscriber

from ._listener import Tally
from ._workloads import STAMPED, Messages

AT_REST: Final = 0.3
"""Seconds that a new worker is left alone before the first message. The threads that numpy's OpenBLAS starts when it is
imported spin for a tenth of a second, on one of two cores; the listeners of the others are long past that."""


class Source(Unit):
    SETTINGS = Messages
    OUTPUT = OutputStream(object)

    @publisher(OUTPUT)
    async def produce(self) -> AsyncGenerator[Any, None]:
        messages: Messages = self.settings
        stamped = STAMPED[messages.kind](messages.size)
        await trio.sleep(AT_REST)
        for number in range(messages.count):
            if messages.pause is not None:
                await trio.sleep(messages.pause)
            yield self.OUTPUT, stamped(time.perf_counter(), number)


class Sink(Unit):
    SETTINGS = Messages
    INPUT = InputStream(object)
    OUTPUT = OutputStream(object)

    async def initialize(self) -> None:
        self.tally: Final = Tally(self.settings.count)

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def consume(self, message: Any) -> AsyncGenerator[Any, None]:
        if self.tally.take(message):
            yield self.OUTPUT, self.tally.told()


class Report(Unit):
    INPUT = InputStream(object)

    told: Any = None

    @subscriber(INPUT)
    async def take(self, told: Any) -> None:
        self.told = told
        raise NormalTermination


async def run(messages: Messages) -> Any:
    """Send it all, and return what the sink told of it."""
    source, sink, report = Source(messages), Sink(messages), Report()
    wires = [(source.OUTPUT, sink.INPUT), (sink.OUTPUT, report.INPUT)]
    roots = {"SOURCE": source, "SINK": sink, "REPORT": report}
    async with open_runner(roots, connections=wires, process_components=[sink]) as runner:
        await runner.wait()
    return report.told
