"""The served door: every accepted link becomes a session actor in a nursery of its own."""

import secrets
from contextlib import suppress
from functools import partial

import attrs
import trio

from actors._floor import open_actor_nursery
from graphmeta import GraphError
from transport import (
    HandshakePolicy,
    LimitExceeded,
    Link,
    LinkLost,
    Opening,
    Peer,
    Service,
    serve_websocket_links,
)

from ._errors import SessionError
from ._open import Graph
from ._remote_service import RemoteSessionService
from ._session_actor import SessionActor
from ._supervisor import GraphSupervisor
from ._wire import ERRORS, PROTOCOL_VERSION, Opened, OpenSession


@attrs.frozen
class Door:
    """Where a graph is served, and what admits to it."""

    url: str
    token: str = attrs.field(repr=False)


async def serve_websocket(
    graph: Graph,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    token: str | None = None,
    task_status: trio.TaskStatus[Door] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve *graph* to websocket sessions until cancelled, or until the graph is closed.

    By default on a free port of 127.0.0.1 and with a fresh token of 256 bits. What is started is a `Door` with
    ``url`` and ``token``::

        door = await nursery.start(serve_websocket, graph)

    A client that breaks the rules loses its own connection, nothing else. `OSError` when the port is taken.
    """
    supervisor = graph._supervisor
    policy = HandshakePolicy(token=token or secrets.token_urlsafe(32))
    async with trio.open_nursery() as nursery:
        serve = partial(
            serve_websocket_links,
            partial(serve_link, supervisor),
            host=host,
            port=port,
            policy=policy,
            limits=supervisor.limits,
        )
        listening = await nursery.start(serve)
        task_status.started(Door(listening.url, policy.token))
        await supervisor.closed.wait()
        nursery.cancel_scope.cancel()


async def serve_link(graph: GraphSupervisor, link: Link) -> None:
    """Run one session over one link: opened by its first request, ended with the connection."""
    peer = Peer(link, limits=graph.limits, errors=ERRORS)
    with suppress(LinkLost):
        opening = await peer.receive_opening(OpenSession)
        await _run_session(graph, peer, opening)


async def _run_session(graph: GraphSupervisor, peer: Peer, opening: Opening[OpenSession]) -> None:
    session = RemoteSessionService(graph, opening.params.name, peer, opening.params.software)
    async with open_actor_nursery(f"session {session.name}") as nursery:
        try:
            await nursery.start(SessionActor, session, name="session")
        except (GraphError, SessionError, LimitExceeded) as refusal:
            await opening.refuse(refusal)
            return
        opened = Opened(session.id, graph.epoch, graph.revision, PROTOCOL_VERSION)
        opening.accept(opened, Service(session))
        session.on_ended = session.tell_ended
        await _serve(session, peer)


async def _serve(session: RemoteSessionService, peer: Peer) -> None:
    try:
        await peer.run()
    except LinkLost as error:
        session.reason = str(error)
