"""The two doors of the graph floor: `open_graph` starts a supervisor, `open_session` joins one, here or elsewhere."""

import os
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Final

import attrs
import trio

from actors._floor import open_actor_nursery
from actors._graph._ledger import _commands as ask
from actors._graph._ledger._results import EdgeResult, SessionInfo
from actors._graph._session._local import open_local_session
from actors._graph._session._session import Session
from actors._graph._storage._journal import FLUSH_SECONDS, Journal
from actors._graph._storage._state_file import StateFile
from actors._graph._supervisor._supervisor import GraphSupervisor
from actors._graph._wire._remote import Way, open_remote_session
from graphmeta import Edge, GraphSnapshot
from transport import LimitExceeded, Limits

from ._tickets import ticket_for


class Graph:
    """A graph that lives in this process. Made by `open_graph`; what it connects is persistent."""

    def __init__(self, supervisor: GraphSupervisor) -> None:
        self._supervisor: Final = supervisor

    def __repr__(self) -> str:
        return f"<graph {self._supervisor.epoch} revision {self._supervisor.revision}>"

    def snapshot(self) -> GraphSnapshot:
        """The whole graph as of now, in one step.

        What came over a wire before anybody in this process looked is frozen in that step, at some 3 µs a component;
        `Session.snapshot` does it while others run.
        """
        return self._supervisor.shown.snapshot_at_once()

    def sessions(self) -> tuple[SessionInfo, ...]:
        """Every session, in the order of their start."""
        return self._supervisor.sessions()

    def connect(self, from_topic: str, to_topic: str) -> EdgeResult:
        """Hold a persistent edge. Raises `CycleError` or `InvalidTopic`; then nothing changed.

        It is there at once; where there is a state file, `wait_stored` tells when it is in that, too.
        """
        command = ask.Connect((Edge(from_topic, to_topic),), persistent=True)
        return self._supervisor._submit(None, command)[0]

    def disconnect(self, from_topic: str, to_topic: str) -> EdgeResult:
        """Let go of a persistent edge."""
        command = ask.Disconnect((Edge(from_topic, to_topic),), persistent=True)
        return self._supervisor._submit(None, command)[0]

    async def wait_stored(self) -> None:
        """Wait until all persistent changes so far are in the state file; without one there is nothing to wait for.

        Raises `StorageFailed` when the file does not take them; they are undone then.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        await self._supervisor.stored(None)

    async def wait_closed(self) -> None:
        """Wait until a session shuts the graph down."""
        await self._supervisor.closed.wait()


@asynccontextmanager
async def open_graph(
    *, limits: Limits | None = None, state: str | os.PathLike[str] | None = None
) -> AsyncIterator[Graph]:
    """Run a graph supervisor for the length of a block.

    When the block ends, every session of the graph ends with `SessionLost` in its body, and every door closes. An
    exception of the block leaves as itself. ::

        async with open_graph() as graph:
            async with open_session(graph, name="front-end") as session: ...

    With *state*, the path of a file, persistent edges outlive this block and the process: they are read from there
    first, and whoever connects one is answered when it is on the disk. Raises `StateFileBusy`, `StateFileForeign`,
    `StateFileNewer`, `StateFileDamaged`, `StateFileTooLarge` or `StateFileUnwritable`, and then nothing has changed;
    and `StorageFailed` at the end, when what was left could not be written.
    """
    async with _open_journal(state) as journal:
        supervisor = _supervisor(limits or Limits(), journal)
        async with open_actor_nursery("graph") as nursery:
            # An actor is made by whoever starts it; this one is made first, because the handle needs it.
            await nursery.start(partial(_itself, supervisor), name="supervisor")
            try:
                yield Graph(supervisor)
            finally:
                supervisor.close()


@asynccontextmanager
async def _open_journal(state: str | os.PathLike[str] | None) -> AsyncIterator[Journal | None]:
    if state is None:
        yield None
        return
    file = await trio.to_thread.run_sync(StateFile, state)
    try:
        yield Journal(file)
    finally:
        with trio.move_on_after(FLUSH_SECONDS, shield=True):
            await trio.to_thread.run_sync(file.close, abandon_on_cancel=True)


def open_session(
    target: Graph | str,
    *,
    name: str,
    token: str | None = None,
    ssl_context: ssl.SSLContext | None = None,
    insecure: bool = False,
    limits: Limits | None = None,
) -> AbstractAsyncContextManager[Session]:
    """Join a graph, in this process or at a URL, for the length of a block; leaving it releases everything.

    *target* is what `open_graph` yields, or a URL: ``ws://host:port``, ``wss://host:port``, ``unix:///path``. *token*
    admits to a websocket; for one that `serve_host` serves to this user it is found. *ssl_context* says whom to trust
    (by default the system's authorities), and *insecure* lets a token cross a network without TLS. When the session
    ends before the block, the block is cancelled and `SessionLost` or `SessionReleased` is raised. After the block, no
    snapshot that anyone takes shows what the session owned.

    A ``ws://`` address alone names a graph: one that `serve_host` serves to this user is joined through its Unix
    socket, where large messages are quickest, and through the websocket if nobody listens there. With a *token* it
    names a door: that websocket, with just the rights that the token gives.
    """
    if isinstance(target, Graph):
        return open_local_session(target._supervisor, name)
    way = Way(target, token, ssl_context, insecure)
    return open_remote_session(_as_found(way) if token is None else way, name, limits or Limits())


def _as_found(way: Way) -> Way:
    """With what the ticket says of the graph at that address, if there is one on this host."""
    ticket = ticket_for(way.url)
    if ticket is None:
        return way
    # Not for wss://: who asks for TLS must get it, or learn that the certificate does not hold.
    socket = ticket.socket if way.url.startswith("ws://") else ""
    return attrs.evolve(way, token=ticket.token, socket=socket)


def _supervisor(limits: Limits, journal: Journal | None) -> GraphSupervisor:
    try:
        return GraphSupervisor(limits, journal)
    except LimitExceeded as error:
        if journal is None:
            raise
        raise journal.too_large(error) from None


def _itself(supervisor: GraphSupervisor) -> GraphSupervisor:
    return supervisor
