"""A resync holds a whole snapshot: what is large in it is made in slices, before the step that queues it."""

import pytest
import trio
import trio.testing

from actors import open_graph, open_session
from actors._graph import _slices
from actors._graph._doors._hall import serve_link
from actors._graph._supervisor import _packed, _plain
from actors._graph._wire._wire import ERRORS
from graphmeta import GraphMetadata, InitialSettings, UnitMetadata, at_once
from transport import LimitExceeded, Limits, Peer, memory_links

COUNT = 100
SETTINGS = InitialSettings(readable={"gain": 1.0})
UNITS = {f"U{n}": UnitMetadata(f"U{n}", f"U{n}", "t:U", initial_settings=SETTINGS) for n in range(COUNT)}
METADATA = GraphMetadata(units=UNITS)
LIMITS = Limits(watch_changes=4)
SLICES = 6
"""Of so many components, at the very least, if others run between the smallest pieces of the work."""


class Watcher:
    """A client across a link that it serves when it likes."""

    def __init__(self, peer, told):
        self.peer = peer
        self.told = told

    def resyncs(self):
        return [params.decode(dict)["resync"] for method, params in self.told if method == "resync"]


@pytest.fixture
def slices(monkeypatch):
    """Each slice that was made; nothing of what is large may be made outside of them."""
    made = []

    def one_piece(work):
        made.append(work)
        next(work)

    def in_one_step(work):
        pieces = []
        result = at_once(noted(work, pieces))
        assert len(pieces) < SLICES, "it was made in one step"
        return result

    def noted(work, pieces):
        while True:
            try:
                pieces.append(next(work))
            except StopIteration as ended:
                return ended.value
            yield

    monkeypatch.setattr(_slices, "_run_slice", one_piece)
    monkeypatch.setattr(_packed, "at_once", in_one_step)
    return made


@pytest.fixture(params=[True, False], ids=["json", "msgpack"])
async def watcher(request):
    """A graph with a large session, and a client that watches nothing yet."""
    ours, theirs = memory_links(limits=LIMITS)
    async with open_graph(limits=LIMITS) as graph, open_session(graph, name="one") as one:
        await one.register_metadata(METADATA)
        async with trio.open_nursery() as nursery:
            told = []
            peer = Peer(ours, errors=ERRORS, json=request.param, on_notify=lambda *said: told.append(said))
            nursery.start_soon(serve_link, graph._supervisor, theirs)
            await nursery.start(peer.run)
            await peer.request("open", {"name": "watcher"})
            yield graph, one, Watcher(peer, told)
            nursery.cancel_scope.cancel()


async def test_a_watch_that_begins_with_a_snapshot_makes_it_in_slices(watcher, slices):
    _, _, client = watcher
    await client.peer.request("watch", {"subscription": 1})
    assert len(slices) > SLICES
    await trio.testing.wait_all_tasks_blocked()
    assert [resync["reason"] for resync in client.resyncs()] == ["start"]


async def test_a_watcher_that_fell_behind_gets_a_snapshot_that_was_made_in_slices_and_then_goes_on(watcher, slices):
    graph, one, client = watcher
    await client.peer.request("watch", {"subscription": 1, "after": graph.snapshot().revision})
    (watch,) = graph._supervisor._watches
    del slices[:]
    watch._restart()
    await one.connect("A", "B")
    assert client.told == []  # Not in the step of the change.
    await trio.testing.wait_all_tasks_blocked()
    assert len(slices) > SLICES
    assert [resync["reason"] for resync in client.resyncs()] == ["slow"]
    await one.connect("B", "C")
    await trio.testing.wait_all_tasks_blocked()
    assert [method for method, _ in client.told] == ["resync", "change"]


async def test_a_resync_for_which_there_was_no_room_is_not_made_again(watcher, slices, monkeypatch):
    graph, one, client = watcher
    (peer,) = (m._peer for m in graph._supervisor._members.values() if m.name == "watcher")
    notify, room = peer.notify, trio.Event()

    def notify_with_room(*said):
        if not room.is_set():
            raise LimitExceeded("outbox_bytes", 1)
        notify(*said)

    monkeypatch.setattr(peer, "notify", notify_with_room)
    monkeypatch.setattr(peer, "wait_room", room.wait)
    await client.peer.request("watch", {"subscription": 1})
    await one.register_metadata(None)  # Nothing that is kept of it holds any longer.
    monkeypatch.setattr(_plain, "_twin", None)
    room.set()
    await trio.testing.wait_all_tasks_blocked()
    assert [method for method, _ in client.told] == ["resync", "change"]


async def test_who_gives_up_a_watch_while_its_snapshot_is_made_has_none(watcher, slices):
    graph, _, client = watcher
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.peer.request, "watch", {"subscription": 1})
            while not slices:
                await trio.lowlevel.checkpoint()
            scope.cancel()
    await trio.testing.wait_all_tasks_blocked()
    assert graph._supervisor._watches == set()
