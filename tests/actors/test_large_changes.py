"""A registration of hundreds of units is one change; over a wire whoever takes it opens it, and nobody else waits."""

import pytest
import trio
import trio.testing

from actors import Change
from actors._graph._wire._remote_watch import LARGE, RemoteChanges
from graphmeta import GraphMetadata, InitialSettings, UnitMetadata, encode_metadata

SETTINGS = InitialSettings(readable={"gain": 1.0, "name": "some settings of a unit"})
UNITS = {f"U{n}": UnitMetadata(f"U{n}", f"U{n}", "package:Unit", initial_settings=SETTINGS) for n in range(500)}
METADATA = GraphMetadata(units=UNITS)


def test_it_is_large():
    assert len(encode_metadata(METADATA)) > LARGE


async def test_every_watcher_gets_it_whole_and_can_follow(house):
    async with house.join("watcher") as watcher, house.join("owner") as owner:
        replica = await watcher.snapshot()
        async with watcher.watch(replica) as changes:
            await owner.register_metadata(METADATA)
            await owner.connect("A", "B")
            await owner.register_metadata(None)
            for _ in range(3):
                change = await changes.receive()
                assert isinstance(change, Change)
                replica = replica.apply(change)
                if change.metadata and change.metadata[0].metadata:
                    assert change.metadata[0].metadata == METADATA
                    assert len(change.settings) == len(UNITS)
        assert replica == house.graph.snapshot()


async def test_what_is_not_open_yet_cannot_be_taken_at_once_and_is_not_lost_by_who_gives_up(house):
    async with house.join("watcher") as watcher, house.join("owner") as owner:
        async with watcher.watch(await watcher.snapshot()) as changes:
            await owner.register_metadata(METADATA)
            await trio.testing.wait_all_tasks_blocked(0.01)
            if isinstance(changes, RemoteChanges):
                with pytest.raises(trio.WouldBlock):
                    changes.receive_nowait()
            with trio.CancelScope() as scope:
                scope.cancel()
                await changes.receive()
            assert scope.cancelled_caught
            change = await changes.receive()
            assert change.metadata[0].metadata == METADATA
