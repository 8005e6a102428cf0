"""What a message costs from one process to another: 64 bytes, and a numpy array of 1 MB.

The publisher is in one process, the subscriber in another, and the graph's server in a third, but for zenoh, which
needs none: its two processes are peers. ezmsg passes messages through shared memory; zenoh decides by itself what goes
through shared memory and what over TCP; our session at a door and zenoh carry an array as its bytes. *Each* is the time
per message, from the first one's send to the last one's receipt, when the publisher sends as fast as it may. Latency is
that of a paced sender, one message a millisecond: each carries the time when it left.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import attrs
import trio
import zenoh
from ezmsg.core.netprotocol import DEFAULT_SHM_SIZE

from actors import open_session

from . import _ezmsg
from ._harness import Case, Contender, Sample, Sweep
from ._listener import zenoh_config
from ._loops import Clock, on_asyncio, on_wall
from ._process import Server, server
from ._records import Target
from ._workloads import EDGE, QUEUE, STAMPED, packed

PEERS = ("trio", "msgspec", "ezmsg", "eclipse-zenoh", "numpy")

EACH = "each"
PAUSE = 0.001
"""Seconds between two messages of a paced sender."""
PERCENTILES = ("p50", "p99")
MB = 2**20
SIZES = tuple(64 * 8**power for power in range(6))
"""Bytes of a message, from 64 to 2 MB."""

OURS, EZMSG, ZENOH = "trellis, Unix socket", "ezmsg, shared memory", "zenoh"


def cases(quick: bool) -> Iterator[Case | Sweep]:
    small, large, paced = (500, 10, 20) if quick else (20_000, 300, 500)
    with server("_doors") as ours, server("_ezmsg") as ezmsg, server("_listener") as listener:
        places = Places(ours, ezmsg, listener)
        yield throughput(places, "64 B", Messages("bytes", 64, small), faster=3)
        yield throughput(places, "1 MB numpy array", Messages("array", MB, large), faster=1)
        yield latency(places, "64 B", Messages("bytes", 64, paced, PAUSE), faster=None)
        yield latency(places, "1 MB numpy array", Messages("array", MB, paced, PAUSE), faster=1)
        yield Sweep("a message between two processes", "bytes", sizes(places, quick))


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


def sizes(places: Places, quick: bool) -> Iterator[tuple[int, Case]]:
    """Go as far as the default limit of a message at a door allows."""
    for size in SIZES[::3] if quick else SIZES:
        messages = Messages("bytes", size, 10 if quick else 40 if size > 100_000 else 2_000)
        yield size, Case("", contenders(places, messages, (EACH,)), rounds=5)


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
        self._size: Final = messages.size
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
            # It would make its buffers anew for the first message that does not fit.
            room = max(self._size * 2, DEFAULT_SHM_SIZE)
            publisher = await session.publisher(EDGE[0], num_buffers=QUEUE, buf_size=room)
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
