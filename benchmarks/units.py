"""What a message costs between two units in one process, 64 bytes: what users of either library write.

One unit publishes, another one subscribes; each side runs its whole runner, and ezmsg's graph server has a process of
its own. Measured on the wall, for ezmsg's units have a thread of their own: from the first message, made when both
units are up, until the last one is handled. A row shows one message.
"""

import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import attrs
import ezmsg.core as ez

from actors import InputStream, NormalTermination, OutputStream, Unit, open_runner, publisher, subscriber

from . import _ezmsg as _ezmsg  # it asks ezmsg not to warn of back-pressure
from ._harness import Case, Contender, Sample
from ._interrupts import heeded
from ._loops import Clock, on_wall
from ._process import server
from ._records import Fact, Target
from ._workloads import payload

PEERS = ("trio", "ezmsg")

MESSAGE = payload(64)


def cases(quick: bool) -> Iterator[Case | Fact]:
    count = 2_000 if quick else 30_000
    with server("_ezmsg") as graph_server:
        place = tuple(graph_server.place)
        contenders = [on_wall("trellis", ours(count)), Contender("ezmsg", lambda: peer(place, count))]
        yield Case("from unit to unit, in process, 64 B", contenders, [Target(1 / 3, than="ezmsg")])


@attrs.define
class Tally:
    """What a source and its sink know together."""

    count: int
    start: float = 0.0
    end: float = 0.0
    handled: int = 0
    size: int = 0

    def begin(self) -> None:
        self.start = time.perf_counter()

    def take(self, message: bytes) -> bool:
        """Count *message*, and tell whether it is the last."""
        self.handled += 1
        self.size += len(message)
        self.end = time.perf_counter() if self.handled == self.count else 0.0
        return self.handled == self.count

    @property
    def sample(self) -> Sample:
        return Sample((self.end - self.start) / self.count, (self.handled, self.size))


# -- ours ----------------------------------------------------------------------------------------------------


class Source(Unit):
    OUTPUT = OutputStream(bytes)

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally = tally

    @publisher(OUTPUT)
    async def produce(self) -> AsyncGenerator[Any, None]:
        self.tally.begin()
        for _ in range(self.tally.count):
            yield self.OUTPUT, MESSAGE


class Sink(Unit):
    INPUT = InputStream(bytes)

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally = tally

    @subscriber(INPUT)
    async def consume(self, message: bytes) -> None:
        if self.tally.take(message):
            raise NormalTermination


def ours(count: int) -> Any:
    async def work(_: Clock) -> Sample:
        tally = Tally(count)
        source, sink = Source(tally), Sink(tally)
        async with open_runner(SOURCE=source, SINK=sink, connections=[(source.OUTPUT, sink.INPUT)]) as runner:
            await runner.wait()
        return tally.sample

    return work


# -- ezmsg's -------------------------------------------------------------------------------------------------


class PeerSettings(ez.Settings):
    tally: Tally


class PeerSource(ez.Unit):
    SETTINGS = PeerSettings
    OUTPUT = ez.OutputStream(bytes)

    @ez.publisher(OUTPUT)
    async def produce(self) -> AsyncGenerator[Any, None]:
        self.SETTINGS.tally.begin()
        for _ in range(self.SETTINGS.tally.count):
            yield self.OUTPUT, MESSAGE


class PeerSink(ez.Unit):
    SETTINGS = PeerSettings
    INPUT = ez.InputStream(bytes)

    @ez.subscriber(INPUT)
    async def consume(self, message: bytes) -> None:
        if self.SETTINGS.tally.take(message):
            raise ez.NormalTermination


def peer(place: tuple[str, int], count: int) -> Sample:
    tally = Tally(count)
    source, sink = PeerSource(PeerSettings(tally)), PeerSink(PeerSettings(tally))
    with heeded():
        ez.run(
            SOURCE=source,
            SINK=sink,
            connections=((source.OUTPUT, sink.INPUT),),
            graph_address=place,
            force_single_process=True,
        )
    return tally.sample
