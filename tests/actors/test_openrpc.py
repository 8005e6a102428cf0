"""The wire describes itself: the same document in ``docs``, before a session is open, and after."""

import ast
import json
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio

import actors
from actors import open_graph, serve_websocket
from actors._graph._wire._openrpc import openrpc_text
from actors._graph._wire._remote_service import RemoteSessionService
from actors._graph._wire._wire import ERRORS, OpenSession
from transport import InvalidRequest, Peer, connect_websocket, new_token
from transport._service._service_table import wire_methods

PUBLISHED = json.loads(openrpc_text())


@pytest.mark.parametrize("role", ["token", "read_token"])
@pytest.mark.parametrize("speaks_json", [True, False], ids=["json", "msgpack"])
async def test_whoever_is_let_in_can_ask_what_there_is_before_and_after_opening(role, speaks_json):
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(partial(serve_websocket, graph, read_token=new_token()))
        async with connect_websocket(door.url, token=getattr(door, role)) as link:
            peer = Peer(link, errors=ERRORS, json=speaks_json)
            await nursery.start(peer.run)
            assert await peer.request("rpc.discover", {}) == PUBLISHED
            await peer.request("open", {"name": "curious"})
            assert await peer.request("rpc.discover", {}) == PUBLISHED
            nursery.cancel_scope.cancel()


def test_every_method_is_described_with_all_its_parameters():
    described = {method["name"]: [part["name"] for part in method["params"]] for method in PUBLISHED["methods"]}
    table = wire_methods(RemoteSessionService)
    assert described == {name: list(method.params.__struct_fields__) for name, method in table.items()}
    (watch,) = (method for method in PUBLISHED["methods"] if method["name"] == "watch")
    assert [part["required"] for part in watch["params"]] == [True, False, False]


def test_every_reference_leads_somewhere():
    schemas = PUBLISHED["components"]["schemas"]
    found = set()

    def walk(node):
        if isinstance(node, dict):
            found.update([node["$ref"]] if "$ref" in node else [])
            node = list(node.values())
        if isinstance(node, list):
            for part in node:
                walk(part)

    walk(PUBLISHED)
    assert found == {f"#/components/schemas/{name}" for name in schemas}


def test_the_opening_is_described_as_it_is_read():
    described = wire_methods(RemoteSessionService)["open"].params
    fields = [(field.name, field.type, field.default) for field in attrs.fields(OpenSession)]
    assert [name for name, _, _ in fields] == list(described.__struct_fields__)
    defaults = [default for _, _, default in fields if default is not attrs.NOTHING]
    assert defaults == list(described.__struct_defaults__[-len(defaults) :])


async def test_a_second_opening_is_refused_and_the_session_goes_on():
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(serve_websocket, graph)
        async with connect_websocket(door.url, token=door.token) as link:
            peer = Peer(link, errors=ERRORS)
            await nursery.start(peer.run)
            await peer.request("open", {"name": "twice"})
            with pytest.raises(InvalidRequest, match="opened its session already"):
                await peer.request("open", {"name": "again"})
            assert [session["name"] for session in await peer.request("sessions", {})] == ["twice"]
            nursery.cancel_scope.cancel()


WIRE = Path(actors.__file__).parent / "_graph" / "_wire"
CLIENTS_OWN = {"_streams.py", "_remote.py", "_client.py"}
"""What the client's end says is in its own files: it is told of under ``methods``."""


def told_in_so_many_words():
    """The notifications that the server's end names where it sends them."""
    for path in WIRE.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if path.name in CLIENTS_OWN or not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                continue
            if call.func.attr in ("notify", "_tell") and isinstance(call.args[0], ast.Constant):
                yield call.args[0].value


async def told_by_a_watch():
    """The notifications that a watch brings."""
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(serve_websocket, graph)
        async with connect_websocket(door.url, token=door.token) as link:
            told = []
            peer = Peer(link, errors=ERRORS, on_notify=lambda method, _: told.append(method))
            await nursery.start(peer.run)
            await peer.request("open", {"name": "looks"})
            await peer.request("watch", {"subscription": 1})
            await peer.request("connect", {"from_topic": "A", "to_topic": "B"})
            nursery.cancel_scope.cancel()
    return told


async def test_every_notification_that_the_server_sends_is_described():
    described = {method["name"] for method in PUBLISHED["x-notifications"]}
    said = {*told_in_so_many_words(), *await told_by_a_watch()}
    assert {"change", "resync", "ended", "message", "grant"} <= said
    # Either end may give up a request of its own, or send what is large in pieces.
    assert described == said | {"cancel", "fragment"}


def test_what_the_server_asks_of_its_clients_is_described_with_its_answer():
    (asked,) = PUBLISHED["x-requests"]
    assert asked["name"] == "apply_settings"
    assert [part["name"] for part in asked["params"]] == ["address", "values"]
    assert "result" in asked
    assert not any("result" in method for method in PUBLISHED["x-notifications"])


def test_the_page_about_the_wire_speaks_of_everything_that_comes_from_the_server():
    page = (Path(actors.__file__).parents[1] / "docs" / "wire.md").read_text(encoding="utf-8")
    for method in (*PUBLISHED["x-notifications"], *PUBLISHED["x-requests"]):
        assert f"`{method['name']}`" in page or f"`{method['name']} {{" in page, method["name"]
