"""The served doors: where a graph is served, to whom, and until when."""

import os
import ssl
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, NoReturn

import attrs
import trio

from actors._graph._alone import open_task_nursery
from transport import HandshakePolicy, new_token, serve_unix_links, serve_websocket_links

from ._hall import open_hall
from ._open import Graph


@attrs.frozen
class Door:
    """Where a graph is served, and what admits to it."""

    url: str
    token: str | None = attrs.field(default=None, repr=False)
    """None where the kernel vouches for the client instead: on a Unix socket."""
    read_token: str | None = attrs.field(default=None, repr=False)
    """Another one, for clients that may only look, if the door was given one."""


async def serve_websocket(
    graph: Graph,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    token: str | None = None,
    read_token: str | None = None,
    ssl_context: ssl.SSLContext | None = None,
    insecure: bool = False,
    origins: Iterable[str] = (),
    hosts: Iterable[str] = (),
    task_status: trio.TaskStatus[Door] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve *graph* to websocket sessions until cancelled, or until the graph is closed.

    By default on a free port of 127.0.0.1 and with a fresh token of 256 bits. Who brings the *read_token* instead may
    look, ask and watch; whatever changes something is refused with `NotPermitted`. Off loopback a door needs an
    *ssl_context*, or ``insecure=True``. Web pages may connect only from the *origins* listed; *hosts* are further
    names of this server. What is started is a `Door`::

        door = await nursery.start(serve_websocket, graph)

    A client that breaks the rules loses its own connection, nothing else. Raises `CannotListen`.
    """
    policy = HandshakePolicy(
        token=token or new_token(),
        read_token=read_token,
        origins=frozenset(origins),
        hosts=frozenset(hosts),
        insecure=insecure,
    )
    serve = partial(serve_websocket_links, host=host, port=port, policy=policy, ssl_context=ssl_context)
    await _serve_until_closed(
        graph, serve, lambda listening: task_status.started(Door(listening.url, policy.token, policy.read_token))
    )


async def serve_unix(
    graph: Graph,
    path: str | os.PathLike[str],
    *,
    task_status: trio.TaskStatus[Door] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve *graph* on a Unix socket to processes of this user; otherwise as `serve_websocket`.

    Its directory must belong to this user alone. There is no token: the kernel says who connects.
    """
    serve = partial(serve_unix_links, path=path)
    await _serve_until_closed(graph, serve, lambda place: task_status.started(Door(f"unix://{place}")))


async def _serve_until_closed(
    graph: Graph, serve: Callable[..., Awaitable[NoReturn]], started: Callable[[Any], None]
) -> None:
    supervisor = graph._supervisor
    async with open_hall(supervisor) as hall, open_task_nursery() as nursery:
        serving = partial(serve, hall.serve, limits=supervisor.limits, on_closing=hall.say_goodbye)
        started(await nursery.start(serving))
        await supervisor.closed.wait()
