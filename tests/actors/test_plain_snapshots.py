"""Snapshots for clients in any language: the same as everybody's, as of when they were asked for, and nobody waits."""

from contextlib import asynccontextmanager

import msgspec
import pytest
import trio
import trio.testing

from actors import open_graph, open_session
from actors._graph import _slices
from actors._graph._doors._hall import serve_link
from actors._graph._supervisor import _encoded_settings, _plain
from actors._graph._wire._wire import ERRORS
from graphmeta import (
    CollectionMetadata,
    GraphMetadata,
    InitialSettings,
    Resync,
    UnitMetadata,
    change_from_json,
    encode_metadata_slices,
    encode_settings_slices,
    snapshot_to_json,
    snapshot_twin,
)
from transport import Limits, Peer, memory_links


def metadata(count, name="U"):
    units = [
        UnitMetadata(f"S/{name}{n}", f"{name}{n}", "t.U", initial_settings=InitialSettings({"gain": n}, b"\x80\xff"))
        for n in range(count)
    ]
    whole = CollectionMetadata("S", "S", "t.S", children=tuple(unit.address for unit in units))
    return GraphMetadata("S", units={unit.address: unit for unit in units}, collections={"S": whole})


@asynccontextmanager
async def asking(graph, *, json=True):
    """A client of no class of ours."""
    ours, theirs = memory_links(Limits())
    told = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_link, graph._supervisor, theirs)
        peer = Peer(ours, errors=ERRORS, json=json, on_notify=lambda method, params: told.append((method, params)))
        await nursery.start(peer.run)
        await peer.request("open", {"name": "asking"})
        peer.told = told
        yield peer
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("json", [True, False], ids=["json", "msgpack"])
async def test_it_is_the_snapshot_that_everybody_has_whatever_was_kept_of_an_earlier_one(json):
    async with open_graph() as graph, asking(graph, json=json) as peer:
        async with open_session(graph, name="one") as one:
            for step in (
                lambda: one.register_metadata(metadata(3)),
                lambda: one.connect("A", "B"),
                lambda: one.register_metadata(metadata(2, "V")),
                lambda: one.register_metadata(None),
            ):
                await step()
                assert await peer.request("snapshot", {}) == plain(graph, json=json)
            await one.register_metadata(metadata(3))
            await peer.request("snapshot", {})
        assert await peer.request("snapshot", {}) == plain(graph, json=json)


def plain(graph, *, json):
    """What the published form of the snapshot holds; msgpack has bytes where JSON has base64."""
    if json:
        return msgspec.json.decode(snapshot_to_json(graph.snapshot()))
    return msgspec.msgpack.decode(msgspec.msgpack.encode(snapshot_twin(graph.snapshot())))


async def test_a_resync_in_json_holds_the_snapshot_that_it_was_made_with():
    async with open_graph() as graph, open_session(graph, name="one") as one, asking(graph) as peer:
        await one.register_metadata(metadata(3))
        await peer.request("snapshot", {})
        await peer.request("watch", {"subscription": 1})
        await trio.testing.wait_all_tasks_blocked()
        (method, params) = peer.told[0]
        assert method == "resync"
        assert change_from_json(params.decode(dict)["resync"]) == Resync(graph.snapshot(), "start")


async def test_others_are_answered_while_it_is_made_and_it_is_as_of_when_it_was_asked_for(monkeypatch):
    monkeypatch.setattr(_slices, "_run_slice", next)
    done = []
    async with open_graph() as graph, open_session(graph, name="one") as one, asking(graph) as peer:
        await one.register_metadata(metadata(1000))
        before = graph.snapshot()

        async def ask():
            done.append(await peer.request("snapshot", {}))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            while not done:
                await one.connect("A", f"B{len(graph.snapshot().edge_owners)}")
                await trio.lowlevel.checkpoint()
        # It was made in a hundred slices, and others changed the graph between any two.
        assert graph.snapshot().revision > done[0]["revision"] + 50
        assert len(done[0]["edges"]) == done[0]["revision"] - before.revision


async def test_what_did_not_change_is_not_encoded_again(monkeypatch):
    encoded = []

    def noted(encode):
        return lambda value, encoding: encoded.append(encode.__name__) or encode(value, encoding)

    for module, encode in ((_encoded_settings, encode_settings_slices), (_plain, encode_metadata_slices)):
        monkeypatch.setattr(module, encode.__name__, noted(encode))
    async with open_graph() as graph, open_session(graph, name="one") as one, asking(graph) as peer:
        for step, expected in (
            (lambda: one.register_metadata(metadata(3)), ["encode_settings_slices", "encode_metadata_slices"]),
            (lambda: one.connect("A", "B"), []),
            (lambda: one._report_settings("S/U0", {"gain": 5}), ["encode_settings_slices"]),
        ):
            await step()
            assert await peer.request("snapshot", {}) == plain(graph, json=True)
            assert encoded == expected
            encoded.clear()
