"""A graph served to this host: a loopback websocket, a Unix socket, and a ticket by which clients find both."""

import os
from functools import partial
from typing import Any, Final

import attrs
import trio

from actors._graph._alone import open_task_nursery
from transport import new_token

from ._door import Door, serve_unix, serve_websocket
from ._open import Graph
from ._tickets import published, runtime_folder

LONGEST_SOCKET: Final = 100
"""Bytes of a path that every system's sockets can have."""


@attrs.frozen
class Host:
    """Where a graph is served on this host."""

    url: str
    token: str = attrs.field(repr=False)
    socket: str
    """The URL of the Unix socket; empty where the runtime folder's path is too long for one."""
    ticket: str
    """The file, readable by this user only, that says all of this."""
    read_token: str = attrs.field(repr=False)
    """What admits to looking only."""
    read_token_file: str
    """The same file with that token."""


async def serve_host(
    graph: Graph,
    *,
    port: int = 0,
    read_token: str | None = None,
    title: str = "",
    task_status: trio.TaskStatus[Host] = trio.TASK_STATUS_IGNORED,
    **options: Any,
) -> None:
    """Serve *graph* to the processes of this user until cancelled, or until the graph is closed.

    The commands of the command line find it by themselves; where there are several graphs, they tell them apart by
    their *title*. The tokens are fresh ones unless they are given. ``options`` are those of `serve_websocket`; what is
    started is a `Host`. Raises `CannotListen`.
    """
    async with open_task_nursery() as nursery:
        serve = partial(serve_websocket, graph, port=port, read_token=read_token or new_token(), **options)
        door: Door = await nursery.start(serve)
        path = runtime_folder() / f"{os.getpid()}-{door.url.rpartition(':')[2]}.sock"
        socket = ""
        if len(os.fsencode(path)) <= LONGEST_SOCKET:
            unix: Door = await nursery.start(partial(serve_unix, graph, path))
            socket = unix.url
        assert door.token is not None
        assert door.read_token is not None
        with published(door.url, door.token, socket, door.read_token, title) as files:
            task_status.started(Host(door.url, door.token, socket, str(files.ticket), door.read_token, str(files.read)))
            await graph.wait_closed()
