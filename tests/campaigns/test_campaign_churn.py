"""Sessions come and go by the thousand, and in crowds; afterwards the house is as if they had never been."""

import gc
import tracemalloc

import pytest
import trio
import trio.testing
from campaign_house import HOUSES, House, idle_of, scale, settle

from actors import Session
from graphmeta import GraphMetadata, UnitMetadata
from transport import Limits

LIVES = {
    "local": scale(100_000, 2_000, 1_000),
    "memory": scale(10_000, 200, 100),
    "websocket": scale(1_000, 100, 50),
}
AT_ONCE = 5
BYTES = 1024
"""What a session that has ended may still cost."""
WARM = 60
LIMITS = Limits(history_changes=16)
"""A short history: it is a bounded cost of the graph, not one of each session."""


async def one_life(house: House, name: str) -> None:
    async with house.join(name) as session, session.scope("s") as scope:
        await session.connect("A", f"B/{name}")
        await scope.connect("A", f"C/{name}")
        address = f"SYS/{name}"
        await session.register_metadata(GraphMetadata(units={address: UnitMetadata(address, name, "t.U")}))


async def live(house: House, first: int, count: int) -> None:
    async with trio.open_nursery() as nursery:
        for start in range(AT_ONCE):
            nursery.start_soon(one_after_another, house, range(first + start, first + count, AT_ONCE))


async def one_after_another(house: House, numbers: range) -> None:
    for number in numbers:
        await one_life(house, f"U{number}")


@pytest.mark.parametrize("kind", LIVES)
async def test_whatever_came_and_went_the_house_is_idle_again_and_no_larger(kind: str) -> None:
    async with HOUSES[kind](LIMITS) as house:
        await trio.testing.wait_all_tasks_blocked(0.01)
        idle = idle_of(house.graph)
        tracemalloc.start()
        try:
            await live(house, 0, WARM)
            await settle(house.graph, idle)
            gc.collect()
            objects, memory = len(gc.get_objects()), tracemalloc.get_traced_memory()[0]
            await live(house, WARM, LIVES[kind])
            await settle(house.graph, idle)
            gc.collect()
            more_objects = len(gc.get_objects()) - objects
            more_memory = tracemalloc.get_traced_memory()[0] - memory
        finally:
            tracemalloc.stop()
        print(f"churn, {kind}: {LIVES[kind]} sessions, {more_objects} objects and {more_memory / 1024:.1f} KiB more")
        assert more_memory < LIVES[kind] * BYTES
        assert more_objects < max(100, LIVES[kind] // 50)
        assert house.graph.snapshot().graph == {}


CROWD = scale(1_000, 200, 50)
EDGES = 10
LOOKS = scale(20, 20, 5)


async def test_a_crowd_lives_side_by_side_and_each_sees_the_others() -> None:
    # All of them knock at once, and both ends are in this process.
    async with HOUSES["websocket"](Limits(handshake_seconds=60, open_seconds=60)) as house:
        await trio.testing.wait_all_tasks_blocked(0.01)
        idle = idle_of(house.graph)
        there: list[Session] = []
        everybody, over = trio.Event(), trio.Event()

        async def member(number: int) -> None:
            async with house.join(f"m{number}") as session:
                await session.connect_many([(f"M{number}", f"M{number}/{n}") for n in range(EDGES)])
                there.append(session)
                if len(there) == CROWD:
                    everybody.set()
                await over.wait()
                assert await session.connect("LAST", f"M{number}")

        with trio.fail_after(120):
            async with trio.open_nursery() as nursery:
                for number in range(CROWD):
                    nursery.start_soon(member, number)
                await everybody.wait()
                for number, session in enumerate(there[:LOOKS]):
                    # A new revision each time: nobody gets what was made before.
                    await session.connect("NEW", f"N{number}")
                    snapshot = await session.snapshot()
                    assert len(snapshot.sessions) == CROWD
                    assert len(snapshot.edge_owners) == CROWD * EDGES + number + 1
                over.set()
        await settle(house.graph, idle)
