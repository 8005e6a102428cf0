"""What was encoded of a session for others, or told of it, is forgotten with it; even in the middle of a snapshot."""

import gc
import weakref
from functools import partial

import pytest
import trio
import trio.testing

from actors import open_graph, open_session
from actors._graph import _slices
from actors._graph._doors._hall import serve_link
from actors._graph._wire._remote import session_over
from graphmeta import GraphMetadata, InitialSettings, UnitMetadata
from transport import Limits, Shared, memory_links

COUNT = 100
SLICES = 7
"""Of the settings, and again of the metadata, of so many components."""
NO_HISTORY = Limits(history_bytes=1)


def metadata() -> GraphMetadata:
    names = [f"U{n}" for n in range(COUNT)]
    return GraphMetadata(units={name: UnitMetadata(name, name, "t:U", initial_settings=settings()) for name in names})


def settings() -> InitialSettings:
    return InitialSettings(readable={"gain": 1.0})


async def pass_slices(count: int) -> None:
    for _ in range(count):
        await trio.lowlevel.checkpoint()


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_slices, "_run_slice", next)


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize(
    ("json", "after"), [(True, 3), (True, SLICES + 3), (False, 3)], ids=["json settings", "json metadata", "pickle"]
)
async def test_nothing_is_kept_of_a_session_that_ends_while_a_snapshot_is_made(json: bool, after: int) -> None:
    async with open_graph(limits=NO_HISTORY) as graph, trio.open_nursery() as nursery:
        async with open_session(graph, name="one") as one:
            said = metadata()
            kept = weakref.ref(said.units["U0"].initial_settings), weakref.ref(said.units["U0"])
            await one.register_metadata(said)
            live = weakref.ref(graph.snapshot().settings["U0"])
            del said
            nursery.start_soon(partial(graph._supervisor.encodings.make_snapshot, json=json))
            await pass_slices(after)
        assert nursery.child_tasks
        await trio.testing.wait_all_tasks_blocked()
        graph.connect("A", "B")  # Until then the snapshot itself is kept, for whoever asks next.
        gc.collect()
        assert [each() for each in (*kept, live)] == [None] * 3


@pytest.mark.usefixtures("small_slices")
async def test_what_was_encoded_of_a_session_that_ends_is_not_encoded_again_in_one_step() -> None:
    made: list[Shared] = []

    async def make() -> None:
        made.append(await graph._supervisor.encodings.plain_snapshot())

    async with open_graph() as graph, trio.open_nursery() as nursery, open_session(graph, name="one") as one:
        async with open_session(graph, name="two") as two:
            await two.register_metadata(metadata())
            nursery.start_soon(make)
            await pass_slices(2 * SLICES)
        assert made == []
        await trio.testing.wait_all_tasks_blocked()
        session = made[0]._value.sessions[two.id]
        assert isinstance(session.metadata, Shared)
        assert isinstance(made[0]._value.settings, Shared)
        await one.connect("A", "B")


async def test_the_last_change_that_somebody_was_told_of_is_not_kept_for_ever() -> None:
    ours, theirs = memory_links()
    async with open_graph(limits=NO_HISTORY) as graph, trio.open_nursery() as nursery:
        nursery.start_soon(serve_link, graph._supervisor, theirs)
        async with open_session(graph, name="one") as one:
            said = metadata()
            kept = weakref.ref(said.units["U0"])
            async with session_over(ours, "watcher", Limits()) as watcher:
                async with watcher.watch(after=graph.snapshot().revision) as changes:
                    await one.register_metadata(said)
                    del said
                    await anext(changes)
        await trio.testing.wait_all_tasks_blocked()
        gc.collect()
        assert kept() is None
