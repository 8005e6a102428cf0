"""Cancelled at every schedule point: whatever a session was doing, it happened whole or not at all, and nobody hangs.

A step is one turn of any task, so that a caller is cancelled at every stage of the way to the server and back.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import attrs
import pytest
import trio
import trio.testing
from campaign_house import CI, FULL, House, idle_of, local_house, look, settle, websocket_house
from campaign_sweep import sweep

from actors import Graph, Session
from actors._graph._supervisor._watch import Changes
from graphmeta import Change, Edge, GraphMetadata, Resync, UnitMetadata
from transport import Limits

AB, BC, CD = Edge("A", "B"), Edge("B", "C"), Edge("C", "D")
UNIT = "SYS/U"
METADATA = GraphMetadata(units={UNIT: UnitMetadata(UNIT, "U", "test.U")})


def edges(graph: Graph, session: Session) -> object:
    return graph.snapshot().sessions[session.id].edges


def persistent(graph: Graph, session: Session) -> object:
    return tuple(edge for edge, owners in graph.snapshot().edge_owners.items() if None in owners)


def components(graph: Graph, session: Session) -> object:
    metadata = graph.snapshot().sessions[session.id].metadata
    return () if metadata is None else tuple(metadata.components)


def reported(graph: Graph, session: Session) -> object:
    return {address: value.readable for address, value in graph.snapshot().settings.items()}.get(UNIT)


def paused(graph: Graph, session: Session) -> object:
    return graph._supervisor.router.paused


@attrs.frozen
class Operation:
    """A public call, and what the graph shows of it."""

    act: Callable[[Session], Awaitable[object]]
    effect: Callable[[Graph, Session], object] = edges
    before: object = ()
    after: object = ()
    prepare: Callable[[Session], Awaitable[object]] = lambda session: session.clear()


async def hold_three(session: Session) -> None:
    await session.connect_many([AB, BC, CD])


async def forget_persistent(session: Session) -> None:
    await session.disconnect(*AB, persistent=True)


async def keep_persistent(session: Session) -> None:
    await session.connect(*AB, persistent=True)


async def declare_and_report(session: Session) -> None:
    await session.register_metadata(METADATA)
    await session._report_settings(UNIT, 1)


OPERATIONS = {
    "connect": Operation(lambda s: s.connect(*AB), after=(AB,)),
    "connect_many": Operation(lambda s: s.connect_many([AB, BC, CD]), after=(AB, BC, CD)),
    "connect, persistent": Operation(
        lambda s: s.connect(*AB, persistent=True), persistent, (), (AB,), prepare=forget_persistent
    ),
    "connect_many, persistent": Operation(
        lambda s: s.connect_many([AB], persistent=True), persistent, (), (AB,), prepare=forget_persistent
    ),
    "disconnect, persistent": Operation(
        lambda s: s.disconnect(*AB, persistent=True), persistent, (AB,), (), prepare=keep_persistent
    ),
    "disconnect_many, persistent": Operation(
        lambda s: s.disconnect_many([AB], persistent=True), persistent, (AB,), (), prepare=keep_persistent
    ),
    "disconnect": Operation(lambda s: s.disconnect(*BC), edges, (AB, BC, CD), (AB, CD), hold_three),
    "disconnect_many": Operation(lambda s: s.disconnect_many([AB, BC]), edges, (AB, BC, CD), (CD,), hold_three),
    "clear": Operation(lambda s: s.clear(), edges, (AB, BC, CD), (), hold_three),
    "register_metadata": Operation(
        lambda s: s.register_metadata(METADATA), components, (), (UNIT,), lambda s: s.register_metadata(None)
    ),
    "report settings": Operation(lambda s: s._report_settings(UNIT, 2), reported, 1, 2, declare_and_report),
    "pause": Operation(lambda s: s.pause(), paused, False, True, lambda s: s.resume()),
    "resume": Operation(lambda s: s.resume(), paused, True, False, lambda s: s.pause()),
    "sync": Operation(lambda s: s.sync()),
    "snapshot": Operation(lambda s: s.snapshot()),
    "sessions": Operation(lambda s: s.sessions()),
    "settings": Operation(lambda s: s.settings()),
    "settings_history": Operation(lambda s: s.settings_history(UNIT), reported, 1, 1, declare_and_report),
    "statistics": Operation(lambda s: s.statistics()),
    "upstream": Operation(lambda s: s.upstream("A")),
    "downstream": Operation(lambda s: s.downstream("A")),
    "impact": Operation(lambda s: s.impact()),
    "type_clashes": Operation(lambda s: s.type_clashes("A", "B")),
    "release, dry": Operation(lambda s: s.release(str(s.id), dry_run=True)),
}


@pytest.mark.parametrize("name", OPERATIONS)
async def test_a_cancelled_call_happened_whole_or_not_at_all_and_its_session_goes_on(house: House, name: str) -> None:
    operation = OPERATIONS[name]
    idle = idle_of(house.graph)
    async with house.join("one") as one:
        done = False

        async def attempt() -> None:
            nonlocal done
            done = False
            await operation.act(one)
            done = True

        async def check() -> None:
            # In order behind the call: an answer to this says that the call has been decided or withdrawn.
            assert await one.connect("PROBE", "X")
            assert await one.disconnect("PROBE", "X")
            shown = operation.effect(house.graph, one)
            possible = [operation.after]
            if not done:
                possible = [operation.before] if house.connect is None else [operation.before, operation.after]
            assert shown in possible
            await operation.prepare(one)
            assert operation.effect(house.graph, one) == operation.before

        await operation.prepare(one)
        assert await sweep(attempt, check) > 1
        await one.connect(*AB, persistent=True)
        await forget_persistent(one)
    await settle(house.graph, idle)


async def in_a_scope(session: Session) -> None:
    async with session.scope("outer") as outer:
        await outer.connect(*AB)
        async with outer.scope("inner") as inner:
            await inner.connect(*BC)


async def in_a_watch(session: Session) -> None:
    async with session.watch() as changes:
        assert isinstance(await changes.receive(), Resync)


async def in_a_watch_of_settings(session: Session) -> None:
    async with session.watch_settings():
        await trio.lowlevel.checkpoint()


async def in_a_pause(session: Session) -> None:
    async with session.paused():
        await trio.lowlevel.checkpoint()


async def between_endpoints(session: Session) -> None:
    async with session.subscriber("A", max_queue=1) as subscriber, session.publisher("A") as publisher:
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(publisher.send, 1)
                nursery.start_soon(publisher.send, 2)
                assert await subscriber.receive() in (1, 2)
        finally:
            # Whatever was sent is here or was received: cancelled means that nobody got it.
            assert publisher.sent == subscriber.received + len(subscriber._inbox)


BLOCKS = {
    "scope": in_a_scope,
    "watch": in_a_watch,
    "watch_settings": in_a_watch_of_settings,
    "paused": in_a_pause,
}
ELSEWHERE = {"publisher", "subscriber", "release", "shutdown", "update_setting", "update_settings", "undo_settings"}
"""Swept by tests of their own, here and where somebody else is asked or ended."""


def test_no_public_call_is_left_out() -> None:
    swept = {name.partition(",")[0] for name in (*OPERATIONS, *BLOCKS)} | ELSEWHERE
    assert swept >= {name for name in dir(Session) if not name.startswith("_")} - {"id", "name"}


@pytest.mark.parametrize("name", BLOCKS)
async def test_a_cancelled_block_leaves_nothing_open_and_its_session_goes_on(house: House, name: str) -> None:
    await leaves_nothing_open(house, BLOCKS[name])


async def test_neither_do_cancelled_endpoints() -> None:
    async with local_house(Limits()) as house:
        await leaves_nothing_open(house, between_endpoints)


async def leaves_nothing_open(house: House, block: Callable[[Session], Awaitable[None]]) -> None:
    idle = idle_of(house.graph)
    async with house.join("one") as one:
        await trio.testing.wait_all_tasks_blocked()
        open_one = look(house.graph)

        async def check() -> None:
            assert await one.connect("PROBE", "X")
            assert await one.disconnect("PROBE", "X")
            await settle(house.graph, open_one)
            held = house.graph.snapshot().sessions[one.id]
            assert (held.edges, held.scopes, held.endpoints) == ((), {}, ())

        assert await sweep(lambda: block(one), check) > 1
    await settle(house.graph, idle)


async def a_life(house: House) -> None:
    async with house.join("mortal") as session:
        await session.connect_many([AB, BC])
        await session.register_metadata(METADATA)
        async with session.scope("s") as scope, session.watch():
            await scope.connect(*CD)


async def lives_of_a_mortal(house: House, stride: int) -> int:
    """Sweep a session's whole life; everything else is as before each time, and every start has its one end."""
    async with house.join("watcher") as watcher, watcher.watch(await revision(watcher)) as changes:
        await trio.testing.wait_all_tasks_blocked()
        idle = idle_of(house.graph)

        async def check() -> None:
            await settle(house.graph, idle)
            started, ended = [], []
            for change in everything(changes):
                started += [entry.session for entry in change.started]
                ended += [entry.session for entry in change.ended]
                assert set(ended) <= set(started)
            assert started == ended
            assert len(started) <= 1

        return await sweep(lambda: a_life(house), check, stride)


def everything(changes: Changes) -> list[Change | Resync]:
    found = []
    with suppress(trio.WouldBlock):
        while True:
            found.append(changes.receive_nowait())
    return found


async def revision(session: Session) -> int:
    return (await session.snapshot()).revision


async def test_a_session_cancelled_anywhere_between_opening_and_closing_leaves_nothing(house: House) -> None:
    assert await lives_of_a_mortal(house, 1) > 10


async def test_so_does_one_on_a_websocket() -> None:
    async with websocket_house(Limits()) as house:
        assert await lives_of_a_mortal(house, 1 if FULL else 3 if CI else 7) > 10
