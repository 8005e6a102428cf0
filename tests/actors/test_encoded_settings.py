"""The settings of thousands of components are encoded in slices, and once until they change, whoever asks for them."""

import pytest
import trio

from actors import open_graph, open_session
from actors._graph import _slices
from actors._graph._doors._hall import serve_link
from actors._graph._supervisor import _encoded_settings
from actors._graph._wire._wire import ERRORS
from graphmeta import GraphMetadata, InitialSettings, SettingValue, UnitMetadata
from transport import Peer, memory_links

UNITS = {
    f"U{n}": UnitMetadata(f"U{n}", f"U{n}", "t:U", initial_settings=InitialSettings(readable={"gain": n}))
    for n in range(100)
}


@pytest.fixture(params=[True, False], ids=["json", "msgpack"])
async def asking(request):
    ours, theirs = memory_links()
    async with open_graph() as graph, open_session(graph, name="one") as one, trio.open_nursery() as nursery:
        await one.register_metadata(GraphMetadata(units=UNITS))
        nursery.start_soon(serve_link, graph._supervisor, theirs)
        peer = Peer(ours, errors=ERRORS, json=request.param)
        await nursery.start(peer.run)
        await peer.request("open", {"name": "asking"})
        yield one, peer
        nursery.cancel_scope.cancel()


async def test_others_are_heard_while_they_are_encoded(asking, monkeypatch):
    one, peer = asking
    monkeypatch.setattr(_slices, "_run_slice", next)
    async with trio.open_nursery() as nursery:
        told = []

        async def ask():
            told.append(await peer.request("settings", {}, dict[str, SettingValue]))

        nursery.start_soon(ask)
        asked = 0
        while not told:
            await one.upstream("A")
            await trio.lowlevel.checkpoint()
            asked += 1
    assert asked > 6  # A hundred are encoded in seven slices, and others ran between any two.
    assert told == [await one.settings()]


async def test_they_are_encoded_once_until_one_of_them_changes(asking, monkeypatch):
    one, peer = asking
    encoded = []
    encode = _encoded_settings.encode_settings_slices
    monkeypatch.setattr(
        _encoded_settings, "encode_settings_slices", lambda *said: encoded.append(said) or encode(*said)
    )
    for _ in range(2):
        assert await peer.request("settings", {}, dict[str, SettingValue]) == await one.settings()
        await one.connect("A", "B")
        await peer.request("snapshot" if peer.speaks_json else "snapshot_pickle", {})
    assert len(encoded) == 1
    await one._report_settings("U7", {"gain": 5})
    assert (await peer.request("settings", {}, dict[str, SettingValue]))["U7"].readable == {"gain": 5}
    assert len(encoded) == 2
