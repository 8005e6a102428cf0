"""However many components a session has, what is done for each of them is done in slices, around the ledger's step."""

import weakref
from uuid import UUID

import pytest
import trio
import trio.testing

from actors import open_graph, open_session
from actors._graph._ledger._ledger import Ledger
from actors._graph._ledger._live_settings import LiveSettingsBook
from actors._graph._supervisor._discard import Discard
from actors._graph._supervisor._history import LITTLE, History
from graphmeta import Change, GraphMetadata, InitialSettings, SettingChanged, SettingValue, UnitMetadata

COUNT = 50
OWNER = UUID(int=1)


def metadata(gain: float = 1.0) -> GraphMetadata:
    names = [f"U{n}" for n in range(COUNT)]
    settings = InitialSettings(readable={"gain": gain})
    return GraphMetadata(units={name: UnitMetadata(name, name, "t:U", initial_settings=settings) for name in names})


@pytest.fixture
def made_inside(monkeypatch):
    """Which records were made and checked inside the ledger's steps; those around them do not count."""
    inside, made = [], []
    decide = Ledger.decide

    def counted(*args):
        inside.append(True)
        try:
            return decide(*args)
        finally:
            inside.pop()

    monkeypatch.setattr(Ledger, "decide", counted)
    for record in (SettingValue, SettingChanged, UnitMetadata, GraphMetadata):

        def count(self, *args, _init=record.__init__, _record=record, **kwargs):
            if inside:
                made.append(_record)
            _init(self, *args, **kwargs)

        monkeypatch.setattr(record, "__init__", count)
    return made


async def test_the_step_of_a_registration_makes_no_record_for_a_component(made_inside):
    async with open_graph() as graph, open_session(graph, name="owner") as session:
        await session.register_metadata(metadata())
        await session.register_metadata(metadata(2.0))
        assert made_inside == []
        assert len(await session.settings()) == COUNT


async def test_what_was_made_ahead_says_who_and_when():
    async with open_graph() as graph, open_session(graph, name="owner") as session:
        async with session.watch() as changes:
            await changes.receive()
            await session.connect("A", "B")
            revision = await session.register_metadata(metadata())
            await changes.receive()
            change = await changes.receive()
        said = await session.settings()
        assert {told.address: told.value for told in change.settings} == said
        assert {(value.session, value.revision, value.at) for value in said.values()} == {
            (session.id, revision, change.at)
        }


async def registered(session, graph) -> list[weakref.ref]:
    """Register what then nobody but the ledger holds; history never does when it is really large."""
    first = metadata()
    await session.register_metadata(first)
    graph._supervisor._history._changes.clear()
    return [weakref.ref(unit) for unit in first.units.values()]


def alive(pieces: list[weakref.ref]) -> int:
    return sum(piece() is not None for piece in pieces)


async def test_what_a_session_held_is_let_go_after_the_step_that_ended_it():
    async with open_graph() as graph, open_session(graph, name="owner") as session:
        held = await registered(session, graph)
        graph._supervisor.member("owner").end(None)
        assert alive(held) == COUNT
        await trio.testing.wait_all_tasks_blocked()
        assert alive(held) == len(graph._supervisor._discard) == 0


async def test_what_a_registration_replaces_is_let_go_after_its_step():
    async with open_graph() as graph, open_session(graph, name="owner") as session:
        held = await registered(session, graph)
        await session.register_metadata(metadata(2.0))
        assert alive(held) == COUNT
        await trio.testing.wait_all_tasks_blocked()
        assert alive(held) == len(graph._supervisor._discard) == 0


def test_history_hands_over_what_is_large_of_what_it_drops():
    handed: list[object] = []
    history = History(None, 1, 2 * LITTLE, lambda pieces: handed.extend(pieces))
    told = SettingChanged("U0", None)
    history.append(Change(None, 1, 0.0, settings=(told,)), LITTLE + 1)
    assert handed == []
    history.append(Change(None, 2, 0.0, settings=(SettingChanged("U1", None),)), LITTLE)
    history.append(Change(None, 3, 0.0), 10)
    assert handed == [told]  # What is small costs less to drop than to hand over.


def test_the_settings_that_a_session_registered_before_are_handed_over_when_they_are_forgotten():
    handed: list[object] = []
    book = LiveSettingsBook(3, handed.extend, {"U0": OWNER})
    registered = [{"U0": SettingValue(n, OWNER, False, n, 0.0)} for n in range(5)]
    for values in registered:
        book.register(OWNER, values)
    assert handed == registered[:2]
    assert book.history("U0") == tuple(values["U0"] for values in registered[2:])
    book.withdraw(OWNER)
    assert handed == registered


def test_of_registrations_with_nothing_in_common_only_the_last_is_kept():
    handed: list[object] = []
    book = LiveSettingsBook(3, handed.extend, {})
    first, second = ({address: SettingValue(0, OWNER, False, 1, 0.0)} for address in ("U0", "U1"))
    book.register(OWNER, first)
    book.register(OWNER, second)
    assert handed == [first]


async def test_a_heap_is_let_go_piece_by_piece_with_pauses_and_stops_when_cancelled():
    discard = Discard()
    steps: list[int] = []

    class Piece:
        def __del__(self):
            steps.append(len(discard))

    slices = Discard._emptied([Piece(), Piece(), Piece()])
    for done in range(1, 4):
        next(slices)
        assert len(steps) == done
    async with trio.open_nursery() as nursery:
        nursery.start_soon(discard.run)
        discard.put([])
        discard.put([Piece()])
        discard.put([Piece(), Piece()])
        assert len(steps) == 3
        await trio.testing.wait_all_tasks_blocked()
        assert len(steps) == 6
        nursery.cancel_scope.cancel()
