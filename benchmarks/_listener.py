"""A process that listens: it takes so many messages from another process, and tells what came and when.

Each order names who listens and where; it is answered when the listener is there, and again when all has come. Clocks
of both processes are one: the time of a message's leaving can be compared with that of its arrival.
"""

import asyncio
import json
import socket
import sys
import threading
import time
from collections.abc import Callable
from statistics import quantiles
from typing import Any, Final

import trio
import zenoh

from actors import open_session

from . import _ezmsg
from ._process import answer
from ._workloads import EDGE, QUEUE, TYPES, UNPACKED, stamp_of

WARM_UP: Final = 5
"""Messages whose latency does not count: they find everything cold."""


class Tally:
    """What has come so far."""

    def __init__(self, count: int) -> None:
        self.count: Final = count
        self.spent: list[float] = []
        self._start = 0.0
        self._numbers = 0
        self._size = 0
        self._end = 0.0

    def take(self, message: Any) -> bool:
        """Count a message, and tell whether it is the last."""
        now = time.perf_counter()
        sent, number, size = stamp_of(message)
        self._start = self._start or sent
        self.spent.append(now - sent)
        self._numbers += number
        self._size += size
        self._end = now
        return len(self.spent) == self.count

    def told(self) -> dict[str, Any]:
        """Return what is told of it: the time for each message, percentiles of the latency, and the proof."""
        cuts = quantiles(self.spent[WARM_UP:], n=100, method="inclusive")
        return {
            "each": (self._end - self._start) / self.count,
            "p50": cuts[49],
            "p99": cuts[98],
            "proof": [len(self.spent), self._numbers, self._size],
        }


def trellis(place: str, kind: str, tally: Tally) -> None:
    async def listen() -> None:
        async with open_session(place, name="listener") as session:
            await session.connect(*EDGE)
            async with session.subscriber(EDGE[1], TYPES[kind], max_queue=QUEUE) as subscriber:
                answer()
                while not tally.take(await subscriber.receive()):
                    pass

    trio.run(listen)


def ezmsg(place: list[Any], _: str, tally: Tally) -> None:
    async def listen() -> None:
        async with _ezmsg.context((place[0], place[1])) as session:
            await session.connect(*EDGE)
            subscriber = await session.subscriber(EDGE[1])
            answer()
            last = False
            while not last:
                async with subscriber.recv_zero_copy() as message:
                    last = tally.take(message)
                del message  # nor can it let go of shared memory that is still looked at

    asyncio.run(listen())


def zenoh_(_: None, kind: str, tally: Tally) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        endpoint = f"tcp/127.0.0.1:{free.getsockname()[1]}"
    done = threading.Event()

    def take(sample: zenoh.Sample) -> None:
        if tally.take(UNPACKED[kind](sample.payload.to_bytes())):
            done.set()

    with zenoh.open(zenoh_config("listen", endpoint)) as session:
        session.declare_subscriber("/".join(EDGE), take)
        answer(endpoint)
        done.wait()


def zenoh_config(verb: str, endpoint: str) -> zenoh.Config:
    """Return how two processes find each other directly, without a router and without scouting."""
    config = zenoh.Config()
    config.insert_json5(f"{verb}/endpoints", json.dumps([endpoint]))
    config.insert_json5("scouting/multicast/enabled", "false")
    return config


LISTENERS: Final[dict[str, Callable[[Any, str, Tally], None]]] = {"trellis": trellis, "ezmsg": ezmsg, "zenoh": zenoh_}


def main() -> None:
    answer()
    while line := sys.stdin.readline():
        who, place, kind, count = json.loads(line)
        tally = Tally(count)
        LISTENERS[who](place, kind, tally)
        answer(tally.told())


if __name__ == "__main__":
    main()
