"""What admits to a graph is shown to nobody, neither printed nor logged; clients of its host find it."""

import logging
from contextlib import AsyncExitStack
from functools import partial

import pytest
import trio

from actors import Door, open_graph, open_session, serve_host, serve_websocket
from actors._floor import Supervision
from actors._graph import ConnectionRefused, Host, NotRunning, Ticket, Way
from actors._runtime._worker_actor import Terms
from transport import HandshakePolicy, new_token

TOKEN, READ_TOKEN = new_token(), new_token()
HOLDERS = [
    Door("ws://h:1", TOKEN, READ_TOKEN),
    Host("ws://h:1", TOKEN, "", "ticket", READ_TOKEN, "file"),
    HandshakePolicy(token=TOKEN, read_token=READ_TOKEN),
    Ticket("ws://h:1", TOKEN, "", 1, ""),
    Way("ws://h:1", TOKEN),
    Terms("runner", Supervision(), "ws://h:1", TOKEN),
]


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
def test_what_holds_a_token_does_not_print_it(holder):
    shown = f"{holder!r} {holder}"
    assert TOKEN not in shown
    assert READ_TOKEN not in shown


async def test_nothing_is_logged_of_a_token_that_is_right_or_wrong(caplog):
    caplog.set_level(logging.DEBUG)
    wrong = new_token()
    async with open_graph() as graph, trio.open_nursery() as nursery:
        serve = partial(serve_websocket, graph, token=TOKEN, read_token=READ_TOKEN)
        door = await nursery.start(serve)
        for token in (TOKEN, READ_TOKEN):
            async with open_session(door.url, name="one", token=token) as session:
                await session.snapshot()
        with pytest.raises(ConnectionRefused) as caught:
            async with open_session(door.url, name="one", token=wrong):
                raise AssertionError("it was let in")
        nursery.cancel_scope.cancel()
    assert wrong not in str(caught.value)
    logging.getLogger("actors").warning("what is logged is seen here")
    assert "what is logged is seen here" in caplog.text
    assert not any(token in caplog.text for token in (TOKEN, READ_TOKEN, wrong))


async def test_a_token_crosses_a_network_in_plain_text_only_if_that_is_asked_for():
    async with open_graph() as graph, trio.open_nursery() as nursery:
        door = await nursery.start(partial(serve_websocket, graph, host="0.0.0.0", hosts=["0.0.0.0"], insecure=True))
        async with AsyncExitStack() as stack:
            with pytest.raises(NotRunning, match="plain text; use wss://, or the option insecure"):
                await stack.enter_async_context(open_session(door.url, name="careful", token=door.token))
            far = open_session(door.url, name="told", token=door.token, insecure=True)
            session = await stack.enter_async_context(far)
            assert [info.name for info in await session.sessions()] == ["told"]
        nursery.cancel_scope.cancel()


async def test_a_client_of_the_same_host_finds_the_token_of_a_graph_that_is_served_to_it(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    async with open_graph() as graph, trio.open_nursery() as nursery:
        host = await nursery.start(serve_host, graph)
        async with open_session(host.url, name="finds it") as session:
            assert [info.role for info in await session.sessions()] == ["control"]
        nursery.cancel_scope.cancel()


async def test_a_token_is_found_for_its_own_address_only(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    async with open_graph() as graph, trio.open_nursery() as nursery:
        await nursery.start(serve_host, graph)
        other = await nursery.start(serve_websocket, graph)
        with pytest.raises(ConnectionRefused):
            async with open_session(other.url, name="has none"):
                pass
        nursery.cancel_scope.cancel()
