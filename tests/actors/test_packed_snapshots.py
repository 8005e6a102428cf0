"""Snapshots as bytes: made once for everybody who waits, of parts that are kept, while others go on."""

import pytest
import trio
import trio.testing

from actors import open_graph, open_session
from actors._graph import _slices
from actors._graph._supervisor import _packed
from actors._graph._supervisor._newest import Newest
from graphmeta import GraphMetadata, InitialSettings, UnitMetadata, dump_snapshot, load_snapshot


def metadata(count: int, gain: float = 1.0) -> GraphMetadata:
    names = [f"U{n}" for n in range(count)]
    settings = InitialSettings(readable={"gain": gain})
    return GraphMetadata(units={name: UnitMetadata(name, name, "t:U", initial_settings=settings) for name in names})


async def test_whatever_is_kept_of_an_earlier_one_it_is_that_of_now():
    async with open_graph() as graph, open_session(graph, name="one") as one:
        supervisor = graph._supervisor

        async def check():
            assert bytes(await supervisor.encodings.packed_snapshot()) == dump_snapshot(graph.snapshot())
            assert bytes(supervisor.encodings.packed(graph.snapshot())) == dump_snapshot(graph.snapshot())

        await check()
        await one.register_metadata(metadata(3))
        await check()
        await one.connect("A", "B")
        await check()
        await one.register_metadata(metadata(2, 2.0))
        await check()
        async with open_session(graph, name="two") as two:
            await two.connect("B", "C", persistent=True)
            await check()
        await one.register_metadata(None)
        await check()


async def test_an_older_one_in_one_step_is_that_of_then():
    async with open_graph() as graph, open_session(graph, name="one") as one:
        await one.register_metadata(metadata(3))
        then = graph.snapshot()
        await one.register_metadata(metadata(2, 2.0))
        assert load_snapshot(bytes(graph._supervisor.encodings.packed(then))) == then
        assert load_snapshot(bytes(await graph._supervisor.encodings.packed_snapshot())) == graph.snapshot()


async def test_only_what_changed_is_encoded_again(monkeypatch):
    encoded = []

    def noted(session_id, session, blob):
        assert session.metadata is None or blob is not None  # Metadata never is.
        encoded.append(session.name)
        return encode_session(session_id, session, blob)

    encode_session = _packed.encode_session
    monkeypatch.setattr(_packed, "encode_session", noted)
    async with open_graph() as graph, open_session(graph, name="one") as one, open_session(graph, name="two") as two:
        await one.register_metadata(metadata(3))
        for step, expected in (
            (lambda: one.connect("A", "B"), ["one", "two"]),
            (lambda: two.connect("A", "B"), ["two"]),
            (lambda: one.snapshot(), []),
        ):
            await step()
            await graph._supervisor.encodings.packed_snapshot()
            assert encoded == expected
            encoded.clear()


async def test_others_change_the_graph_while_it_is_made_and_it_is_whole(monkeypatch):
    monkeypatch.setattr(_slices, "_run_slice", next)
    done = []
    async with open_graph() as graph, open_session(graph, name="one") as one:
        await one.register_metadata(metadata(1500))
        before = graph.snapshot()

        async def ask():
            done.append(load_snapshot(bytes(await graph._supervisor.encodings.packed_snapshot())))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            while not done:
                await one.connect("A", f"B{graph.snapshot().revision}")
                await trio.lowlevel.checkpoint()
        assert graph.snapshot().revision > done[0].revision + 40
        assert len(done[0].edge_owners) == done[0].revision - before.revision


@pytest.fixture
def newest():
    return Newest[str]()


async def test_it_is_made_once_for_all_who_ask_at_a_time_and_again_for_who_asks_later(newest):
    made, given = [], []

    async def make():
        made.append("begun")
        await trio.testing.wait_all_tasks_blocked()
        return newest.keep(len(made), f"made {len(made)}")

    async def ask(revision):
        given.append(await newest.since(revision, make))

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(ask, 1)
    assert given == ["made 1"] * 3
    await ask(2)
    newest.forget()
    assert newest.of(2) is None
    await ask(2)
    assert given[3:] == ["made 2", "made 3"]
    assert newest.keep(1, "late") == "late"
    assert (newest.of(1), newest.of(3)) == (None, "made 3")


async def test_who_gives_up_leaves_it_to_the_next(newest):
    given = []

    async def make():
        return newest.keep(1, "made")

    async def ask(make):
        given.append(await newest.since(1, make))

    async with trio.open_nursery() as nursery:
        scope = trio.CancelScope()

        async def first():
            with scope:
                await ask(trio.sleep_forever)

        nursery.start_soon(first)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(ask, make)
        await trio.testing.wait_all_tasks_blocked()
        assert given == []
        scope.cancel()
    assert given == ["made"]
