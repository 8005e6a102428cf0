"""Who was let in to look can look at everything and change nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import attrs
import pytest
import trio

from actors import Door, Graph, NotPermitted, Session, open_graph, open_session, serve_websocket
from actors._graph._wire._remote_service import RemoteSessionService
from actors._graph._wire._wire import ERRORS
from graphmeta import Change, Resync
from transport import InvalidParams, MethodNotFound, Peer, connect_websocket, new_token
from transport._service._service_table import wire_methods

LOOKS = {
    "close": {},
    "downstream": {"topic": "A"},
    "impact": {},
    "open": {"name": "again"},
    "sessions": {},
    "settings": {},
    "settings_history": {"address": "SYS/U"},
    "snapshot": {},
    "snapshot_changes": {"epoch": str(uuid4()), "revision": 0},
    "snapshot_pickle": {},
    "statistics": {},
    "type_clashes": {"from_topic": "A", "to_topic": "B"},
    "unwatch": {"subscription": 1},
    "upstream": {"topic": "B"},
    "watch": {"subscription": 1},
}
"""All that who may only look may ask. Whoever adds to it says that it changes nothing."""

EDGE = {"from_topic": "X", "to_topic": "Y"}
CHANGES: dict[str, dict[str, Any]] = {
    "clear": {},
    "close_endpoint": {"endpoint": 0},
    "close_scope": {"scope": "s"},
    "connect": EDGE,
    "connect_many": {"edges": [["X", "Y"]]},
    "connect_persistent": {"edges": [["X", "Y"]]},
    "delegate_settings": {"address": "SYS/U", "session": str(uuid4())},
    "disconnect": {"from_topic": "A", "to_topic": "B"},
    "disconnect_many": {"edges": [["A", "B"]]},
    "disconnect_persistent": {"edges": [["A", "B"]]},
    "open_endpoint": {"topic": "B", "direction": "subscriber"},
    "open_scope": {"scope": "s"},
    "pause": {},
    "register_metadata": {"metadata": None},
    "release": {"session": "owner"},
    "report_settings": {"address": "SYS/U", "readable": {}},
    "resume": {},
    "shutdown": {},
    "sync": {},
    "update_settings": {"address": "SYS/U", "values": {}},
}
METHODS = wire_methods(RemoteSessionService)
REFUSALS = (InvalidParams, MethodNotFound, NotPermitted)


@attrs.frozen
class Home:
    graph: Graph
    door: Door
    owner: Session


@pytest.fixture
async def home() -> AsyncIterator[Home]:
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(partial(serve_websocket, graph, read_token=new_token()))
        graph.connect("A", "B")
        async with open_session(graph, name="owner") as owner:
            yield Home(graph, door, owner)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def raw_reader(home: Home, *, json: bool = False) -> AsyncIterator[Peer]:
    """A client that asks for whatever it likes."""
    async with connect_websocket(home.door.url, token=home.door.read_token) as link, trio.open_nursery() as nursery:
        peer = Peer(link, errors=ERRORS, json=json)
        await nursery.start(peer.run)
        await peer.request("open", {"name": "reader"})
        yield peer
        peer.close()


def test_every_wire_method_is_known_here_as_a_look_or_is_refused_to_readers() -> None:
    assert {name for name, method in METHODS.items() if method.reads} == set(LOOKS)


@pytest.mark.parametrize("json", [False, True], ids=["msgpack", "json"])
async def test_whatever_changes_something_is_refused_to_a_reader_and_changes_nothing(home: Home, json: bool) -> None:
    async with raw_reader(home, json=json) as reader:
        before = home.graph.snapshot()
        for name in set(METHODS) - set(LOOKS):
            with pytest.raises(NotPermitted) as refused:
                await reader.request(name, CHANGES.get(name, {}))
            assert refused.value.method == name
        assert home.graph.snapshot() == before
        assert not home.graph._supervisor.router.paused


async def test_what_is_refused_as_a_request_is_not_done_as_a_notification(home: Home) -> None:
    async with raw_reader(home) as reader:
        before = home.graph.snapshot()
        for name in set(METHODS) - set(LOOKS):
            reader.notify(name, CHANGES.get(name, {}))
        assert await reader.request("upstream", {"topic": "B"}) == ["A"]
        assert home.graph.snapshot() == before
        assert not home.graph._supervisor.router.paused


@pytest.mark.parametrize("name", CHANGES)
async def test_who_may_change_is_not_refused_the_same(name: str) -> None:
    """Else the tests above could pass because nobody may do anything."""
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(partial(serve_websocket, graph))
        async with connect_websocket(door.url, token=door.token) as link:
            peer = Peer(link, errors=ERRORS)
            await nursery.start(peer.run)
            await peer.request("open", {"name": "controller"})
            assert not isinstance(await failure_of(peer, name, CHANGES[name]), REFUSALS)
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize("name", LOOKS)
async def test_a_reader_may_ask_whatever_only_looks(home: Home, name: str) -> None:
    async with raw_reader(home) as reader:
        assert not isinstance(await failure_of(reader, name, LOOKS[name]), REFUSALS)


async def failure_of(peer: Peer, name: str, params: dict[str, Any]) -> Exception | None:
    try:
        # A server that has said goodbye hangs up.
        await peer.request(name, params, last=name == "close")
    except Exception as error:
        return error
    return None


async def test_a_reader_is_an_ordinary_session_that_looks_and_follows(home: Home) -> None:
    async with open_session(home.door.url, name="reader", token=home.door.read_token) as reader:
        assert (await reader.snapshot()).graph == {"A": ("B",), "B": ()}
        assert await reader.downstream("A") == ("B",)
        assert (await reader.impact("owner")).edges == ()
        assert await reader.settings() == {}
        async with reader.watch() as changes:
            assert isinstance(await changes.receive(), Resync)
            await home.owner.connect("B", "C")
            change = await changes.receive()
            assert isinstance(change, Change)
            assert [str(edge) for edge in change.edges_added] == ["B -> C"]
        with pytest.raises(NotPermitted, match="may only read, and connect changes something"):
            await reader.connect("C", "D")
    assert [info.name for info in home.graph.sessions()] == ["owner"]


async def test_operators_see_who_may_only_look(home: Home) -> None:
    async with (
        open_session(home.door.url, name="reader", token=home.door.read_token) as reader,
        open_session(home.door.url, name="controller", token=home.door.token),
    ):
        roles = {info.name: info.role for info in await reader.sessions()}
    assert roles == {"owner": "control", "reader": "read", "controller": "control"}


async def test_without_a_token_for_looking_there_is_no_way_in_but_control() -> None:
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(serve_websocket, graph)
        assert door.read_token is None
        async with open_session(door.url, name="one", token=door.token) as session:
            assert [info.role for info in await session.sessions()] == ["control"]
        nursery.cancel_scope.cancel()


async def test_one_token_cannot_mean_both() -> None:
    token = new_token()
    async with open_graph() as graph:
        with pytest.raises(ValueError, match="must be another one"):
            await serve_websocket(graph, token=token, read_token=token)


async def test_who_may_only_look_may_not_hold_the_flow_and_goes_on_looking(home: Home) -> None:
    async with open_session(home.door.url, name="viewer", token=home.door.read_token) as viewer:
        with pytest.raises(NotPermitted):
            async with viewer.paused():
                raise AssertionError("it holds the flow")
        assert [each.name for each in await viewer.sessions()] == ["owner", "viewer"]
