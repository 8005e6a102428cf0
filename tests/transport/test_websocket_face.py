"""A first look through the real door; the conformance of all links is in test_links."""

import pytest
import trio

from transport import (
    ConnectFailed,
    HandshakePolicy,
    HandshakeRefused,
    Link,
    LinkClosed,
    Peer,
    Service,
    connect_websocket,
    new_token,
    serve_websocket_links,
    wire_method,
)

TOKEN = new_token()


class Echo:
    @wire_method
    def echo(self, text: str) -> str:
        return text


async def serve_echo(link: Link) -> None:
    await Peer(link, service=Service(Echo())).run()


@pytest.fixture
async def url(nursery: trio.Nursery) -> str:
    from functools import partial

    door = await nursery.start(partial(serve_websocket_links, serve_echo, policy=HandshakePolicy(token=TOKEN)))
    return str(door.url)


async def test_a_client_with_the_token_is_served(url: str) -> None:
    async with connect_websocket(url, token=TOKEN) as link, trio.open_nursery() as nursery:
        peer = Peer(link)
        await nursery.start(peer.run)
        assert await peer.request("echo", {"text": "x" * 300_000}, str) == "x" * 300_000
        peer.close()


@pytest.mark.parametrize("token", [None, new_token()])
async def test_a_client_without_the_token_is_refused(url: str, token: str | None) -> None:
    with pytest.raises(HandshakeRefused) as caught:
        async with connect_websocket(url, token=token):
            pass
    assert caught.value.status == 401


async def test_nobody_there_is_said_so() -> None:
    with pytest.raises(ConnectFailed, match="is the server running"):
        async with connect_websocket("ws://127.0.0.1:1"):
            pass


async def test_an_exception_of_the_body_leaves_as_itself(url: str) -> None:
    with pytest.raises(ZeroDivisionError):
        async with connect_websocket(url, token=TOKEN):
            raise ZeroDivisionError


async def test_a_bug_in_a_handler_ends_the_server() -> None:
    async def broken(link: Link) -> None:
        raise ZeroDivisionError

    from functools import partial

    with pytest.RaisesGroup(ZeroDivisionError):
        async with trio.open_nursery() as nursery:
            door = await nursery.start(partial(serve_websocket_links, broken, policy=HandshakePolicy(token=TOKEN)))
            async with connect_websocket(door.url, token=TOKEN) as link:
                with pytest.raises(LinkClosed):
                    await link.receive()
