"""Which graph a command speaks to: an address that was given, or the one that runs on this host."""

import argparse
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from actors._graph import (
    ConnectionRefused,
    NoRuntimeFolder,
    NotRunning,
    Session,
    Ticket,
    Way,
    open_session,
    runtime_folder,
    tickets,
)

from ._errors import SeveralGraphs, UsageError
from ._token_files import read_token

ADVICE: Final = "start one with `trellis demo` or `trellis serve`, or name one with --graph URL"
COMMAND: Final = "trellis "
"""How the name of a command's session begins."""


def add_target(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a graph."""
    parser.add_argument(
        "--graph",
        metavar="URL",
        default=os.environ.get("TRELLIS_GRAPH"),
        help="address of the graph (default: $TRELLIS_GRAPH, else the one that runs on this host)",
    )
    parser.add_argument("--token-file", metavar="FILE", type=Path, help="where its token is, if it is not on this host")
    parser.add_argument("--insecure", action="store_true", help="let the token cross a network without TLS")


@asynccontextmanager
async def open_target(args: argparse.Namespace, purpose: str) -> AsyncIterator[Session]:
    """A session with the graph that the arguments name, called ``trellis PURPOSE``."""
    async with AsyncExitStack() as stack:
        join = partial(_join, stack, COMMAND + purpose, insecure=args.insecure)
        yield await _join_first(join, find(args.graph, args.token_file))


async def _join(stack: AsyncExitStack, name: str, way: Way, *, insecure: bool) -> Session:
    return await stack.enter_async_context(open_session(way.url, name=name, token=way.token, insecure=insecure))


async def _join_first(join: Callable[[Way], Awaitable[Session]], ways: tuple[Way, ...]) -> Session:
    *others, last = ways
    for way in others:
        with suppress(NotRunning):
            return await join(way)
    try:
        return await join(last)
    except ConnectionRefused as refusal:
        if last.token is not None:
            raise
        reason = f"{refusal.reason}; none for this address was found here, name its file with --token-file"
        raise ConnectionRefused(refusal.where, reason) from None


def find(url: str | None, token_file: Path | None) -> tuple[Way, ...]:
    """The ways to try, in this order; `NotRunning`, `SeveralGraphs` or `BadToken` when there are none."""
    ticket = _by_url(url) if url else _only(tickets())
    if token_file is not None:
        return (Way(url or _known(ticket).url, _token_in(token_file)),)
    if url:
        return (Way(url, ticket.token if ticket else None),)
    return _ways(_known(ticket))


def _ways(ticket: Ticket) -> tuple[Way, ...]:
    """The Unix socket is quicker, and the kernel says whose it is; but its file may have been swept away."""
    websocket = Way(ticket.url, ticket.token)
    return (Way(ticket.socket), websocket) if ticket.socket else (websocket,)


def _known(ticket: Ticket | None) -> Ticket:
    if ticket is None:
        raise NotRunning("on this host", ADVICE)
    return ticket


def _only(running: list[Ticket]) -> Ticket | None:
    if len(running) > 1:
        raise SeveralGraphs(tuple((ticket.url, ticket.title, ticket.pid) for ticket in running))
    return running[0] if running else None


def _by_url(url: str) -> Ticket | None:
    place = _place(url)
    with suppress(NoRuntimeFolder):  # Whoever names a graph may have no folder of his own.
        return next((ticket for ticket in tickets() if _place(ticket.url) == place), None)
    return None


def _place(url: str) -> tuple[str, str | None, int | None]:
    """What an address names; `UsageError` when it names nothing."""
    try:
        parts = urlsplit(url)
        place = (parts.scheme, parts.hostname, parts.port)
    except ValueError:
        place = ("", None, None)
    if place[0] == "unix":
        return ("unix", parts.path, None)
    if place[0] not in ("ws", "wss") or not place[1]:
        raise UsageError(f"{url!r} is no address; it looks like ws://127.0.0.1:8765")
    return place


def _token_in(path: Path) -> str:
    token, ticket = read_token(path)
    if ticket is not None and _is_kept_here(path) and not ticket.alive():
        # Written on this host by a process that is gone: somebody else may listen at its address.
        raise NotRunning(f"at {ticket.url}", ADVICE)
    return token


def _is_kept_here(path: Path) -> bool:
    with suppress(NoRuntimeFolder):
        return path.resolve().parent == runtime_folder().resolve()
    return False
