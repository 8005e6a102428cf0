"""What a message costs from one process to another: 64 bytes, and a numpy array of 1 MB.

We have two ways: *units* of one pipeline, of which one has a worker process, and *sessions* over a Unix socket, whose
graph is in a third process. ezmsg's publisher and subscriber pass messages through shared memory, and its graph server
is in a third process, too. zenoh needs none, and decides by itself what goes through shared memory and what over TCP.
zenoh carries an array as its bytes.

*Each* is the time per message, from the first one's send to the last one's receipt, when the publisher sends as fast as
it may. Latency is that of a paced sender, one message a millisecond: each carries the time when it left.
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
from transport import Limits

from . import _ezmsg, _worker_units
from ._harness import Case, Contender, Sample, Sweep
from ._listener import zenoh_config
from ._loops import Clock, on_asyncio, on_wall
from ._process import Server, server
from ._records import Target
from ._workloads import EDGE, QUEUE, STAMPED, TYPES, Messages, packed
from ._zenoh_files import removed_afterwards

PEERS = ("trio", "msgspec", "ezmsg", "eclipse-zenoh", "numpy")

EACH = "each"
PAUSE = 0.001
"""Seconds between two messages of a paced sender."""
PERCENTILES = ("p50", "p99")
MB = 2**20
SIZES = tuple(64 * 8**power for power in range(7))
"""Bytes of a message, from 64 to 16 MB."""

UNITS, SESSIONS = "trellis, units", "trellis, sessions over a Unix socket"
EZMSG, ZENOH = "ezmsg, shared memory", "zenoh"


def cases(quick: bool) -> Iterator[Case | Sweep]:
    small, large, paced = 20_000, 10 if quick else 300, 20 if quick else 500
    with (
        removed_afterwards(),
        server("_doors") as ours,
        server("_ezmsg") as ezmsg,
        server("_listener") as listener,
    ):
        places = Places(ours, ezmsg, listener)
        yield throughput(places, "1 MB numpy array", Messages("array", MB, large), faster=1)
        yield latency(places, "64 B", Messages("bytes", 64, paced, PAUSE), None)
        if not quick:
            yield throughput(places, "64 B", Messages("bytes", 64, small), faster=3)
            yield latency(places, "1 MB numpy array", Messages("array", MB, paced, PAUSE), 1)
            yield Sweep("a message between two processes", "bytes", sizes(places))


@attrs.frozen
class Places:
    """The processes that take part, beside this one."""

    ours: Server
    ezmsg: Server
    listener: Server


def sizes(places: Places) -> Iterator[tuple[int, Case]]:
    """Send larger and larger messages; a door takes them up to its default limit only."""
    for size in SIZES:
        messages = Messages("bytes", size, 2_000 if size < 100_000 else 40)
        contenders = ways(places, messages, (EACH,))
        if size > Limits().message_bytes:
            contenders = [one for one in contenders if one.name != SESSIONS]
        yield size, Case("", contenders, rounds=3)


def throughput(places: Places, what: str, messages: Messages, faster: float) -> Case:
    contenders = ways(places, messages, (EACH,), rounds=3)
    return Case(f"between two processes, {what}", contenders, targets(EACH, 1 / faster), rounds=7)


def latency(places: Places, what: str, messages: Messages, aim: float | None) -> Case:
    contenders = ways(places, messages, PERCENTILES, rounds=3)
    return Case(f"one-way latency between two processes, {what}, paced", contenders, targets("p50", aim), rounds=7)


def targets(figure: str, at_most: float | None) -> list[Target]:
    """Set the same aim for both of our ways, and compare with zenoh."""
    aims = [Target(at_most, than=EZMSG, of=way, figure=figure) for way in (UNITS, SESSIONS)]
    return [*aims, *(Target(None, than=ZENOH, of=way, figure=figure) for way in (UNITS, SESSIONS))]


def ways(places: Places, messages: Messages, figures: Sequence[str], rounds: int | None = None) -> list[Contender]:
    """Return all contenders; to start a worker takes its time, and a few *rounds* of it show enough."""
    way = Way(places, messages, figures)
    return [
        on_wall(UNITS, way.units, rounds),
        on_wall(SESSIONS, way.session),
        on_asyncio(EZMSG, way.ezmsg),
        Contender(ZENOH, way.zenoh),
    ]


class Way:
    """How so many messages get from this process into the listener's; each method is one contender."""

    def __init__(self, places: Places, messages: Messages, figures: Sequence[str]) -> None:
        self._places: Final = places
        self._messages: Final = messages
        self._figures: Final = figures
        self._stamped: Final[Callable[[float, int], Any]] = STAMPED[messages.kind](messages.size)

    async def units(self, _: Clock) -> Sample:
        return self._told(await _worker_units.run(self._messages))

    async def session(self, clock: Clock) -> Sample:
        place = self._places.ours.place["unix"]
        self._places.listener.tell("trellis", place, self._messages.kind, self._messages.count)
        kind = TYPES[self._messages.kind]
        async with open_session(place, name="publisher") as session, session.publisher(EDGE[0], kind) as publisher:
            for number in range(self._messages.count):
                if self._messages.pause is not None:
                    await trio.sleep(self._messages.pause)
                await publisher.send(self._stamped(clock(), number))
            return await trio.to_thread.run_sync(self._sample)

    async def ezmsg(self, clock: Clock) -> Sample:
        self._places.listener.tell("ezmsg", self._places.ezmsg.place, self._messages.kind, self._messages.count)
        async with _ezmsg.context(self._places.ezmsg.place) as session:
            # It would make its buffers anew for the first message that does not fit.
            room = max(self._messages.size + 2**16, DEFAULT_SHM_SIZE)
            publisher = await session.publisher(EDGE[0], num_buffers=QUEUE, buf_size=room)
            # The subscriber learns of its publisher after it is there, and there is no event for it.
            while not publisher._channels:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            for number in range(self._messages.count):
                if self._messages.pause is not None:
                    await asyncio.sleep(self._messages.pause)
                await publisher.broadcast(self._stamped(clock(), number))
            return await asyncio.to_thread(self._sample)

    def zenoh(self) -> Sample:
        endpoint = self._places.listener.tell("zenoh", None, self._messages.kind, self._messages.count)
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
            for number in range(self._messages.count):
                if self._messages.pause is not None:
                    time.sleep(self._messages.pause)
                publisher.put(packed(self._stamped(clock(), number)))
            return self._sample()

    def _sample(self) -> Sample:
        """Wait until the listener has it all."""
        return self._told(self._places.listener.answer())

    def _told(self, told: dict[str, Any]) -> Sample:
        return Sample({figure: told[figure] for figure in self._figures}, told["proof"])
