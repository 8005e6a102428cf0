"""What a session costs: one call, a bring-up, metadata, a snapshot, a release, and many sessions at once.

Every server runs in a process of its own. ezmsg speaks its own protocol over TCP, we speak JSON-RPC over a websocket
or a Unix socket. Two floors stand beside our calls: in process what Trio charges for a mailbox and an event, over a
wire the echo of trio-websocket. All of it is measured on the wall, but for the calls in process: they wait for
nothing, and so it is processor time there. A row shows one call, unless it says otherwise.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import attrs
import trio
import trio_websocket

from actors import Change, GraphSnapshot, Resync, Session, open_graph, open_session

from . import _ezmsg
from ._doors import metadata
from ._harness import Case, Contender, Fact, Sample, Target
from ._process import Server, server
from .actors import BATCH, Clock, Work, ask, on_trio, serve
from .dag import layered

PEERS = ("trio", "trio-websocket", "msgspec", "ezmsg")

EDGE = ("SYS/SOURCE/OUT", "SYS/SINK/IN")
WARM_UP = 5
AT_ONCE = 64
"""So many calls are under way when they are pipelined."""
PATIENCE = 30
"""Seconds until a session that does not open counts as hung."""

Open = Callable[[], AbstractAsyncContextManager[Session]]


@attrs.frozen
class Sides:
    """The two servers under comparison."""

    ours: Server
    ezmsg: Server

    def open(self) -> AbstractAsyncContextManager[Session]:
        return open_session(self.ours.place["ws"], name="benchmark", token=self.ours.place["token"])

    def open_unix(self) -> AbstractAsyncContextManager[Session]:
        return open_session(self.ours.place["unix"], name="benchmark")

    def peer(self) -> _ezmsg.GraphContext:
        return _ezmsg.context(self.ezmsg.place)

    def hold(self, edges: int, components: int) -> None:
        """Have somebody else hold so much on both sides."""
        self.ours.tell("hold", edges, components)
        self.ezmsg.tell("hold", edges, components)

    def drop(self) -> None:
        self.ours.tell("drop")
        self.ezmsg.tell("drop")


def cases(quick: bool) -> Iterator[Case | Fact]:
    many = 1_000 if quick else 5_000
    few, crowd = (50, 20) if quick else (200, 100)
    with server("_doors") as ours, server("_ezmsg") as ezmsg:
        sides = Sides(ours, ezmsg)
        yield calls_in_process(few * 10)
        yield calls_over_unix(sides, few)
        yield calls_over_websocket(sides, few)
        sides.hold(many, 0)
        yield calls_among(sides, many, few // 10)
        sides.hold(many, many)
        yield full_snapshot(sides, many)
        yield snapshot_again(sides, many)
        yield replica(sides, many)
        sides.drop()
        yield registration(sides, many)
        yield from crowds(sides, crowd)
        yield from releases(sides, many)
        for edges in (1_000,) if quick else (1_000, 5_000):
            yield from bring_ups(sides, edges)
        yield from openings(sides, crowd * 5)


# -- one call ------------------------------------------------------------------------------------------------


def calls_in_process(count: int) -> Case:
    edges = layered(count)

    async def ours(clock: Clock) -> Sample:
        async with open_graph() as graph, open_session(graph, name="benchmark") as session:
            start = clock()
            for from_topic, to_topic in edges:
                await session.connect(from_topic, to_topic)
            return Sample((clock() - start) / len(edges), len((await session.snapshot()).edge_owners))

    async def floor(clock: Clock) -> Sample:
        send, receive = trio.open_memory_channel[Any](BATCH)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve, receive)
            start = clock()
            for _ in edges:
                total = await ask(send, 1)
            sample = Sample((clock() - start) / len(edges), total)
            nursery.cancel_scope.cancel()
        return sample

    name = "bare Trio: mailbox and event"
    return Case(
        "connect in process", [on_trio("trellis", ours), on_trio(name, floor)], [Target(2, than=name)], rounds=15
    )


def calls_over_unix(sides: Sides, count: int) -> Case:
    contenders = [
        on_wall("trellis, Unix socket", connecting(sides.open_unix, count)),
        _ezmsg.on_asyncio("ezmsg", peer_connecting(sides, count)),
    ]
    return Case("connect over a Unix socket, empty graph", contenders, [Target(1, than="ezmsg")], rounds=25)


def calls_over_websocket(sides: Sides, count: int) -> Case:
    url, name = sides.ours.place["echo"], "trio-websocket: echo of 140 B"

    async def echo(clock: Clock) -> Sample:
        """Come to the same proof when every answer was the question."""
        async with trio_websocket.open_websocket_url(url) as socket:
            spent, right = 0.0, set()
            for number in range(WARM_UP + count):
                message = f"{number:140}"
                start = clock()
                await socket.send_message(message)
                right.add(await socket.get_message() == message)
                spent += clock() - start if number >= WARM_UP else 0
        return Sample(spent / count, {EDGE} if right == {True} else right)

    contenders = [
        on_wall("trellis, websocket", connecting(sides.open, count)),
        on_wall(name, echo),
        _ezmsg.on_asyncio("ezmsg", peer_connecting(sides, count)),
    ]
    return Case("connect over a websocket, empty graph", contenders, [Target(1.5, than=name)], rounds=25)


def calls_among(sides: Sides, edges: int, count: int) -> Case:
    contenders = [
        on_wall("trellis, websocket", connecting(sides.open, count)),
        _ezmsg.on_asyncio("ezmsg", peer_connecting(sides, count)),
    ]
    return Case(
        f"connect over a websocket, {edges:,} edges present", contenders, [Target(1 / 50, than="ezmsg")], rounds=15
    )


def connecting(open_one: Open, count: int) -> Work:
    """Connect one edge again and again; letting it go, so that the graph does not grow, is off the clock."""

    async def work(clock: Clock) -> Sample:
        async with open_one() as session:
            spent = 0.0
            for number in range(WARM_UP + count):
                await session.disconnect(*EDGE)
                start = clock()
                await session.connect(*EDGE)
                spent += clock() - start if number >= WARM_UP else 0
            return Sample(spent / count, edges_of(await session.snapshot()))

    return work


def peer_connecting(sides: Sides, count: int) -> Work:
    async def work(clock: Clock) -> Sample:
        async with sides.peer() as session:
            spent = 0.0
            for number in range(WARM_UP + count):
                await session.disconnect(*EDGE)
                start = clock()
                await session.connect(*EDGE)
                spent += clock() - start if number >= WARM_UP else 0
            return Sample(spent / count, _ezmsg.edges_of(await session.snapshot()))

    return work


# -- bring-up and release ------------------------------------------------------------------------------------


def bring_ups(sides: Sides, count: int) -> Iterator[Case]:
    edges = layered(count)
    rounds = 3 if count <= 1_000 else 1

    async def pipelined(session: Session) -> None:
        async def connect_next() -> None:
            for from_topic, to_topic in waiting:
                await session.connect(from_topic, to_topic)

        waiting = iter(edges)
        async with trio.open_nursery() as nursery:
            for _ in range(AT_ONCE):
                nursery.start_soon(connect_next)

    async def peer(clock: Clock) -> Sample:
        async with sides.peer() as session:
            start = clock()
            await _ezmsg.connect_many(session, edges)
            seconds = clock() - start
            return Sample(seconds, _ezmsg.edges_of(await session.snapshot()))

    for name, least, bring_up in (
        ("one atomic call", 100 if count <= 1_000 else 1_000, partial(Session.connect_many, edges=edges)),
        ("one call per edge, pipelined", 10 if count <= 1_000 else 100, pipelined),
    ):
        contenders = [
            on_wall(f"trellis, {name}", bringing_up(sides, bring_up)),
            _ezmsg.on_asyncio("ezmsg, pipelined", peer, rounds=rounds),
        ]
        yield Case(f"bring-up of {count:,} edges, {name}", contenders, [Target(1 / least, than="ezmsg, pipelined")])


def bringing_up(sides: Sides, bring_up: Callable[[Session], Awaitable[Any]]) -> Work:
    async def work(clock: Clock) -> Sample:
        async with sides.open() as session:
            start = clock()
            await bring_up(session)
            seconds = clock() - start
            return Sample(seconds, edges_of(await session.snapshot()))

    return work


def releases(sides: Sides, count: int) -> Iterator[Case]:
    """End a session of many edges, while another one makes calls: how long it takes, and the longest such call."""
    edges = layered(count)

    async def ours(pick: int, clock: Clock) -> Sample:
        async with sides.open() as other, trio.open_nursery() as nursery:
            async with sides.open() as session:
                await session.connect_many(edges)
                before = edges_of(await other.snapshot())
                worst = Worst(partial(other.upstream, EDGE[1]), clock)
                await nursery.start(worst.watch_on_trio)
                start = clock()
            seconds = clock() - start
            await other.upstream(EDGE[1])
            nursery.cancel_scope.cancel()
            worst.stop()
            with trio.CancelScope(shield=True):
                after = edges_of(await other.snapshot())
        return Sample((seconds, worst.seconds)[pick], (before, after))

    async def peer(pick: int, clock: Clock) -> Sample:
        async with sides.peer() as other:
            session = sides.peer()
            await session.__aenter__()
            await asyncio.to_thread(sides.ezmsg.tell, "own", str(session._session_id), count, "SYS")
            before = _ezmsg.edges_of(await other.snapshot())
            worst = Worst(partial(other.disconnect, *EDGE), clock)
            watching = asyncio.create_task(worst.watch_on_asyncio())
            await asyncio.sleep(0.01)
            start = clock()
            await session.__aexit__(None, None, None)
            seconds = clock() - start
            worst.stop()
            await watching
            after = _ezmsg.edges_of(await other.snapshot())
        return Sample((seconds, worst.seconds)[pick], (before, after))

    for pick, name, targets in (
        (0, f"release of a session with {count:,} edges", [Target(1 / 500, than="ezmsg")]),
        (1, f"longest call of another session during the release of {count:,} edges", [Target(0.010)]),
    ):
        contenders = [
            on_wall("trellis, websocket", partial(ours, pick)),
            _ezmsg.on_asyncio("ezmsg", partial(peer, pick), rounds=3),
        ]
        yield Case(name, contenders, targets)


class Worst:
    """Makes one call after the other and keeps the longest."""

    def __init__(self, call: Callable[[], Awaitable[Any]], clock: Clock) -> None:
        self.seconds = 0.0
        self._call = call
        self._clock = clock
        self._over = False

    def stop(self) -> None:
        self._over = True

    async def watch_on_trio(self, *, task_status: trio.TaskStatus[None]) -> None:
        await self._once()
        self.seconds = 0.0
        task_status.started()
        while not self._over:
            await self._once()
            await trio.sleep(0.001)

    async def watch_on_asyncio(self) -> None:
        while not self._over:
            await self._once()
            await asyncio.sleep(0.001)

    async def _once(self) -> None:
        start = self._clock()
        await self._call()
        self.seconds = max(self.seconds, self._clock() - start)


# -- metadata and snapshots ----------------------------------------------------------------------------------


def registration(sides: Sides, count: int) -> Case:
    ours_says, peer_says = metadata(count), _ezmsg.metadata(count)

    async def ours(clock: Clock) -> Sample:
        async with sides.open() as session:
            start = clock()
            await session.register_metadata(ours_says)
            seconds = clock() - start
            return Sample(seconds, addresses_of(await session.snapshot()))

    async def peer(clock: Clock) -> Sample:
        async with sides.peer() as session:
            start = clock()
            await session.register_metadata(peer_says)
            seconds = clock() - start
            return Sample(seconds, _ezmsg.addresses_of(await session.snapshot()))

    contenders = [on_wall("trellis, websocket", ours), _ezmsg.on_asyncio("ezmsg", peer)]
    return Case(f"register_metadata, {count:,} components", contenders, [Target(1 / 3, than="ezmsg")])


def full_snapshot(sides: Sides, count: int) -> Case:
    async def ours(clock: Clock) -> Sample:
        async with sides.open() as session:
            return await taken(session, clock)

    contenders = [on_wall("trellis, websocket", ours), _ezmsg.on_asyncio("ezmsg", peer_snapshot(sides, change=False))]
    name = f"full snapshot, {count:,} edges and components"
    return Case(name, contenders, [Target(1 / 3, than="ezmsg")])


def snapshot_again(sides: Sides, count: int) -> Case:
    async def ours(clock: Clock) -> Sample:
        async with sides.open() as session:
            await session.snapshot()
            await session.connect(*EDGE)
            return await taken(session, clock)

    contenders = [on_wall("trellis, websocket", ours), _ezmsg.on_asyncio("ezmsg", peer_snapshot(sides, change=True))]
    name = f"snapshot again after one edge changed, {count:,} edges and components"
    return Case(name, contenders, [Target(1 / 20, than="ezmsg")])


def replica(sides: Sides, count: int) -> Case:
    """Measure from the change's arrival at the server, the call that makes it included, to the new replica."""

    async def ours(clock: Clock) -> Sample:
        async with sides.open() as watcher, sides.open() as session:
            held = await watcher.snapshot()
            async with watcher.watch(held) as changes, trio.open_nursery() as nursery:
                start = clock()
                nursery.start_soon(session.connect, *EDGE)
                held = await updated(held, changes)
                known = len(held.edge_owners), sum(map(len, held.graph.values()))
                seconds = clock() - start
            return Sample(seconds, (known, edges_of(held), addresses_of(held)))

    contenders = [
        on_wall("trellis, watch and apply", ours),
        _ezmsg.on_asyncio("ezmsg, another snapshot", peer_snapshot(sides, change=True)),
    ]
    targets = [Target(0.002), Target(1 / 20, than="ezmsg, another snapshot")]
    return Case(f"a replica brought up to date, {count:,} edges and components", contenders, targets)


async def updated(held: GraphSnapshot, changes: AsyncIterator[Change | Resync]) -> GraphSnapshot:
    async for change in changes:
        held = held.apply(change)
        if isinstance(change, Change) and change.edges_added:
            break
    return held


async def taken(session: Session, clock: Clock) -> Sample:
    """Measure a snapshot with its views, which ours makes when they are first read and ezmsg's always has."""
    start = clock()
    snapshot = await session.snapshot()
    known = len(snapshot.edge_owners), sum(map(len, snapshot.graph.values()))
    seconds = clock() - start
    return Sample(seconds, (known, edges_of(snapshot), addresses_of(snapshot)))


def peer_snapshot(sides: Sides, change: bool) -> Work:
    async def work(clock: Clock) -> Sample:
        async with sides.peer() as session:
            if change:
                await session.snapshot()
                await session.connect(*EDGE)
            start = clock()
            snapshot = await session.snapshot()
            known = len(snapshot.edge_owners), sum(map(len, snapshot.graph.values()))
            seconds = clock() - start
            return Sample(seconds, (known, _ezmsg.edges_of(snapshot), _ezmsg.addresses_of(snapshot)))

    return work


# -- many sessions -------------------------------------------------------------------------------------------


def crowds(sides: Sides, count: int) -> Iterator[Case]:
    """Bring up and take down many sessions at once, ten edges each."""
    edges = [layered(10, f"SYS{number}") for number in range(count)]

    async def ours(pick: int, clock: Clock) -> Sample:
        async def one(index: int, *, task_status: trio.TaskStatus[None]) -> None:
            async with sides.open() as session:
                await session.connect_many(edges[index])
                task_status.started()
                await leave.wait()

        leave = trio.Event()
        async with sides.open() as other:
            async with trio.open_nursery() as nursery:
                start = clock()
                async with trio.open_nursery() as openings:
                    for index in range(count):
                        openings.start_soon(nursery.start, one, index)
                up = clock() - start
                before = edges_of(await other.snapshot())
                start = clock()
                leave.set()
            down = clock() - start
            return Sample((up, down)[pick], (before, edges_of(await other.snapshot())))

    async def peer(pick: int, clock: Clock) -> Sample:
        async def one(session: _ezmsg.GraphContext, mine: Any) -> None:
            await session.__aenter__()
            await _ezmsg.connect_many(session, mine)

        async with sides.peer() as other:
            sessions = [sides.peer() for _ in range(count)]
            start = clock()
            await asyncio.gather(*map(one, sessions, edges))
            up = clock() - start
            before = _ezmsg.edges_of(await other.snapshot())
            start = clock()
            await asyncio.gather(*(session.__aexit__(None, None, None) for session in sessions))
            down = clock() - start
            return Sample((up, down)[pick], (before, _ezmsg.edges_of(await other.snapshot())))

    for pick, name, least in ((0, "up", 20), (1, "down", 10)):
        contenders = [
            on_wall("trellis, websocket", partial(ours, pick)),
            _ezmsg.on_asyncio("ezmsg", partial(peer, pick), rounds=5),
        ]
        yield Case(f"{count} sessions with 10 edges each, {name}", contenders, [Target(1 / least, than="ezmsg")])


def openings(sides: Sides, count: int) -> Iterator[Fact]:
    """Count the sessions that open when many come at once."""

    async def ours() -> int:
        async def one() -> None:
            nonlocal opened
            async with sides.open():
                opened += 1
                if opened == count:
                    everyone.set()
                await everyone.wait()

        opened, everyone = 0, trio.Event()
        with trio.move_on_after(PATIENCE):
            async with trio.open_nursery() as nursery:
                for _ in range(count):
                    nursery.start_soon(one)
        return opened

    async def peer() -> int:
        async def one(session: _ezmsg.GraphContext) -> bool:
            try:
                await asyncio.wait_for(session.__aenter__(), PATIENCE)
            except (TimeoutError, OSError):
                return False
            return True

        sessions = [sides.peer() for _ in range(count)]
        opened = await asyncio.gather(*map(one, sessions))
        ending = [s.__aexit__(None, None, None) for s, is_open in zip(sessions, opened, strict=True) if is_open]
        await asyncio.gather(*ending)
        return sum(opened)

    yield Fact(f"sessions that opened of {count} at once, trellis over a websocket", trio.run(ours), "sessions")
    yield Fact(f"sessions that opened of {count} at once, ezmsg", asyncio.run(peer()), "sessions")


# -- what was done -------------------------------------------------------------------------------------------


def on_wall(name: str, work: Work) -> Contender:
    return on_trio(name, work, time.perf_counter)


def edges_of(snapshot: GraphSnapshot) -> set[tuple[str, str]]:
    return {(edge.from_topic, edge.to_topic) for edge, owners in snapshot.edge_owners.items() if owners}


def addresses_of(snapshot: GraphSnapshot) -> set[str]:
    """Return the addresses of all ports that sessions have declared."""
    units = [unit for one in snapshot.sessions.values() if one.metadata for unit in one.metadata.units.values()]
    return {port.address for unit in units for port in (*unit.input_streams.values(), *unit.output_streams.values())}
