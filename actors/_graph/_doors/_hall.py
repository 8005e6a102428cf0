"""The hall behind a door: every accepted link becomes a session actor in a scope of its own.

What all sessions of a door need once is here once, for a session's life is mostly scopes and tasks: the nursery of
their actors, and somebody who learns that the door closes and says goodbye to all.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import trio

from actors._floor import ActorNursery, ActorRef, open_actor_nursery
from actors._graph._alone import open_task_nursery
from actors._graph._errors import SessionError, SessionLost
from actors._graph._ledger._results import Role
from actors._graph._session._session_actor import SessionActor
from actors._graph._supervisor._supervisor import GraphSupervisor
from actors._graph._wire._remote_service import RemoteSessionService
from actors._graph._wire._wire import ERRORS, PROTOCOL_VERSION, Opened, OpenSession
from graphmeta import GraphError
from transport import LimitExceeded, Limits, Link, LinkLost, Opening, Peer, Service

GOODBYE_SECONDS: Final = 1.0
"""For telling the clients of a door that closes; a mute one waits for no longer."""


class Hall:
    """Serves links. Made by `open_hall`."""

    def __init__(self, graph: GraphSupervisor, actors: ActorNursery, limits: Limits | None, trusted: bool) -> None:
        self._graph: Final = graph
        self._actors: Final = actors
        self._limits: Final = limits or graph.limits
        self._trusted: Final = trusted
        self._served: Final[dict[RemoteSessionService, Peer]] = {}
        self._closing = False

    async def serve(self, link: Link) -> None:
        """Run one session over one link: opened by its first request, ended with the connection."""
        before = Service(None, describes=RemoteSessionService)
        peer = Peer(link, limits=self._limits, service=before, errors=ERRORS)
        with suppress(LinkLost):
            opening = await peer.receive_opening(OpenSession)
            role: Role = "read" if link.read_only else "control"
            session = RemoteSessionService(self._graph, opening.params, peer, role, trusted=self._trusted)
            session.on_ended = session.tell_ended
            actor: ActorRef[SessionActor] | None = None
            try:
                actor = await self._enter(session, opening)
                if actor is not None:
                    await self._serve(session, peer)
            finally:
                # In this step, and not by its actor: that may not even have become ready.
                session.end()
                if actor is not None:
                    actor.stop_nowait()

    async def _enter(
        self, session: RemoteSessionService, opening: Opening[OpenSession]
    ) -> ActorRef[SessionActor] | None:
        try:
            actor = await self._actors.start(SessionActor, session, name=f"session {session.name} {session.id}")
        except (GraphError, SessionError, LimitExceeded) as refusal:
            await opening.refuse(refusal)
            return None
        opened = Opened(session.id, self._graph.epoch, self._graph.revision, PROTOCOL_VERSION)
        opening.accept(opened, Service(session, read_only=session.role == "read"))
        return actor

    async def _serve(self, session: RemoteSessionService, peer: Peer) -> None:
        self._served[session] = peer
        if self._closing:
            _part(session, peer)
        try:
            # Shielded, so that a door that closes can still say so.
            await peer.run(shielded=True)
        except LinkLost as error:
            session.reason = str(error)
        finally:
            del self._served[session]

    def say_goodbye(self) -> None:
        """Tell every client that the server stops, those too that are just coming."""
        self._closing = True
        for session, peer in list(self._served.items()):
            _part(session, peer)


def _part(session: RemoteSessionService, peer: Peer) -> None:
    session.end(SessionLost("the server stopped"))
    # Has been done, but for a session that crashed: it ended without a word.
    peer.close()
    # Not for long, since peers may be mute.
    peer.hurry(GOODBYE_SECONDS)


@asynccontextmanager
async def open_hall(
    graph: GraphSupervisor, *, limits: Limits | None = None, trusted: bool = False
) -> AsyncIterator[Hall]:
    """Be ready to serve links for the length of a block; whoever closes it has said goodbye and waited for them."""
    async with open_actor_nursery("door") as actors:
        yield Hall(graph, actors, limits, trusted)


async def serve_link(
    graph: GraphSupervisor, link: Link, *, trusted: bool = False, limits: Limits | None = None
) -> None:
    """Serve one link that came through no door.

    *trusted* is for a link to a child of this process that both ends inherited: its messages are pickles, and are
    loaded. No door ever says so. *limits* are the link's own, if they are not the graph's.
    """
    async with open_hall(graph, limits=limits, trusted=trusted) as hall, open_task_nursery() as nursery:
        nursery.start_soon(_goodbye_when_cancelled, hall)
        await hall.serve(link)


async def _goodbye_when_cancelled(hall: Hall) -> None:
    try:
        await trio.sleep_forever()
    finally:
        hall.say_goodbye()
