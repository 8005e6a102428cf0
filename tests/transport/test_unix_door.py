"""The door of one machine: whom it trusts, what it replaces, and what it leaves."""

# ruff: noqa: ASYNC240  # looking at a file or two blocks nobody here

import os
import socket
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing

from transport import (
    CannotListen,
    ConnectFailed,
    Limits,
    Link,
    LinkLost,
    Peer,
    connect_unix,
    serve_unix_links,
)

LIMITS = Limits(handshake_seconds=0.3)


async def greet(link: Link) -> None:
    await link.send(b"hello")
    await link.receive()


@asynccontextmanager
async def open_door(path: Path, limits: Limits = LIMITS) -> AsyncIterator[Path]:
    async with trio.open_nursery() as nursery:
        yield await nursery.start(partial(serve_unix_links, greet, path, limits=limits))
        nursery.cancel_scope.cancel()


async def listen(path: Path) -> None:
    """Open a door where it must not be; one that opens nevertheless is closed again."""
    with trio.move_on_after(1):
        await serve_unix_links(greet, path, limits=LIMITS)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "run" / "trellis" / "door"


async def test_directory_and_socket_are_ours_alone_and_the_socket_goes_with_the_door(place: Path) -> None:
    async with open_door(place) as path:
        assert path == place
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        async with connect_unix(place) as link:
            assert await link.receive() == b"hello"
            assert link.peer == f"process {os.getpid()}"
    assert not place.exists()


@pytest.mark.parametrize("mode", [0o755, 0o710, 0o701, 0o777])
async def test_a_directory_that_others_can_enter_is_refused(place: Path, mode: int) -> None:
    place.parent.mkdir(parents=True)
    place.parent.chmod(mode)
    with pytest.raises(CannotListen, match="must be 0700"):
        await listen(place)


async def test_a_directory_behind_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(CannotListen, match="a directory of this user"):
        await listen(tmp_path / "link" / "door")


async def test_a_socket_that_a_dead_process_left_is_replaced(place: Path) -> None:
    place.parent.mkdir(parents=True, mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(place))
    async with open_door(place), connect_unix(place) as link:
        assert await link.receive() == b"hello"


async def test_a_living_server_is_not_replaced(place: Path) -> None:
    async with open_door(place):
        with pytest.raises(CannotListen, match="another server listens there already"):
            await listen(place)
        async with connect_unix(place) as link:
            assert await link.receive() == b"hello"


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
async def test_what_is_no_socket_is_never_removed(place: Path, kind: str) -> None:
    place.parent.mkdir(parents=True, mode=0o700)
    {
        "file": lambda: place.write_text("precious"),
        "directory": place.mkdir,
        "link": lambda: place.symlink_to("/nowhere"),
    }[kind]()
    with pytest.raises(CannotListen, match="no socket is in the way"):
        await listen(place)
    assert place.is_symlink() or place.exists()


async def test_a_door_does_not_remove_the_socket_of_its_successor(place: Path) -> None:
    async with open_door(place):
        place.unlink()
        with socket.socket(socket.AF_UNIX) as successor:
            successor.bind(str(place))
    assert place.exists()


async def test_a_path_that_is_too_long_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CannotListen, match="too long"):
        await listen(tmp_path / ("x" * 120) / "door")
    with pytest.raises(ConnectFailed, match="too long"):
        async with connect_unix(tmp_path / ("x" * 120)):
            pass


async def test_nobody_there_is_said_so(place: Path) -> None:
    with pytest.raises(ConnectFailed, match="is the server running"):
        async with connect_unix(place):
            pass
    place.parent.mkdir(parents=True, mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(place))
    with pytest.raises(ConnectFailed, match="is the server running"):
        async with connect_unix(place):
            pass


async def test_who_finds_a_crowd_before_the_door_waits_until_the_server_has_let_it_in(place: Path) -> None:
    place.parent.mkdir(parents=True, mode=0o700)
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as crowd:
        listener.bind(str(place))
        listener.listen(0)
        crowd.connect(str(place))
        with pytest.raises(ConnectFailed, match=r"no answer within 0\.3 s"):
            async with connect_unix(place, limits=LIMITS):
                pass
        connected = trio.Event()

        async def come() -> None:
            async with connect_unix(place):
                connected.set()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(come)
            await trio.testing.wait_all_tasks_blocked(0.001)
            assert not connected.is_set()
            with listener.accept()[0], trio.fail_after(5):
                await connected.wait()


async def test_another_users_process_is_refused_at_both_ends(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_door(place):
        real = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: real + 1)
        with pytest.raises(ConnectFailed, match=f"belongs to user {real}, not to {real + 1}"):
            async with connect_unix(place):
                pass
        stream = await trio.open_unix_socket(place)
        async with stream:
            with trio.fail_after(1):
                assert await stream.receive_some() == b""
        monkeypatch.undo()
        async with connect_unix(place) as link:
            assert await link.receive() == b"hello"


STRANGER = """
import os, socket, sys
# Into the directory first: its parents are not open to everybody. A process is known by whom it was when it connected.
os.chdir(sys.argv[1])
os.setgroups([])
os.setuid(int(sys.argv[2]))
with socket.socket(socket.AF_UNIX) as door:
    door.connect(sys.argv[3])
    print(door.recv(100))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(("user", "heard"), [(65534, b"b''\n"), (0, b"b'\\x00\\x00\\x00\\x05hello'\n")])
async def test_a_process_of_another_user_is_refused_even_where_the_files_let_it_in(
    place: Path, user: int, heard: bytes
) -> None:
    async with open_door(place):
        place.parent.chmod(0o755)
        place.chmod(0o666)
        command = [sys.executable, "-I", "-S", "-c", STRANGER, str(place.parent), str(user), place.name]
        with trio.fail_after(10):
            done = await trio.run_process(command, capture_stdout=True)
    assert done.stdout == heard


async def test_a_full_house_lets_nobody_else_in(place: Path) -> None:
    async with open_door(place, Limits(sessions=1)):
        async with connect_unix(place) as first:
            assert await first.receive() == b"hello"
            async with connect_unix(place) as second:
                with pytest.raises(LinkLost, match="over the limit sessions = 1"):
                    await Peer(second).run()
        await trio.testing.wait_all_tasks_blocked(0.01)
        async with connect_unix(place) as third:
            assert await third.receive() == b"hello"


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff\xff\xff\xff",
        b"\x00\x10\x00\x01" + bytes(100),
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"\x00\x00\x00",
        b"\x00\x00\x00\x10half",
        b"",
    ],
)
async def test_bytes_that_are_no_frames_end_their_own_link_only(place: Path, sent: bytes) -> None:
    async with open_door(place):
        stream = await trio.open_unix_socket(place)
        async with stream:
            await stream.send_all(sent)
            await stream.send_eof()
            with trio.fail_after(1):
                while await stream.receive_some():
                    pass
        async with connect_unix(place) as link:
            assert await link.receive() == b"hello"


async def test_a_flood_of_pings_is_answered_sparingly(place: Path) -> None:
    async with open_door(place):
        stream = await trio.open_unix_socket(place)
        async with stream:
            await stream.send_all(b"\x00\x00\x00\x01\xc0" * 10_000)
            await trio.testing.wait_all_tasks_blocked(0.01)
            answer = await stream.receive_some(1_000_000)
            assert b"\x00\x00\x00\x01\xc3" in answer
            assert len(answer) < 20_000
        async with connect_unix(place) as link:
            assert await link.receive() == b"hello"
