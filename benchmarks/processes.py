"""What a message costs from one process to another: 64 bytes, and a numpy array of 1 MB.

The publisher is in one process, the subscriber in another, and the graph's server in a third, but for zenoh, which
needs none: its two processes are peers. ezmsg passes messages through shared memory, zenoh over TCP on the loopback
interface; our session at a door and zenoh carry an array as its bytes. *Each* is the time per message, from the first
one's send to the last one's receipt, when the publisher sends as fast as it may. Latency is that of a paced sender, one
message a millisecond: each carries the time when it left.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import attrs
import trio
import zenoh

from actors import open_session

from . import _ezmsg
from ._harness import Case, Contender, Sample
from ._listener import zenoh_config
from ._loops import Clock, on_asyncio, on_wall
from ._process import Server, server
from ._records import Fact, Target
from ._workloads import EDGE, QUEUE, STAMPED, packed

PEERS = ("trio", "msgspec", "ezmsg", "eclipse-zenoh", "numpy")

EACH = "each"
PAUSE = 0.001
"""Seconds between two messages of a paced sender."""
PERCENTILES = ("p50", "p99")
MB = 2**20

OURS, EZMSG, ZENOH = "trellis, Unix socket", "ezmsg, shared memory", "zenoh, TCP"


def cases(quick: bool) -> Iterator[Case | Fact]:
    small, large, paced = (500, 40, 100) if quick else (20_000, 300, 500)
    with server("_doors") as ours, server("_ezmsg") as ezmsg, server("_listener") as listener:
        places = Places(ours, ezmsg, listener)
        yield throughput(places, "64 B", Messages("bytes", 64, small), faster=3)
        yield throughput(places, "1 MB numpy array", Messages("array", MB, large), faster=1)
        yield latency(places, "64 B", Messages("bytes", 64, paced, PAUSE), faster=None)
        yield latency(places, "1 MB numpy array", Messages("array", MB, paced, PAUSE), faster=1)


@attrs.frozen
class Places:
    """The processes that take part, beside this one."""

    ours: Server
    ezmsg: Server
    listener: Server


@attrs.frozen
class Messages:
    """What is sent."""

    kind: str
    size: int
    count: int
    pause: float | None = None
    """Seconds between two; None for as fast as they go."""


def throughput(places: Places, what: str, messages: Messages, faster: float) -> Case:
    targets = [Target(1 / faster, than=EZMSG, figure=EACH), Target(None, than=ZENOH, figure=EACH)]
    return Case(f"between two processes, {what}", contenders(places, messages, (EACH,)), targets)


def latency(places: Places, what: str, messages: Messages, faster: float | None) -> Case:
    targets = [Target(aim, than=than, figure="p50") for aim, than in ((faster and 1 / faster, EZMSG), (None, ZENOH))]
    return Case(
        f"one-way latency between two processes, {what}, paced", contenders(places, messages, PERCENTILES), targets
    )


def contenders(places: Places, messages: Messages, figures: Sequence[str]) -> list[Contender]:
    way = Way(places, messages, figures)
    return [on_wall(OURS, way.ours), on_asyncio(EZMSG, way.ezmsg), Contender(ZENOH, way.zenoh)]


class Way:
    """How so many messages get from this process into the listener's; each method is one contender."""

    def __init__(self, places: Places, messages: Messages, figures: Sequence[str]) -> None:
        self._places: Final = places
        self._kind: Final = messages.kind
        self._count: Final = messages.count
        self._pause: Final = messages.pause
        self._figures: Final = figures
        self._stamped: Final[Callable[[float, int], Any]] = STAMPED[messages.kind](messages.size)

    async def ours(self, clock: Clock) -> Sample:
        place = self._places.ours.place["unix"]
        self._places.listener.tell("trellis", place, self._kind, self._count)
        async with open_session(place, name="publisher") as session, session.publisher(EDGE[0], bytes) as publisher:
            start = clock()
            for number in range(self._count):
                if self._pause is not None:
                    await trio.sleep(self._pause)
                await publisher.send(packed(self._stamped(clock(), number)))
            return await trio.to_thread.run_sync(self._sample, start)

    async def ezmsg(self, clock: Clock) -> Sample:
        self._places.listener.tell("ezmsg", self._places.ezmsg.place, self._kind, self._count)
        async with _ezmsg.context(self._places.ezmsg.place) as session:
            publisher = await session.publisher(EDGE[0], num_buffers=QUEUE)
            # The subscriber learns of its publisher after it is there, and there is no event for it.
            while not publisher._channels:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            start = clock()
            for number in range(self._count):
                if self._pause is not None:
                    await asyncio.sleep(self._pause)
                await publisher.broadcast(self._stamped(clock(), number))
            return await asyncio.to_thread(self._sample, start)

    def zenoh(self) -> Sample:
        endpoint = self._places.listener.tell("zenoh", None, self._kind, self._count)
        clock = time.perf_counter
        with zenoh.open(zenoh_config("connect", endpoint)) as session:
            publisher = session.declare_publisher(
                "/".join(EDGE),
                congestion_control=zenoh.CongestionControl.BLOCK,
                reliability=zenoh.Reliability.RELIABLE,
            )
            matched = threading.Event()
            publisher.declare_matching_listener(lambda status: status.matching and matched.set())
            if not publisher.matching_status.matching:
                matched.wait()
            start = clock()
            for number in range(self._count):
                if self._pause is not None:
                    time.sleep(self._pause)
                publisher.put(packed(self._stamped(clock(), number)))
            return self._sample(start)

    def _sample(self, start: float) -> Sample:
        """Wait until the listener has it all."""
        told = self._places.listener.answer()
        seen = {EACH: (told["end"] - start) / self._count} | told
        return Sample({figure: seen[figure] for figure in self._figures}, told["proof"])
