"""Whoever looks first in the graph's own process freezes what came over a wire, a component at a time; others go on."""

import copy
from collections import Counter, OrderedDict
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from actors import Change, Resync, open_graph, open_session
from actors._graph import _slices
from actors._graph._ledger._pieces import kept_slices
from graphmeta import FrozenDict, GraphMetadata, InitialSettings, InputStreamMetadata, UnitMetadata, load_snapshot
from graphmeta._records import _freezing

COUNT = 8

over_a_wire = pytest.mark.parametrize("house", ["memory"], indirect=True)


def unit(name: str, gain: float) -> UnitMetadata:
    settings = InitialSettings(readable={"gain": gain})
    port = InputStreamMetadata("IN", f"{name}/IN", "float")
    return UnitMetadata(name, name, "t:U", initial_settings=settings, input_streams={"IN": port})


def metadata(gain: float = 1.0) -> GraphMetadata:
    return GraphMetadata(units={f"U{n}": unit(f"U{n}", gain) for n in range(COUNT)})


def said(seen) -> GraphMetadata:
    """What the one session that says something says in a snapshot, a resync or a change."""
    if isinstance(seen, Change):
        return seen.metadata[0].metadata
    snapshot = seen.snapshot if isinstance(seen, Resync) else seen
    return next(session.metadata for session in snapshot.sessions.values() if session.metadata is not None)


def is_frozen(seen) -> bool:
    shown = said(seen)
    held = [shown.units, shown.collections]
    for each in shown.units.values():
        held += [each.input_streams, each.output_streams, each.initial_settings.readable]
    if isinstance(seen, Change):
        held += [told.value.readable for told in seen.settings]
    else:
        settings = seen.snapshot.settings if isinstance(seen, Resync) else seen.settings
        held += [value.readable for value in settings.values()]
    return {type(each) for each in held} == {FrozenDict}


class Freezing(trio.abc.Instrument):
    """What is frozen, and in which step of the loop."""

    def __init__(self) -> None:
        self.step = 0
        self.done: list[tuple[int, int]] = []
        self.strike = {}
        """What is called when so many are frozen."""

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.step += 1

    def counted(self, freeze):
        def counting(record, *args):
            replaced = freeze(record, *args)
            if replaced:
                self.done.append((self.step, id(record)))
                self.strike.get(len(self.done), lambda: None)()
            return replaced

        return counting

    @property
    def most_in_a_step(self) -> int:
        return max(Counter(step for step, _ in self.done).values())

    @property
    def most_of_one(self) -> int:
        return max(Counter(record for _, record in self.done).values())


@pytest.fixture
async def freezing(monkeypatch):
    """Slices are as small as they can be, and what is done in each is counted."""
    freezing = Freezing()
    monkeypatch.setattr(_slices, "_run_slice", next)
    for name in ("_freeze", "freeze_value"):
        monkeypatch.setattr(_freezing, name, freezing.counted(getattr(_freezing, name)))
    trio.lowlevel.add_instrument(freezing)
    yield freezing
    trio.lowlevel.remove_instrument(freezing)


@asynccontextmanager
async def registered(house):
    """A graph in which one session has said something over a wire, and another, in process, has not looked yet."""
    async with house.join("says") as says, open_session(house.graph, name="looks") as looks:
        await says.register_metadata(metadata())
        yield says, looks


async def resync(looks):
    async with looks.watch() as changes:
        return await changes.receive()


async def change(looks):
    async with looks.watch(0) as changes:
        return await next_said(changes)


async def next_said(changes):
    while not (item := await changes.receive()).metadata:
        pass
    return item


LOOKS = {"snapshot": lambda looks: looks.snapshot(), "resync": resync, "change": change}


@over_a_wire
async def test_where_nobody_looks_nobody_pays(house, freezing):
    async with registered(house) as (says, _):
        await says.snapshot()
        await says.settings()
        async with says.watch() as changes:
            await changes.receive()
        assert freezing.done == []


@over_a_wire
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
async def test_the_first_look_freezes_one_component_a_step_and_the_next_ones_nothing(house, freezing, look):
    async with registered(house) as (_, looks):
        seen = await look(looks)
        assert said(seen) == metadata()
        assert is_frozen(seen)
        assert len(freezing.done) == 2 * COUNT  # Each component, and its live settings.
        assert freezing.most_in_a_step == freezing.most_of_one == 1
        await look(looks)
        assert is_frozen(house.graph.snapshot())
        assert len(await looks.settings()) == COUNT
        assert len(freezing.done) == 2 * COUNT


@over_a_wire
async def test_the_first_look_may_be_at_the_settings(house, freezing):
    async with registered(house) as (_, looks):
        settings = await looks.settings()
        assert {type(value.readable) for value in settings.values()} == {FrozenDict}
        assert freezing.most_in_a_step == 1


@over_a_wire
@pytest.mark.parametrize("look", [*LOOKS.values(), None], ids=[*LOOKS, "graph"])
async def test_once_somebody_has_looked_what_comes_is_frozen_before_it_is_there(house, freezing, look):
    async with house.join("says") as says, open_session(house.graph, name="looks") as looks:
        async with looks.watch(0) as changes:
            if look is None:
                house.graph.snapshot()
            await says.register_metadata(metadata())
            assert len(freezing.done) == COUNT
            assert freezing.most_in_a_step == 1
            assert is_frozen(house.graph.snapshot())
            assert is_frozen(await next_said(changes))
        if look is not None:
            assert is_frozen(await look(looks))
        assert len(freezing.done) == COUNT


async def test_what_is_registered_here_is_frozen_before_the_graph_takes_it(freezing):
    mine = metadata()
    async with open_graph() as graph, open_session(graph, name="says") as says:
        await says.register_metadata(mine)
        assert len(freezing.done) == COUNT
        assert freezing.most_in_a_step == 1
        with pytest.raises(TypeError, match="belongs to everybody"):
            mine.units.clear()
        assert is_frozen(graph.snapshot())
        assert graph.snapshot().settings["U0"].readable is mine.units["U0"].initial_settings.readable


@pytest.mark.parametrize("turns", range(0, 4 * COUNT, 3))
async def test_whoever_changes_what_is_being_registered_does_not_part_what_is_shown_from_what_is_sent(turns, freezing):
    mine = metadata()
    async with open_graph() as graph, open_session(graph, name="says") as says:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(says.register_metadata, mine)
            for _ in range(turns):
                await trio.lowlevel.checkpoint()
            try:
                mine.units["U7"].initial_settings.readable["gain"] = 2.0
                mine.units.pop("U7")
            except TypeError:
                assert freezing.done
        assert load_snapshot(bytes(await graph._supervisor.encodings.packed_snapshot())) == graph.snapshot()


async def given_up(attempt, freezing, done: int) -> None:
    """Cancel an attempt in the pause after so many components and settings are frozen, or before it begins."""
    with trio.CancelScope() as scope:
        freezing.strike = {done: scope.cancel}
        if not done:
            scope.cancel()
        await attempt()


@over_a_wire
@pytest.mark.parametrize("done", range(2 * COUNT + 1))
async def test_a_first_look_that_is_given_up_in_any_pause_leaves_the_rest_to_the_next(house, freezing, done):
    async with registered(house) as (_, looks):
        await given_up(looks.snapshot, freezing, done)
        assert len(freezing.done) == done
        whole = await looks.snapshot()
        assert said(whole) == metadata()
        assert is_frozen(whole)
        assert len(freezing.done) == 2 * COUNT
        assert house.graph.snapshot() is whole


@over_a_wire
@pytest.mark.parametrize("done", range(2 * COUNT + 1))
async def test_a_change_that_was_taken_is_not_lost_to_who_gives_up_in_any_pause(house, freezing, done):
    async with registered(house) as (_, looks), looks.watch(0) as changes:
        got = []

        async def take():
            got.append(await next_said(changes))

        await given_up(take, freezing, done)
        assert len(got) == bool(done)
        if not got:
            await take()
        assert said(got[0]) == metadata()
        assert is_frozen(got[0])
        with pytest.raises(trio.WouldBlock):
            changes.receive_nowait()


@over_a_wire
async def test_of_two_who_look_at_once_each_sees_all_of_it_frozen_and_nothing_is_done_twice(house, freezing):
    async with registered(house) as (_, looks), trio.open_nursery() as nursery:

        async def look(look):
            assert is_frozen(await look(looks))

        for each in LOOKS.values():
            nursery.start_soon(look, each)
    assert len(freezing.done) == 2 * COUNT
    assert freezing.most_in_a_step == freezing.most_of_one == 1


@over_a_wire
async def test_what_is_registered_while_somebody_looks_comes_with_the_next_look(house, freezing):
    async with registered(house) as (says, looks), trio.open_nursery() as nursery:
        seen = []

        async def look():
            seen.append(await looks.snapshot())

        nursery.start_soon(look)
        while not freezing.done:
            await trio.lowlevel.checkpoint()
        await says.register_metadata(metadata(2.0))
        while not seen:
            await trio.lowlevel.checkpoint()
        await look()
        before, after = seen
        assert (said(before), said(after)) == (metadata(), metadata(2.0))
        assert before.revision < after.revision
        assert is_frozen(before)
        assert is_frozen(after)


@over_a_wire
async def test_who_cannot_wait_gets_in_one_step_what_another_is_still_looking_at(house, freezing):
    async with registered(house) as (_, looks), trio.open_nursery() as nursery:
        seen = []

        async def look():
            seen.append(await looks.snapshot())

        nursery.start_soon(look)
        while not freezing.done:
            await trio.lowlevel.checkpoint()
        shown = house.graph.snapshot()
        assert is_frozen(shown)
        assert seen == []
        kept = copy.deepcopy(shown)
        await trio.testing.wait_all_tasks_blocked()
        assert seen[0] is shown
        assert shown == kept


@over_a_wire
async def test_a_change_that_is_here_can_be_taken_without_waiting_and_is_frozen(house):
    async with registered(house) as (_, looks), looks.watch(0) as changes:
        while not (item := changes.receive_nowait()).metadata:
            pass
        assert is_frozen(item)


async def test_plain_data_of_a_class_of_its_own_is_frozen_too():
    readable = OrderedDict(gain=OrderedDict(low=[1.0]))
    says = GraphMetadata(units={"U": UnitMetadata("U", "U", "t:U", initial_settings=InitialSettings(readable))})
    async with open_graph() as graph, open_session(graph, name="says") as session:
        await session.register_metadata(says)
        shown = [said(graph.snapshot()).units["U"].initial_settings, graph.snapshot().settings["U"]]
        await session._report_settings("U", readable)
        shown.append(graph.snapshot().settings["U"])
        for each in shown:
            for change_it in (each.readable.clear, each.readable["gain"].clear, each.readable["gain"]["low"].clear):
                with pytest.raises(TypeError):
                    change_it()
        readable.clear()
        assert graph.snapshot().settings["U"].readable == {"gain": {"low": [1.0]}}


async def test_metadata_of_frozen_and_new_parts_is_looked_through():
    new = unit("V", 1.0)
    async with open_graph() as graph, open_session(graph, name="says") as says:
        await says.register_metadata(GraphMetadata(units=FrozenDict({"V": new}), collections=FrozenDict()))
        assert is_frozen(graph.snapshot())


def test_what_frozen_records_take_the_place_of_is_let_go_when_all_is_done_one_at_a_time():
    alive, steps = set(range(3)), []

    class Piece:
        def __init__(self, number):
            self.number = number

        def __del__(self):
            alive.discard(self.number)

    for _ in kept_slices(map(Piece, range(3))):
        del _
        steps.append(len(alive))
    assert steps == [3, 3, 3, 3, 2, 1]
    assert alive == set()
