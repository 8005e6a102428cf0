"""Cancelled while somebody else is asked, released or shut down: that happens whole or not at all, and nobody hangs."""

import itertools
from contextlib import suppress
from functools import partial

import pytest
import trio
import trio.testing
from campaign_house import HOUSES, House, idle_of, settle
from campaign_sweep import cancelled_at, sweep

from actors import GraphClosed, Session, SessionLost, SessionReleased
from graphmeta import Edge, GraphMetadata, UnitMetadata
from transport import Limits

AB, BC = Edge("A", "B"), Edge("B", "C")
UNIT = "SYS/U"
METADATA = GraphMetadata(units={UNIT: UnitMetadata(UNIT, "U", "test.U")})
UPDATES = {
    "update_setting": lambda session: session.update_setting(UNIT, "gain", 7),
    "update_settings": lambda session: session.update_settings(UNIT, {"gain": 7}),
    "undo_settings": lambda session: session.undo_settings(UNIT),
}


@pytest.mark.parametrize("name", UPDATES)
async def test_a_cancelled_update_leaves_nobody_waiting_and_the_next_one_is_taken(house: House, name: str) -> None:
    async with house.join("runner") as runner, house.join("operator") as operator:
        await runner.register_metadata(METADATA)

        async def take(address: str, values: dict[str, object]) -> object:
            await runner._report_settings(address, values)
            return values

        runner._take_settings(take)
        # Two, so that there is something to undo.
        for gain in (1, 2):
            await operator.update_setting(UNIT, "gain", gain)
        await trio.testing.wait_all_tasks_blocked()
        idle, gains = idle_of(house.graph), itertools.count(10)

        async def check() -> None:
            # What was on its way may still be taken, or not; then nothing of it is left.
            await settle(house.graph, idle)
            gain = next(gains)
            assert await operator.update_setting(UNIT, "gain", gain) == {"gain": gain}
            assert house.graph.snapshot().settings[UNIT].readable == {"gain": gain}
            await settle(house.graph, idle)

        async def attempt() -> None:
            await UPDATES[name](operator)

        assert await sweep(attempt, check) > 1


async def pause_and_shut_down(session: Session) -> None:
    # The call itself is on its way in the step in which it is made; so it is cancelled before that, too.
    await trio.lowlevel.checkpoint()
    await session.shutdown()


@pytest.mark.parametrize("kind", ["local", "memory"])
async def test_a_cancelled_shutdown_closes_the_graph_or_leaves_it_as_it_was(kind: str) -> None:
    closed = set[bool]()
    for step in itertools.count():
        async with HOUSES[kind](Limits()) as house:
            with suppress(SessionLost):
                async with house.join("one") as one:
                    was_cancelled = await cancelled_at(step, partial(pause_and_shut_down, one))
                    await trio.testing.wait_all_tasks_blocked()
                    assert await one.connect(*AB)
            closed.add(house.graph._supervisor.closed.is_set())
            if not house.graph._supervisor.closed.is_set():
                async with house.join("two") as two:
                    assert await two.connect(*AB)
            elif kind == "local":
                with pytest.raises(GraphClosed):
                    async with house.join("two"):
                        raise AssertionError("it opened")
        if not was_cancelled:
            break
    assert closed == {True, False}


async def test_an_operator_cancelled_while_it_releases_has_released_whole_or_not_at_all(house: House) -> None:
    idle = idle_of(house.graph)
    async with house.join("operator") as operator:

        async def attempt() -> None:
            await operator.release("victim")

        async def life(task_status: trio.TaskStatus[None]) -> None:
            with pytest.raises(SessionReleased):
                async with house.join("victim") as victim:
                    await victim.connect_many([AB, BC])
                    task_status.started()
                    await trio.sleep_forever()

        for step in itertools.count():
            async with trio.open_nursery() as nursery:
                await nursery.start(life)
                was_cancelled = await cancelled_at(step, attempt)
                await operator.upstream("A")
                left = house.graph.snapshot()
                assert len(left.edge_owners) == (2 if len(left.sessions) == 2 else 0)
                if len(left.sessions) == 2:
                    await operator.release("victim")
            if not was_cancelled:
                break
    await settle(house.graph, idle)
