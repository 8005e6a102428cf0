"""A random load of messages: who sends and who takes is cancelled at any turn, comes and goes, and asks meanwhile.

Whatever was sent arrives at whoever was there all the time: whole, once, in order. And everybody ends: a wake-up that
is lost anywhere would leave somebody waiting. Each party draws from dice of its own, and the scheduler's are thrown
from the seed, too, so that over links in memory a seed means one course of events.
"""

import struct
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Final, TypeVar

import attrs
import pytest
import trio
from campaign_house import House, idle_of, local_house, memory_house, scale, settle, websocket_house

from actors import Publisher, Session, Subscriber, open_graph, open_session, serve_unix
from transport import Limits

T = TypeVar("T")

SEEDS = scale(100, 10, 4)
MESSAGES = scale(120, 60, 60)
SIZES = (0, 0, 10, 10, 1_000, 65_000, 70_000, 300_000, 2_000_000)
"""Most are small; from 64 KiB on they go in memory files, where there is a way for them."""
TOPICS = ("A", "B")
LAST: Final = 2**32 - 1
SECONDS = 20
"""After so long without an end it is a hang: each run takes less than one."""


@asynccontextmanager
async def unix_house(limits: Limits) -> AsyncIterator[House]:
    # A socket's path may be 107 bytes long, and pytest's own folders are not short.
    with tempfile.TemporaryDirectory() as folder:
        async with open_graph(limits=limits) as graph, trio.open_nursery() as nursery:
            door = await nursery.start(serve_unix, graph, Path(folder) / "door")
            yield House(graph, lambda name: open_session(door.url, name=name, limits=limits))
            nursery.cancel_scope.cancel()


def message(number: int, size: int) -> bytes:
    return struct.pack("<I", number) + bytes([number % 251]) * size


def number_of(data: bytes) -> int:
    """What a message says its number is; all of it must be of that message."""
    number: int = struct.unpack("<I", data[:4])[0]
    assert data == message(number, len(data) - 4)
    return number


async def unless_struck(turns: int, ask: Callable[[], Awaitable[T]]) -> tuple[T] | None:
    """What it returned; None if so many turns of the scheduler struck it first."""
    answer: tuple[T] | None = None

    async def strike() -> None:
        for _ in range(turns):
            await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(strike)
        answer = (await ask(),)
        nursery.cancel_scope.cancel()
    return answer


@attrs.define
class Load:
    """One run: its house, its dice, and who is still at it."""

    house: House
    seed: int
    heard: dict[str, trio.Event] = attrs.field(factory=lambda: {topic: trio.Event() for topic in TOPICS})

    def dice(self, who: str) -> Random:
        return Random(f"{self.seed} {who}")

    async def send(self, topic: str) -> None:
        dice = self.dice(f"sends {topic}")
        async with self.house.join(f"sends {topic}") as session, trio.open_nursery() as nursery:
            nursery.start_soon(self.ask, session, dice)
            async with session.publisher(topic, bytes) as publisher:
                await send_all(publisher, dice)
                # Until it is taken: what is on its way may fall with its publisher.
                await self.heard[topic].wait()
            nursery.cancel_scope.cancel()

    async def take(self, topic: str, task_status: trio.TaskStatus[None]) -> None:
        dice = self.dice(f"takes {topic}")
        async with self.house.join(f"takes {topic}") as session, trio.open_nursery() as nursery:
            nursery.start_soon(self.ask, session, dice)
            async with session.subscriber(topic, bytes, max_queue=dice.choice([1, 3, 32])) as subscriber:
                task_status.started()
                await take_all(subscriber, dice)
            self.heard[topic].set()
            nursery.cancel_scope.cancel()

    async def come_and_go(self, topic: str) -> None:
        dice = self.dice(f"comes and goes at {topic}")
        async with self.house.join(f"comes and goes at {topic}") as session:
            while not self.heard[topic].is_set():
                await unless_struck(dice.randrange(200), partial(look_in, session, topic, dice))

    async def ask(self, session: Session, dice: Random) -> None:
        """Calls of the session that sends or takes: they share its connection, and may lend its reading."""
        while True:
            await unless_struck(dice.randrange(1, 40), partial(session.downstream, "A"))
            for _ in range(dice.randrange(10)):
                await trio.lowlevel.checkpoint()


async def send_all(publisher: Publisher, dice: Random) -> None:
    for number in range(MESSAGES):
        data = message(number, dice.choice(SIZES))
        while await unless_struck(dice.choice([0, 1, 5, 1000]), partial(publisher.send, data)) is None:
            pass
    await publisher.send(message(LAST, 0))


async def take_all(subscriber: Subscriber, dice: Random) -> None:
    expected = 0
    while True:
        taken = await unless_struck(dice.choice([0, 1, 5, 1000]), subscriber.receive)
        if taken is not None:
            number = number_of(taken[0])
            if number == LAST:
                break
            assert number == expected
            expected += 1
    assert expected == MESSAGES


async def look_in(session: Session, topic: str, dice: Random) -> None:
    last = -1
    queue = dice.choice([1, 8, 64])
    async with session.subscriber(topic, bytes, leaky=dice.random() < 0.5, max_queue=queue) as subscriber:
        for _ in range(dice.randrange(20)):
            number = number_of(await subscriber.receive())
            assert number > last
            last = number


@pytest.mark.parametrize("kind", [local_house, memory_house, unix_house, websocket_house])
async def test_what_is_sent_arrives_once_and_in_order_and_everybody_ends(kind: Callable[[Limits], object]) -> None:
    for seed in range(SEEDS):
        # Trio throws the tasks of one turn into a random order, so that nobody relies on any.
        trio._core._run._r.seed(seed)  # type: ignore[attr-defined]
        async with kind(Limits()) as house:  # type: ignore[attr-defined]
            idle = idle_of(house.graph)
            with trio.fail_after(SECONDS):
                load = Load(house, seed)
                async with trio.open_nursery() as nursery:
                    for topic in TOPICS:
                        await nursery.start(load.take, topic)
                    for topic in TOPICS:
                        nursery.start_soon(load.send, topic)
                        nursery.start_soon(load.come_and_go, topic)
            await settle(house.graph, idle)
