"""Many at once: openings, mute clients, and the end of a door that is full of them."""

import gc
import os
import resource
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from transport import (
    HandshakePolicy,
    Limits,
    Link,
    Listening,
    Peer,
    Service,
    connect_unix,
    connect_websocket,
    new_token,
    serve_unix_links,
    serve_websocket_links,
    wire_method,
)

FULL = os.environ.get("TRELLIS_CAMPAIGN") == "full"
CROWD = 1000 if FULL else 100
TOKEN = new_token()


class Echo:
    @wire_method
    def echo(self, number: int) -> int:
        return number


async def serve_echo(link: Link) -> None:
    await Peer(link, service=Service(Echo())).run()


@pytest.fixture(autouse=True)
def many_descriptors() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < 3 * CROWD:
        pytest.skip(f"this machine allows {most} descriptors, and both ends are in this process")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@asynccontextmanager
async def open_door(**limits: Any) -> AsyncIterator[Listening]:
    serve = partial(serve_websocket_links, serve_echo, policy=HandshakePolicy(token=TOKEN), limits=Limits(**limits))
    async with trio.open_nursery() as nursery:
        yield await nursery.start(serve)
        nursery.cancel_scope.cancel()


async def be_a_client(connect: Callable[[], Any], number: int, everybody: trio.Event, there: list[int]) -> None:
    async with connect() as link, trio.open_nursery() as nursery:
        peer = Peer(link)
        await nursery.start(peer.run)
        there.append(await peer.request("echo", {"number": number}, int))
        if len(there) == CROWD:
            everybody.set()
        await everybody.wait()
        assert await peer.request("echo", {"number": -number}, int) == -number
        peer.close()


async def crowd(connect: Callable[[], Any]) -> None:
    there: list[int] = []
    everybody = trio.Event()
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            for number in range(CROWD):
                nursery.start_soon(be_a_client, connect, number, everybody, there)
    assert sorted(there) == list(range(CROWD))


async def test_a_crowd_that_comes_at_once_is_let_in_whole(descriptors: Callable[[], int]) -> None:
    async with open_door(handshake_seconds=60) as door:
        before = descriptors(), trio.lowlevel.current_statistics().tasks_living
        await crowd(partial(connect_websocket, door.url, token=TOKEN, limits=Limits(handshake_seconds=60)))
        with trio.fail_after(10):
            while (descriptors(), trio.lowlevel.current_statistics().tasks_living) != before:
                gc.collect()
                await trio.testing.wait_all_tasks_blocked(0.02)


async def test_a_crowd_on_a_unix_socket_is_let_in_whole(tmp_path: Path) -> None:
    async with trio.open_nursery() as nursery:
        place = await nursery.start(serve_unix_links, serve_echo, tmp_path / "private" / "door")
        await crowd(partial(connect_unix, place))
        nursery.cancel_scope.cancel()


async def test_mute_callers_keep_nobody_out_and_are_let_go(descriptors: Callable[[], int]) -> None:
    async with open_door(handshake_seconds=0.5, handshakes=max(CROWD // 2, 10)) as door:
        before = descriptors(), trio.lowlevel.current_statistics().tasks_living
        mute = [await trio.open_tcp_stream("127.0.0.1", door.port) for _ in range(CROWD)]
        for stream in mute[::2]:
            await stream.send_all(b"GET / HTTP/1.1\r\n")
        async with connect_websocket(door.url, token=TOKEN):
            pass
        with trio.fail_after(10):
            for stream in mute:
                assert await stream.receive_some() == b""
                await stream.aclose()
            while (descriptors(), trio.lowlevel.current_statistics().tasks_living) != before:
                gc.collect()
                await trio.testing.wait_all_tasks_blocked(0.02)


HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Protocol: trellis.v1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
).encode()


async def test_a_door_full_of_mute_clients_closes_within_two_seconds() -> None:
    streams: list[trio.SocketStream] = []
    async with open_door(handshake_seconds=60) as door:
        for _ in range(CROWD // 10):
            stream = await trio.open_tcp_stream("127.0.0.1", door.port)
            await stream.send_all(HANDSHAKE)
            assert (await stream.receive_some()).startswith(b"HTTP/1.1 101 ")
            streams.append(stream)
        began = trio.current_time()
    assert trio.current_time() - began < 2
    for stream in streams:
        await stream.aclose()
