"""Snapshots after the first: made of the one before and of what changed since, and always the truth."""

from contextlib import asynccontextmanager

import trio
import trio.testing

from actors import open_graph, open_session
from actors._graph._wire._held_snapshot import HeldSnapshot
from graphmeta import GraphMetadata, InitialSettings, UnitMetadata
from transport import Limits

BYTES = 1 << 20


def metadata(*addresses: str) -> GraphMetadata:
    settings = InitialSettings(readable={"gain": 1.0})
    return GraphMetadata(units={a: UnitMetadata(a, a, "t.U", initial_settings=settings) for a in addresses})


class Client:
    """What asks a supervisor, as a client would, and notes what for."""

    def __init__(self, graph):
        self._graph = graph._supervisor
        self.asked = []
        self.held = HeldSnapshot(BYTES)

    async def newest(self):
        return await self.held.newest(self._whole, self._after)

    async def _whole(self):
        self.asked.append("whole")
        return bytes(await self._graph.encodings.packed_snapshot())

    async def _after(self, epoch, revision):
        await trio.lowlevel.checkpoint()
        self.asked.append(revision)
        return self._graph.changes_after(epoch, revision)


@asynccontextmanager
async def home(**limits):
    async with open_graph(limits=Limits(**limits)) as graph, open_session(graph, name="one") as one:
        client = Client(graph)
        await client.newest()
        client.asked.clear()
        yield graph, one, client


async def test_every_snapshot_shows_what_is_there_whatever_happened_since_the_last(house):
    async with house.join("looker") as looker, house.join("owner") as owner:

        async def check():
            snapshot, truth = await looker.snapshot(), house.graph.snapshot()
            assert snapshot == truth
            assert list(snapshot.edge_owners.items()) == list(truth.edge_owners.items())
            assert list(snapshot.graph.items()) == list(truth.graph.items())

        await check()
        await owner.connect_many([("C", "D"), ("A", "B")])
        await check()
        await owner.register_metadata(metadata("X", "Y"))
        await check()
        async with owner.scope("s") as scope:
            await scope.connect("A", "B")
            await scope.connect("B", "C")
            await check()
        await owner._report_settings("X", {"gain": 2.0})
        await check()
        await owner.connect("P", "Q", persistent=True)
        await owner.disconnect("A", "B")
        await check()
        async with house.join("guest") as guest:
            await guest.connect("C", "D")
            await check()
        await check()
        await owner.register_metadata(None)
        await check()


async def test_only_what_came_after_the_last_one_is_asked_for():
    async with home() as (graph, one, client):
        revision = graph.snapshot().revision
        await one.connect("A", "B")
        assert await client.newest() == graph.snapshot()
        assert client.asked == [revision]


async def test_when_nothing_happened_the_same_snapshot_is_given_again():
    async with home() as (_, _, client):
        assert await client.newest() is await client.newest()


async def test_what_was_given_out_before_stays_as_it_is():
    async with home() as (graph, one, client):
        before, truth = await client.newest(), graph.snapshot()
        await one.connect("A", "B")
        await client.newest()
        assert before == truth
        assert (before.graph, before.edge_owners) == ({}, {})


async def test_where_the_history_does_not_reach_back_the_whole_is_taken():
    async with home(history_changes=2) as (graph, one, client):
        for number in range(3):
            await one.connect("A", f"B{number}")
        assert await client.newest() == graph.snapshot()
        assert client.asked == [graph.snapshot().revision - 3, "whole"]


async def test_where_much_happened_the_whole_is_taken():
    async with home() as (graph, one, client):
        await one.connect_many([("A", f"B{number}") for number in range(1000)])
        assert await client.newest() == graph.snapshot()
        assert client.asked[-1] == "whole"


async def test_another_epoch_gets_the_whole():
    async with home() as (_, _, client), open_graph() as other:
        client._graph = other._supervisor
        assert await client.newest() == other.snapshot()
        assert await client.newest() == other.snapshot()


async def test_a_held_snapshot_that_changes_contradict_is_given_up():
    async with home() as (graph, one, client):
        (await client.newest()).sessions.clear()
        await one.connect("A", "B")
        assert await client.newest() == graph.snapshot()
        assert client.asked[-1] == "whole"


async def test_requests_at_once_all_see_the_truth_and_the_newest_is_held():
    async with home() as (graph, one, client), trio.open_nursery() as nursery:
        await one.connect("A", "B")
        seen = []

        async def look():
            seen.append(await client.newest())

        for _ in range(3):
            nursery.start_soon(look)
        await trio.testing.wait_all_tasks_blocked()
        assert seen == [graph.snapshot()] * 3
        revision = graph.snapshot().revision
        client.asked.clear()
        await client.newest()
        assert client.asked == [revision]
