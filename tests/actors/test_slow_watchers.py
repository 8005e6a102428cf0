"""Watchers that fall behind: told so once, ended the second time, and nobody else notices."""

import itertools
import json

import pytest
import trio

from actors import Resync, WatchOverrun, open_graph, open_session
from actors._graph._doors._hall import serve_link
from actors._graph._wire._remote_watch import RemoteChanges
from graphmeta import GraphMetadata, InitialSettings, UnitMetadata
from transport import Limits, memory_links

LIMITS = Limits(watch_changes=4)


async def connect(session, first, last):
    for number in range(first, last):
        await session.connect("A", f"B{number}")


async def test_a_watcher_that_falls_behind_gets_a_fresh_snapshot_and_goes_on():
    async with open_graph(limits=LIMITS) as graph, open_session(graph, name="one") as one:
        async with one.watch(0) as changes:
            await connect(one, 0, 6)
            resync = await changes.receive()
            assert isinstance(resync, Resync)
            assert resync.reason == "slow"
            assert resync.snapshot == graph.snapshot()
            await one.connect("X", "Y")
            assert (await changes.receive()).revision == resync.snapshot.revision + 1


async def test_a_watcher_that_falls_behind_again_before_it_looked_is_ended_and_its_session_is_not():
    async with open_graph(limits=LIMITS) as graph, open_session(graph, name="one") as one:
        async with one.watch(0) as changes, one.watch(0) as quick:
            for number in range(12):
                await one.connect("A", f"B{number}")
                while True:
                    try:
                        quick.receive_nowait()
                    except trio.WouldBlock:
                        break
            with pytest.raises(WatchOverrun):
                await changes.receive()
            await one.connect("X", "Y")
            assert (await quick.receive()).edges_added == (("X", "Y"),)


async def test_who_watches_settings_and_falls_behind_is_told_what_holds_and_what_is_gone():
    async with open_graph(limits=LIMITS) as graph, open_session(graph, name="one") as one:
        units = {name: UnitMetadata(name, name, "t.U", initial_settings=InitialSettings(0)) for name in ("U", "V", "W")}
        await one.register_metadata(GraphMetadata(units=units))
        async with one.watch_settings() as settings:
            assert {(await settings.receive())[0] for _ in range(3)} == {"U", "V", "W"}
            for number in range(6):
                await one._report_settings("U", number)
            await one.register_metadata(GraphMetadata(units={name: units[name] for name in ("U", "V")}))
            told = dict([await settings.receive() for _ in range(3)])
            assert (told["W"], told["V"].readable) == (None, 0)
            assert told["U"].readable == 5
            await one._report_settings("V", 7)
            address, value = await settings.receive()
            assert (address, value.readable) == ("V", 7)


async def test_history_that_no_longer_reaches_back_says_so():
    async with open_graph(limits=Limits(history_changes=3)) as graph, open_session(graph, name="one") as one:
        await connect(one, 0, 5)
        revision = graph.snapshot().revision
        async with one.watch(revision - 3) as near, one.watch(revision - 4) as far, one.watch(revision + 1) as ahead:
            assert (await near.receive()).revision == revision - 2
            for lost in (far, ahead):
                item = await lost.receive()
                assert isinstance(item, Resync)
                assert item.reason == "history"


async def remote_changes(graph, bound):
    async def snapshot():
        await trio.lowlevel.checkpoint()
        return graph.snapshot()

    return RemoteChanges(snapshot, bound, 1 << 20)


async def test_a_clients_own_queue_is_bounded_by_the_same_rules():
    async with open_graph() as graph, open_session(graph, name="one") as one, one.watch(0) as source:
        changes = await remote_changes(graph, 4)
        await connect(one, 0, 6)
        for _ in range(7):
            changes.offer(source.receive_nowait())
        resync = await changes.receive()
        assert isinstance(resync, Resync)
        assert resync.snapshot == graph.snapshot()
        await one.connect("X", "Y")
        changes.offer(source.receive_nowait())
        assert (await changes.receive()).edges_added == (("X", "Y"),)


async def test_a_clients_queue_that_overflows_twice_ends_its_watch():
    async with open_graph() as graph, open_session(graph, name="one") as one, one.watch(0) as source:
        changes = await remote_changes(graph, 4)
        await connect(one, 0, 12)
        for _ in range(12):
            changes.offer(source.receive_nowait())
        with pytest.raises(WatchOverrun):
            await changes.receive()


async def test_what_a_resync_covers_is_not_told_again():
    async with open_graph() as graph, open_session(graph, name="one") as one, one.watch(0) as source:
        changes = await remote_changes(graph, 4)
        await connect(one, 0, 6)
        items = [source.receive_nowait() for _ in range(7)]
        for item in items:
            changes.offer(item)
        await changes.receive()
        changes.offer(items[-1])
        with pytest.raises(trio.WouldBlock):
            changes.receive_nowait()


NARROW = Limits(watch_changes=4, outbox_bytes=20_000)


class Slow:
    """A client of the wire that reads when it likes."""

    def __init__(self, link):
        self.link = link
        self.numbers = itertools.count(1)

    async def ask(self, method, **params):
        """Ask, and read until the answer; returns what came before it, and the answer."""
        number = next(self.numbers)
        await self.link.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
        told = []
        while True:
            document = json.loads(await self.link.receive())
            if document.get("id") == number:
                return told, document["result"]
            told.append(document)

    async def read_until(self, method):
        told = [json.loads(await self.link.receive())]
        while told[-1]["method"] != method:
            told.append(json.loads(await self.link.receive()))
        return told


@pytest.fixture
async def slow():
    """A watcher at the far end of a link, and a session in process; nothing passes but by their doing."""
    ours, theirs = memory_links(limits=NARROW)
    with trio.fail_after(20):
        async with open_graph(limits=NARROW) as graph, open_session(graph, name="one") as one:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(serve_link, graph._supervisor, theirs)
                client = Slow(ours)
                await client.ask("open", name="slow")
                await client.ask("watch", subscription=7, after=graph.snapshot().revision)
                yield graph, one, client
                nursery.cancel_scope.cancel()


async def test_a_watcher_across_a_wire_that_falls_behind_gets_a_fresh_snapshot_and_goes_on(slow):
    graph, one, client = slow
    (watch,) = graph._supervisor._watches
    for number in itertools.count():
        await one.connect("A", f"B{number}")
        if watch._slow:
            break
    *changes, resync = await client.read_until("resync")
    revisions = [document["params"]["change"]["revision"] for document in changes]
    assert revisions == list(range(revisions[0], revisions[0] + len(revisions)))
    assert resync["params"]["subscription"] == 7
    assert resync["params"]["resync"]["reason"] == "slow"
    snapshot = resync["params"]["resync"]["snapshot"]
    assert snapshot["revision"] == graph.snapshot().revision > revisions[-1] + 1
    await one.connect("X", "Y")
    (change,) = await client.read_until("change")
    assert change["params"]["change"]["revision"] == snapshot["revision"] + 1


async def test_one_that_stays_behind_loses_its_watch_and_neither_its_session_nor_anybody_else_does(slow):
    graph, one, client = slow
    async with one.watch(graph.snapshot()) as quick:
        for number in range(300):
            await one.connect("A", f"B{number}")
            assert (await quick.receive()).edges_added == (("A", f"B{number}"),)
    told = await client.read_until("watch_overrun")
    assert told[-1]["params"] == {"subscription": 7, "bound": NARROW.watch_changes}
    assert "resync" not in {document["method"] for document in told}
    assert [info.name for info in graph.sessions()] == ["one", "slow"]
    # The number is free again, and the session goes on.
    await client.ask("watch", subscription=7, after=graph.snapshot().revision)
    (change,), result = await client.ask("connect", from_topic="X", to_topic="Y")
    assert change["params"]["change"]["revision"] == result["revision"]
