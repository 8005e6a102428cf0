"""Which way a session takes that is given an address: alone it names a graph, with a token it names a door."""

import socket
import ssl
import tempfile
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio
import trustme

from actors import ConnectionRefused, Graph, Host, NotRunning, open_graph, open_session, serve_host
from transport import Limits

PROCESS, NETWORK = "process ", "127.0.0.1:"
"""How the server names who came through a Unix socket, and through a websocket."""


@attrs.frozen
class Served:
    graph: Graph
    host: Host

    @property
    def socket(self) -> Path:
        return Path(self.host.socket.removeprefix("unix://"))

    def own(self, session):
        """What the graph knows of a session."""
        return next(info for info in self.graph.sessions() if info.id == session.id)


@pytest.fixture
async def served(monkeypatch):
    async with serving(monkeypatch) as served:
        yield served


@asynccontextmanager
async def serving(monkeypatch, limits=None, **options):
    # A socket's path may be 107 bytes long, and pytest's own folders are not short.
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        async with open_graph(limits=limits) as graph, trio.open_nursery() as nursery:
            yield Served(graph, await nursery.start(partial(serve_host, graph, **options)))
            nursery.cancel_scope.cancel()


async def test_an_address_alone_is_joined_through_the_socket_that_its_ticket_names(served):
    async with open_session(served.host.url, name="neighbour") as session:
        known = served.own(session)
    assert (known.peer.startswith(PROCESS), known.role) == (True, "control")


async def test_an_address_with_a_token_is_that_door_with_just_the_rights_of_the_token(served):
    for token, role in ((served.host.token, "control"), (served.host.read_token, "read")):
        async with open_session(served.host.url, name="visitor", token=token) as session:
            known = served.own(session)
        assert (known.peer.startswith(NETWORK), known.role) == (True, role)


@pytest.mark.parametrize("stale", ["gone", "dead"])
async def test_where_nobody_answers_at_the_socket_the_websocket_is_taken(served, stale):
    served.socket.unlink()
    if stale == "dead":
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(served.socket))
    async with open_session(served.host.url, name="neighbour") as session:
        assert served.own(session).peer.startswith(NETWORK)


async def test_a_no_at_the_socket_is_a_no_and_not_asked_for_again_at_the_websocket(monkeypatch):
    async with serving(monkeypatch, Limits(sessions=1)) as served:
        async with open_session(served.host.url, name="first"):
            with pytest.raises(
                ConnectionRefused, match=r"^ws://.* refused the connection: over the limit sessions = 1"
            ):
                async with open_session(served.host.url, name="second"):
                    raise AssertionError("it was let in")


async def test_an_address_with_tls_is_taken_at_its_word(monkeypatch):
    authority, door, trusting = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(door)
    authority.configure_trust(trusting)
    async with serving(monkeypatch, ssl_context=door) as served:
        async with open_session(served.host.url, name="trusts it", ssl_context=trusting) as session:
            assert served.own(session).peer.startswith(NETWORK)
        with pytest.raises(NotRunning, match="certificate"):
            async with open_session(served.host.url, name="does not"):
                raise AssertionError("it was let in")
