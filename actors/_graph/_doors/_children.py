"""Sessions between a process and its own children, over socket pairs that they inherit.

A child is no peer at the door: it was started by us, and its messages are pickles that both ends load.
"""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actors._graph._session._session import Session
from actors._graph._wire._remote import session_over
from transport import Limits, Role, inherited_link, own_limits

from ._hall import serve_link
from ._open import Graph


def child_limits(graph: Graph) -> Limits:
    """The limits of sessions between *graph* and children of this process."""
    return own_limits(graph._supervisor.limits)


async def serve_child(graph: Graph, sock: socket.socket, peer: str) -> None:
    """Serve one session to a child called *peer* over our end of a pair, until either end is closed."""
    supervisor, limits = graph._supervisor, child_limits(graph)
    async with inherited_link(sock, Role.SERVER, peer=peer, limits=limits) as link:
        await serve_link(supervisor, link, trusted=True, limits=limits)


@asynccontextmanager
async def open_child_session(sock: socket.socket, name: str, limits: Limits) -> AsyncIterator[Session]:
    """Join the graph of the parent process over the child's end of a pair; otherwise as `open_session`.

    *limits* are the parent's `child_limits`: both ends must hold the same.
    """
    async with (
        inherited_link(sock, Role.CLIENT, peer="parent", limits=limits) as link,
        session_over(link, name, limits, trusted=True) as session,
    ):
        yield session
