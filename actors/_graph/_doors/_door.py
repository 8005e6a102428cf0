"""The served door: every accepted link becomes a session actor in a nursery of its own."""

import os
import ssl
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, Final, NoReturn

import attrs
import trio

from actors._floor import open_actor_nursery
from actors._graph._alone import open_task_nursery
from actors._graph._errors import SessionError, SessionLost
from actors._graph._ledger._results import Role
from actors._graph._session._session_actor import SessionActor
from actors._graph._supervisor._supervisor import GraphSupervisor
from actors._graph._wire._remote_service import RemoteSessionService
from actors._graph._wire._wire import ERRORS, PROTOCOL_VERSION, Opened, OpenSession
from graphmeta import GraphError
from transport import (
    HandshakePolicy,
    LimitExceeded,
    Limits,
    Link,
    LinkLost,
    Opening,
    Peer,
    Service,
    new_token,
    serve_unix_links,
    serve_websocket_links,
)

from ._open import Graph

GOODBYE_SECONDS: Final = 1.0
"""For telling the clients of a door that closes; a mute one waits for no longer."""


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
    async with open_task_nursery() as nursery:
        handler = partial(serve_link, supervisor)
        started(await nursery.start(partial(serve, handler, limits=supervisor.limits)))
        await supervisor.closed.wait()


async def serve_link(
    graph: GraphSupervisor, link: Link, *, trusted: bool = False, limits: Limits | None = None
) -> None:
    """Run one session over one link: opened by its first request, ended with the connection.

    *trusted* is for a link to a child of this process that both ends inherited: its messages are pickles, and are
    loaded. No door ever says so. *limits* are the link's own, if they are not the graph's.
    """
    before = Service(None, describes=RemoteSessionService)
    peer = Peer(link, limits=limits or graph.limits, service=before, errors=ERRORS)
    with suppress(LinkLost):
        opening = await peer.receive_opening(OpenSession)
        await _run_session(graph, peer, opening, "read" if link.read_only else "control", trusted)


async def _run_session(
    graph: GraphSupervisor, peer: Peer, opening: Opening[OpenSession], role: Role, trusted: bool
) -> None:
    session = RemoteSessionService(graph, opening.params, peer, role, trusted=trusted)
    session.on_ended = session.tell_ended
    try:
        async with open_actor_nursery(f"session {session.name}") as nursery:
            try:
                await nursery.start(SessionActor, session, name="session")
            except (GraphError, SessionError, LimitExceeded) as refusal:
                await opening.refuse(refusal)
                return
            opened = Opened(session.id, graph.epoch, graph.revision, PROTOCOL_VERSION)
            opening.accept(opened, Service(session, read_only=role == "read"))
            await _serve(session, peer)
    finally:
        # As in process: for the moment between entering the ledger and being ready.
        session.end()


async def _serve(session: RemoteSessionService, peer: Peer) -> None:
    async with open_task_nursery() as nursery:
        serving = trio.CancelScope(shield=True)
        nursery.start_soon(_say_goodbye, session, serving)
        # Shielded, so that a door that closes can still say so; not for long, since peers may be mute.
        with serving:
            await _run(session, peer)


async def _run(session: RemoteSessionService, peer: Peer) -> None:
    try:
        await peer.run()
    except LinkLost as error:
        session.reason = str(error)


async def _say_goodbye(session: RemoteSessionService, serving: trio.CancelScope) -> None:
    try:
        await trio.sleep_forever()
    finally:
        session.end(SessionLost("the server stopped"))
        serving.deadline = trio.current_time() + GOODBYE_SECONDS
