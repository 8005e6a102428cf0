"""Links over a pair of sockets that two processes of one program have inherited.

There is no door and no way in for strangers: whoever holds the other end was given it. Frames are those of a Unix
socket. A process of ours may be deaf for as long as it computes, so nothing here is ended for being silent or slow;
the kernel says when it is gone.
"""

import math
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import attrs
import trio

from transport._limits import Limits
from transport._link._guard import GuardedStream
from transport._link._link import About, Link, Role
from transport._link._stream_link import StartSoon, StreamLink, in_own_nursery

from ._unix import UnixFraming

GIB: Final = 1024**3


def own_limits(limits: Limits) -> Limits:
    """The same limits for a process of our own: it may take its time, and its messages may be large."""
    return attrs.evolve(
        limits,
        open_seconds=math.inf,
        send_seconds=math.inf,
        heartbeat_interval=math.inf,
        client_document_bytes=GIB,
        server_document_bytes=GIB,
        decoded_bytes=4 * GIB,
        beside_bytes=4 * GIB,
    )


@asynccontextmanager
async def inherited_link(
    sock: socket.socket, role: Role, *, peer: str, limits: Limits | None = None
) -> AsyncIterator[Link]:
    """Make a link of one end of a socket pair, and take it over; it is closed when the block is left."""
    limits = limits or Limits()
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(sock))
    about = About(role, peer, in_place=True)
    guard = GuardedStream(stream, limits.send_seconds)

    async def reach(start_soon: StartSoon) -> Link:
        return StreamLink(guard, UnixFraming(role, limits), about, limits, start_soon)

    async with in_own_nursery(reach) as link:
        yield link
