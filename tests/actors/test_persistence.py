"""Persistent edges outlive the graph where it keeps a state file: answered when stored, undone when that fails."""

import os
import pickle
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing

from actors import (
    Change,
    CycleError,
    Graph,
    LimitExceeded,
    Limits,
    Outcome,
    Session,
    StateFileBusy,
    StateFileDamaged,
    StateFileTooLarge,
    StorageFailed,
    open_graph,
    open_session,
    serve_websocket,
)
from actors._graph._doors._hall import serve_link
from actors._graph._wire._remote import session_over
from graphmeta import Edge
from transport import memory_links

AB, BC, CA = Edge("A", "B"), Edge("B", "C"), Edge("C", "A")


@attrs.frozen
class House:
    graph: Graph
    join: Callable[[str], AbstractAsyncContextManager[Session]]

    @property
    def edges(self) -> set[Edge]:
        return set(self.graph.snapshot().persistent)


@asynccontextmanager
async def house_of(kind: str, state: Path) -> AsyncIterator[House]:
    async with open_graph(state=state) as graph, trio.open_nursery() as nursery:

        @asynccontextmanager
        async def join(name: str) -> AsyncIterator[Session]:
            ours, theirs = memory_links()
            nursery.start_soon(serve_link, graph._supervisor, theirs)
            async with session_over(ours, name, Limits()) as session:
                yield session

        if kind == "websocket":
            door = await nursery.start(serve_websocket, graph)
            yield House(graph, lambda name: open_session(door.url, name=name, token=door.token))
        else:
            yield House(graph, join if kind == "memory" else partial(_join, graph))
        nursery.cancel_scope.cancel()


def _join(graph: Graph, name: str) -> AbstractAsyncContextManager[Session]:
    return open_session(graph, name=name)


OpenHouse = Callable[[], AbstractAsyncContextManager[House]]


@pytest.fixture(params=["local", "memory", "websocket"])
def open_house(request: pytest.FixtureRequest, tmp_path: Path) -> OpenHouse:
    return lambda: house_of(request.param, tmp_path / "graph.state")


class Disk:
    """What is between the graph and its file: it can be held, and it can be made to fail."""

    def __init__(self, house: House) -> None:
        self._file = house.graph._supervisor._journal._file
        self._gate = threading.Event()
        self._gate.set()
        self.commits = 0
        self._write, self._file.write = self._file.write, self.write

    def write(self, wanted: dict[Edge, bool]) -> None:
        self._gate.wait()
        self.commits += 1
        self._write(wanted)

    def hold(self) -> None:
        self._gate.clear()

    def go(self) -> None:
        self._gate.set()

    def read_only(self, yes: bool) -> None:
        """A real failure of SQLite's own."""
        self._file._connection.execute(f"PRAGMA query_only = {yes:d}")


async def test_persistent_edges_are_there_at_the_next_start_and_nothing_else_is(open_house: OpenHouse) -> None:
    async with open_house() as house, house.join("one") as one:
        epoch = house.graph.snapshot().epoch
        assert (await one.connect(*AB, persistent=True)).outcome is Outcome.ADDED
        await one.connect_many([BC, ("X", "Y")], persistent=True)
        await one.disconnect("X", "Y", persistent=True)
        await one.connect("MINE", "ONLY")
    async with open_house() as house:
        again = house.graph.snapshot()
        assert again.edge_owners == {AB: (None,), BC: (None,)}
        assert again.epoch != epoch
        async with house.join("two") as two:
            assert await two.downstream("A") == ("B", "C")
            with pytest.raises(CycleError):
                await two.connect(*CA)


async def test_a_persistent_change_is_there_at_once_and_answered_when_it_is_stored(open_house: OpenHouse) -> None:
    async with open_house() as house, house.join("one") as one, house.join("two") as two:
        disk, answers = Disk(house), []
        disk.hold()

        async def connect() -> None:
            answers.append(await one.connect(*AB, persistent=True))

        async with two.watch(await two.snapshot()) as changes, trio.open_nursery() as nursery:
            nursery.start_soon(connect)
            change = await changes.receive()
            assert isinstance(change, Change)
            assert (change.edges_added, change.by_name) == ((AB,), "one")
            # Nobody else waits for the disk.
            assert await two.connect(*BC)
            assert answers == []
            disk.go()
        assert [answer.outcome for answer in answers] == [Outcome.ADDED]


async def test_what_is_there_already_is_answered_no_sooner_than_it_is_stored(open_house: OpenHouse) -> None:
    async with open_house() as house, house.join("one") as one, house.join("two") as two:
        disk, record = Disk(house), []
        disk.hold()

        async def connect(session: Session) -> None:
            record.append((await session.connect(*AB, persistent=True)).outcome)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(connect, one)
            while AB not in house.edges:
                await trio.lowlevel.checkpoint()
            nursery.start_soon(connect, two)
            await trio.testing.wait_all_tasks_blocked(0.01)
            assert record == []
            disk.go()
        assert set(record) == {Outcome.ADDED, Outcome.ALREADY_OWNED}
        assert (await two.connect(*AB, persistent=True)).outcome is Outcome.ALREADY_OWNED


async def test_changes_that_come_during_a_commit_go_together_into_the_next(open_house: OpenHouse) -> None:
    async with open_house() as house, house.join("one") as one:
        disk = Disk(house)
        disk.hold()
        async with trio.open_nursery() as nursery:
            for number in range(50):
                nursery.start_soon(partial(one.connect, "A", f"B{number}", persistent=True))
            while len(house.edges) < 50:
                await trio.lowlevel.checkpoint()
            disk.go()
        assert disk.commits <= 3
    async with open_house() as house:
        assert len(house.edges) == 50


async def test_a_batch_is_stored_whole_or_not_at_all(open_house: OpenHouse) -> None:
    async with open_house() as house, house.join("one") as one:
        disk = Disk(house)
        await one.connect_many([("A", f"B{n}") for n in range(500)], persistent=True)
        assert disk.commits == 1
        with pytest.raises(CycleError):
            await one.connect_many([("X", "Y"), ("Y", "X")], persistent=True)
        assert disk.commits == 1


async def test_what_the_disk_does_not_take_is_undone_in_a_revision_of_its_own(open_house: OpenHouse) -> None:
    async with open_house() as house, house.join("one") as one:
        disk = Disk(house)
        await one.connect(*AB, persistent=True)
        disk.read_only(True)
        async with one.watch(await one.snapshot()) as changes:
            with pytest.raises(StorageFailed, match="readonly"):
                await one.connect_many([BC, ("X", "Y")], persistent=True)
            done, undone = await changes.receive(), await changes.receive()
            assert done.edges_added == undone.edges_removed == (BC, ("X", "Y"))
            assert (done.by_name, undone.by_name) == ("one", "")
        with pytest.raises(StorageFailed):
            await one.disconnect(*AB, persistent=True)
        assert house.edges == {AB}
        assert await one.snapshot() == house.graph.snapshot()
        disk.read_only(False)
        await one.connect(*BC, persistent=True)
    async with open_house() as house:
        assert house.edges == {AB, BC}


async def test_a_failure_undoes_what_came_during_it_too(open_house: OpenHouse) -> None:
    async with open_house() as house, house.join("one") as one:
        disk, failed = Disk(house), []
        await one.connect(*AB, persistent=True)
        disk.hold()
        disk.read_only(True)

        async def change(method: Callable[..., object], edge: Edge) -> None:
            with pytest.raises(StorageFailed):
                await method(*edge, persistent=True)
            failed.append(edge)

        async with trio.open_nursery() as nursery:
            for method, edge in ((one.connect, BC), (one.disconnect, BC), (one.connect, BC), (one.disconnect, AB)):
                before = house.graph.snapshot().revision
                nursery.start_soon(change, method, edge)
                while house.graph.snapshot().revision == before:
                    await trio.lowlevel.checkpoint()
            disk.go()
        assert len(failed) == 4
        assert house.edges == {AB}
        disk.read_only(False)
    async with open_house() as house:
        assert house.edges == {AB}


async def test_an_edge_whose_place_was_taken_meanwhile_stays_away_and_goes_from_the_file(open_house: OpenHouse) -> None:
    async with open_house() as house, house.join("one") as one:
        disk = Disk(house)
        await one.connect(*AB, persistent=True)
        disk.hold()
        disk.read_only(True)

        async def let_go() -> None:
            with pytest.raises(StorageFailed):
                await one.disconnect(*AB, persistent=True)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(let_go)
            while AB in house.edges:
                await trio.lowlevel.checkpoint()
            await one.connect("B", "A")
            disk.go()
        assert house.graph.snapshot().edge_owners == {Edge("B", "A"): (one.id,)}
        disk.read_only(False)
    async with open_house() as house:
        assert house.edges == set()


async def test_a_caller_who_gives_up_waiting_leaves_the_change_as_it_is(open_house: OpenHouse) -> None:
    async with open_house() as house, house.join("one") as one:
        disk = Disk(house)
        disk.hold()
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(partial(one.connect, *AB, persistent=True))
                while AB not in house.edges:
                    await trio.lowlevel.checkpoint()
                scope.cancel()
        disk.go()
        await one.connect(*BC, persistent=True)
    async with open_house() as house:
        assert house.edges == {AB, BC}


async def test_the_graph_stores_what_its_own_process_connects(tmp_path: Path) -> None:
    path = tmp_path / "graph.state"
    async with open_graph(state=path) as graph:
        graph.connect(*AB)
        await graph.wait_stored()
        graph.connect(*BC)  # and nobody waits
    async with open_graph(state=os.fspath(path)) as graph:
        assert set(graph.snapshot().persistent) == {AB, BC}
        graph.disconnect(*AB)
    async with open_graph(state=path) as graph:
        assert set(graph.snapshot().persistent) == {BC}


async def test_without_a_file_there_is_nothing_to_wait_for() -> None:
    async with open_graph() as graph:
        graph.connect(*AB)
        await graph.wait_stored()


async def test_what_cannot_be_stored_at_the_end_is_an_error_and_not_silence(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        async with open_graph(state=tmp_path / "graph.state") as graph:
            graph.connect(*AB)
            graph._supervisor._journal._file._connection.execute("PRAGMA query_only = 1")


async def test_a_graph_that_is_cancelled_during_a_commit_finishes_it(tmp_path: Path) -> None:
    path = tmp_path / "graph.state"
    with trio.CancelScope() as scope:
        async with open_graph(state=path) as graph:
            disk = Disk(House(graph, partial(_join, graph)))
            disk.hold()
            graph.connect(*AB)
            await trio.testing.wait_all_tasks_blocked(0.01)
            graph.connect(*BC)
            scope.cancel()
            disk.go()
            await trio.lowlevel.checkpoint()
    async with open_graph(state=path) as graph:
        assert set(graph.snapshot().persistent) == {AB, BC}


async def test_a_disk_that_hangs_does_not_hold_the_process(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    with pytest.raises(StorageFailed, match="more than"):
        async with open_graph(state=tmp_path / "graph.state") as graph:
            disk = Disk(House(graph, partial(_join, graph)))
            disk.hold()
            graph.connect(*AB)
    disk.go()


async def test_two_graphs_on_one_file_the_second_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "graph.state"
    async with open_graph(state=path) as graph:
        with pytest.raises(StateFileBusy):
            async with open_graph(state=path):
                raise AssertionError("it opened")
        graph.connect(*AB)
    async with open_graph(state=path) as graph:
        assert set(graph.snapshot().persistent) == {AB}


async def test_a_file_that_cannot_be_used_stops_the_graph_before_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "graph.state"
    async with open_graph(state=path) as graph:
        for edge in (AB, BC):
            graph.connect(*edge)
    with pytest.raises(LimitExceeded, match=r"graph\.state holds 2 edges, more than the limit edges = 1") as refused:
        async with open_graph(state=path, limits=Limits(edges=1)):
            raise AssertionError("it opened")
    carried = pickle.loads(pickle.dumps(refused.value))
    assert isinstance(carried, StateFileTooLarge)
    assert attrs.astuple(carried) == ("edges", 1, str(path), 2)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(StateFileDamaged):
        async with open_graph(state=path):
            raise AssertionError("it opened")
