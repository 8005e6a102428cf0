"""A door on a Unix socket, and the way through it: trust is the file system's and the kernel's.

The directory is ours alone (0700), so is the socket (0600), and the kernel says whose process is at the other
end; it must be ours. So there is no token, and no Origin. Both ends check.
"""

import contextlib
import os
import socket
import stat
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import NoReturn

import trio

from transport._documents._codec import MSGPACK
from transport._documents._error_table import ErrorTable
from transport._documents._rpc import failure_document
from transport._errors import CannotListen, ConnectFailed, LimitExceeded, LinkClosed
from transport._limits import Limits
from transport._link._guard import GuardedStream, plain_socket
from transport._link._link import Link, Role
from transport._link._stream_link import StartSoon, in_own_nursery
from transport._until import until

from ._listen import BACKLOG, AcceptLoop, Handler
from ._unix import pack, unix_link

_CREDENTIALS = struct.Struct("3i")
_AGAIN_SECONDS = 0.01
_NOBODY_THERE = "nobody listens there; is the server running, and is this its socket?"


async def serve_unix_links(
    handler: Handler,
    path: str | os.PathLike[str],
    *,
    limits: Limits | None = None,
    on_closing: Callable[[], None] = lambda: None,
    task_status: trio.TaskStatus[Path] = trio.TASK_STATUS_IGNORED,
) -> NoReturn:
    """Serve links on a Unix socket until cancelled; ``started`` gives its path, which is removed at the end.

    Its directory is made if it is missing, and must belong to this user alone; a socket that a dead process
    left behind is replaced. The same rules hold for ``handler`` and ``on_closing`` as with `serve_websocket_links`.
    Raises `CannotListen`.
    """
    place = Path(path)
    _prepare_directory(place.parent)
    await _remove_stale(place)
    listener, born = await _listen(place)
    try:
        task_status.started(place)
        await AcceptLoop(handler, _open_link, limits or Limits(), on_closing).run([listener])
    finally:
        _unlink_if(place, born)


def connect_unix(path: str | os.PathLike[str], *, limits: Limits | None = None) -> AbstractAsyncContextManager[Link]:
    """Open a link to a server's Unix socket; it is closed when the block is left. Raises `ConnectFailed`."""
    return in_own_nursery(partial(reach_unix, path, limits or Limits()))


async def reach_unix(path: str | os.PathLike[str], limits: Limits, start_soon: StartSoon) -> Link:
    """As `connect_unix`, but the link is the caller's to close; *start_soon* is that of a nursery around it."""
    place = Path(path)
    too_slow = ConnectFailed(str(place), f"no answer within {limits.handshake_seconds:g} s")
    with until(trio.current_time() + limits.handshake_seconds, too_slow):
        stream = await _dial(place)
    try:
        peer = _trusted_peer(stream)
    except PermissionError as error:
        stream.socket.close()
        raise ConnectFailed(str(place), str(error)) from None
    return unix_link(GuardedStream(stream, limits.send_seconds), Role.CLIENT, peer, limits, start_soon)


async def _dial(place: Path) -> trio.SocketStream:
    try:
        return await _connect(os.fspath(place))
    except (FileNotFoundError, ConnectionRefusedError):
        raise ConnectFailed(str(place), _NOBODY_THERE) from None
    except (OSError, ValueError) as error:
        raise ConnectFailed(str(place), getattr(error, "strerror", None) or str(error)) from None


async def _connect(place: str) -> trio.SocketStream:
    """Connect, and wait for as long as there is a crowd before the door that the server has not let in.

    Trio takes that for a connection that has begun; a Unix socket's has not.
    """
    sock = trio.socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        while True:
            with plain_socket(sock) as plain, contextlib.suppress(BlockingIOError):
                plain.connect(place)
                return trio.SocketStream(sock)
            await trio.sleep(_AGAIN_SECONDS)
    except BaseException:
        sock.close()
        raise


@asynccontextmanager
async def _open_link(loop: AcceptLoop, stream: trio.SocketStream) -> AsyncIterator[Link]:
    guard = GuardedStream(stream, loop.limits.send_seconds)
    try:
        peer = _trusted_peer(stream)
        loop.admit(guard)
    except PermissionError as error:
        raise LinkClosed(f"refused: {error}") from None
    except LimitExceeded as error:
        _say(stream, error)
        raise LinkClosed(f"refused: {error}") from None
    link = unix_link(guard, Role.SERVER, peer, loop.limits, loop.start_soon)
    try:
        yield link
    finally:
        await link.aclose()
        loop.forget(guard)


def _say(stream: trio.SocketStream, error: LimitExceeded) -> None:
    """Tell a client why it is not let in, if its socket takes it: an answer to nothing that it asked."""
    document = bytes(MSGPACK.encode(failure_document(None, ErrorTable().describe(error))))
    with contextlib.suppress(OSError):
        os.write(stream.socket.fileno(), pack(document))


def _trusted_peer(stream: trio.SocketStream) -> str:
    """Name the process at the other end. PermissionError if it is not of our own user."""
    size = _CREDENTIALS.size
    raw = stream.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    pid, uid, _ = _CREDENTIALS.unpack(raw)
    if uid != os.geteuid():
        raise PermissionError(f"the other end belongs to user {uid}, not to {os.geteuid()}")
    return f"process {pid}"


def _prepare_directory(directory: Path) -> None:
    """Have a directory that nobody else can enter, or refuse."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.lstat()
    except OSError as error:
        raise _cannot_listen(directory, error.strerror or str(error)) from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise _cannot_listen(directory, "it must be a directory of this user")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise _cannot_listen(directory, "its mode must be 0700: nobody else may enter it")


async def _remove_stale(place: Path) -> None:
    """Remove a socket that nobody listens on any more; refuse to take over one that somebody does."""
    found = _present(place)
    if found is None:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise _cannot_listen(place, "something that is no socket is in the way")
    with contextlib.suppress(ConnectionRefusedError, FileNotFoundError):
        (await trio.open_unix_socket(place)).socket.close()
        raise _cannot_listen(place, "another server listens there already")
    _unlink_if(place, found)


def _present(place: Path) -> os.stat_result | None:
    try:
        return place.lstat()
    except FileNotFoundError:
        return None


async def _listen(place: Path) -> tuple[trio.SocketListener, os.stat_result]:
    sock = trio.socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        await sock.bind(os.fspath(place))
        born = _restrict(place)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise _cannot_listen(place, error.strerror or str(error)) from None
    return trio.SocketListener(sock), born


def _restrict(place: Path) -> os.stat_result:
    place.chmod(0o600)
    return place.lstat()


def _unlink_if(place: Path, known: os.stat_result) -> None:
    """Remove the socket file if it is still the one we know: a later server may have replaced it."""
    found = _present(place)
    if found is not None and (found.st_dev, found.st_ino) == (known.st_dev, known.st_ino):
        place.unlink(missing_ok=True)


def _cannot_listen(place: Path, reason: str) -> CannotListen:
    return CannotListen(str(place), reason)
