"""Pairs of links of every kind, for the suites that every kind must pass."""

import math
import os
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing
import trustme

from transport import (
    HandshakePolicy,
    Limits,
    Link,
    Role,
    connect_unix,
    connect_websocket,
    memory_links,
    new_token,
    serve_unix_links,
    serve_websocket_links,
)
from transport._doors._http import HEAD_END, read_head, switching
from transport._doors._policy import SUBPROTOCOL
from transport._doors._websocket import client_link, websocket_link
from transport._doors._ws_meter import FrameMeter
from transport._link._guard import GuardedStream
from transport._link._link import About
from transport._link._stream_link import in_own_nursery

# The suites share helpers (`peer_ends`, `hostile_client`), whichever way pytest imports its files.
sys.path.append(str(Path(__file__).parent))
from roomy_streams import roomy_stream_pair

TOKEN = new_token()


@attrs.frozen
class LinkPair:
    """The two ends of one link."""

    client: Link
    server: Link


OpenPair = Callable[[Limits], AbstractAsyncContextManager[LinkPair]]


@asynccontextmanager
async def memory_pair(limits: Limits) -> AsyncIterator[LinkPair]:
    client, server = memory_links(limits)
    yield LinkPair(client, server)
    await client.aclose()
    await server.aclose()


@asynccontextmanager
async def stream_pair(limits: Limits) -> AsyncIterator[LinkPair]:
    """A websocket without a socket; it keeps time by trio's clock alone."""
    ours, theirs = (GuardedStream(stream, limits.send_seconds) for stream in roomy_stream_pair())
    arrived, opened, done = trio.Event(), list[Link](), trio.Event()

    async def serve() -> None:
        head = b""
        while not head.endswith(HEAD_END):
            head += await theirs.receive_some()
        (key,) = read_head(head).every("sec-websocket-key")
        await theirs.send_all(switching(key, SUBPROTOCOL))
        theirs.meter = FrameMeter("client_frame_bytes", limits.client_frame_bytes).feed
        link = websocket_link(theirs, About(Role.SERVER, "client"), limits, nursery.start_soon)
        opened.append(link)
        arrived.set()
        await done.wait()
        await link.aclose()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        async with in_own_nursery(
            partial(client_link, ours, "localhost", TOKEN, limits, math.inf, RuntimeError)
        ) as client:
            await arrived.wait()
            yield LinkPair(client, opened[0])
            done.set()


@asynccontextmanager
async def served_pair(
    serve: Callable[..., object], connect: Callable[[object], AbstractAsyncContextManager[Link]]
) -> AsyncIterator[LinkPair]:
    """A pair through a door: the handler hands out its link and waits."""
    arrived, opened, done = trio.Event(), list[Link](), trio.Event()

    async def handler(link: Link) -> None:
        opened.append(link)
        arrived.set()
        await done.wait()

    async with trio.open_nursery() as nursery:
        place = await nursery.start(serve, handler)
        async with connect(place) as client:
            await arrived.wait()
            yield LinkPair(client, opened[0])
            # Before the client leaves: each hears the other's goodbye then, and nobody waits for one in vain.
            done.set()
        nursery.cancel_scope.cancel()


def tcp_pair(limits: Limits) -> AbstractAsyncContextManager[LinkPair]:
    serve = partial(serve_websocket_links, policy=HandshakePolicy(token=TOKEN), limits=limits)
    return served_pair(serve, lambda door: connect_websocket(door.url, token=TOKEN, limits=limits))


def tls_pair(authority: trustme.CA) -> OpenPair:
    server_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)

    def open_pair(limits: Limits) -> AbstractAsyncContextManager[LinkPair]:
        policy = HandshakePolicy(token=TOKEN)
        serve = partial(serve_websocket_links, policy=policy, limits=limits, ssl_context=server_context)
        connect = partial(connect_websocket, token=TOKEN, limits=limits, ssl_context=client_context)
        return served_pair(serve, lambda door: connect(door.url))

    return open_pair


def unix_pair(directory: Path) -> OpenPair:
    def open_pair(limits: Limits) -> AbstractAsyncContextManager[LinkPair]:
        async def serve(handler: object, *, task_status: trio.TaskStatus[object]) -> None:
            await serve_unix_links(handler, directory / "private" / "door", limits=limits, task_status=task_status)

        return served_pair(serve, lambda place: connect_unix(place, limits=limits))

    return open_pair


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(params=["memory", "websocket-stream", "websocket-tcp", "websocket-tls", "unix"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def open_pair(kind: str, tmp_path: Path, authority: trustme.CA) -> OpenPair:
    """Open a pair of links of one kind, within limits."""
    return {
        "memory": memory_pair,
        "websocket-stream": stream_pair,
        "websocket-tcp": tcp_pair,
        "websocket-tls": tls_pair(authority),
        "unix": unix_pair(tmp_path),
    }[kind]


@pytest.fixture
def descriptors() -> Callable[[], int]:
    """Count the open file descriptors of this process."""
    return lambda: len(os.listdir("/proc/self/fd"))
