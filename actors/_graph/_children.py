"""Sessions between a process and its own children, over socket pairs that they inherit.

A child is no peer at the door: it was started by us, and its messages are pickles that both ends load.
"""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from transport import Limits, Role, inherited_link, patient

from ._door import serve_link
from ._open import Graph
from ._remote import session_over
from ._session import Session


async def serve_child(graph: Graph, sock: socket.socket, peer: str, *, beside: socket.socket | None = None) -> None:
    """Serve one session to a child called *peer* over our end of a pair, until either end is closed.

    *beside* is our end of a second pair, for large messages (`bypass_pair`); it stays the caller's.
    """
    supervisor = graph._supervisor
    limits = patient(supervisor.limits)
    async with inherited_link(sock, Role.SERVER, peer=peer, limits=limits, beside=beside) as link:
        await serve_link(supervisor, link, trusted=True, limits=limits)


@asynccontextmanager
async def open_child_session(
    sock: socket.socket, name: str, *, beside: socket.socket | None = None
) -> AsyncIterator[Session]:
    """Join the graph of the parent process over the child's end of a pair; otherwise as `open_session`."""
    limits = patient(Limits())
    async with (
        inherited_link(sock, Role.CLIENT, peer="parent", limits=limits, beside=beside) as link,
        session_over(link, name, limits, trusted=True) as session,
    ):
        yield session
