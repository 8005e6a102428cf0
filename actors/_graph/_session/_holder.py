"""Whoever can hold edges: a session as a whole, and the ownership scopes inside it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Final

import trio

from actors._graph._errors import ScopeTaken, UnknownScope
from actors._graph._ledger._results import EdgeResult
from graphmeta import Edge

from ._line import Line
from ._service import SessionService


class Holder:
    """Whoever can hold edges: a session, or an ownership scope inside one."""

    def __init__(self, line: Line, scope: str) -> None:
        self._line: Final = line
        self._scope: Final = scope
        self._scopes: Final = set[str]()
        """Scopes inside this one that a block holds open, or is about to."""

    async def connect(self, from_topic: str, to_topic: str, *, persistent: bool = False) -> EdgeResult:
        """Hold the edge; says whether it is new (`Outcome.ADDED`), `SHARED` or `ALREADY_OWNED`.

        With ``persistent=True`` nobody owns it: it outlives every session until a persistent `disconnect`, and the
        server too where it keeps a state file. Raises the first of these that holds, and then nothing changed:
        `SessionEnded`, `InvalidTopic`, `LimitExceeded`, `CycleError` with the path that it would close. Raises
        `StorageFailed` when the file did not take a persistent change, which is undone then.
        """
        if persistent:
            return (await self.connect_many(((from_topic, to_topic),), persistent=True))[0]
        return await self._line.ask(SessionService.connect, from_topic, to_topic, self._scope)

    async def connect_many(
        self, edges: Iterable[tuple[str, str]], *, persistent: bool = False
    ) -> tuple[EdgeResult, ...]:
        """Hold all of the edges in one revision, or none; one result per edge, in order. Errors as in `connect`."""
        pairs = tuple(Edge(*edge) for edge in edges)
        if persistent:
            return await self._line.ask(SessionService.connect_persistent, pairs)
        return await self._line.ask(SessionService.connect_many, pairs, self._scope)

    async def disconnect(self, from_topic: str, to_topic: str, *, persistent: bool = False) -> EdgeResult:
        """Let go of the edge: `Outcome.REMOVED`, `RELEASED` (others still hold it) or `NOT_OWNER`."""
        if persistent:
            return (await self.disconnect_many(((from_topic, to_topic),), persistent=True))[0]
        return await self._line.ask(SessionService.disconnect, from_topic, to_topic, self._scope)

    async def disconnect_many(
        self, edges: Iterable[tuple[str, str]], *, persistent: bool = False
    ) -> tuple[EdgeResult, ...]:
        """Let go of all of the edges in one revision; one result per edge, in order."""
        pairs = tuple(Edge(*edge) for edge in edges)
        if persistent:
            return await self._line.ask(SessionService.disconnect_persistent, pairs)
        return await self._line.ask(SessionService.disconnect_many, pairs, self._scope)

    async def clear(self) -> None:
        """Let go of every edge held here and in the scopes inside."""
        await self._line.ask(SessionService.clear, self._scope)

    @asynccontextmanager
    async def scope(self, name: str) -> AsyncIterator["Scope"]:
        """An ownership scope inside this one: its edges go when its block ends, for whatever reason.

        ``name`` is one path segment that no open scope beside it has. Raises `ScopeTaken` otherwise.
        """
        if "/" in name:
            raise ScopeTaken(name)
        path = f"{self._scope}/{name}" if self._scope else name
        if path in self._scopes:
            raise ScopeTaken(path)
        self._scopes.add(path)
        try:
            await self._open_scope(path)
            try:
                yield Scope(self._line, path)
            finally:
                await self._line.let_go(SessionService.close_scope, path)
        finally:
            self._scopes.discard(path)

    async def _open_scope(self, path: str) -> None:
        try:
            await self._line.ask(SessionService.open_scope, path)
        except trio.Cancelled:
            # Over a wire it may be open all the same; nobody else asked for it, or it would be among ours.
            with suppress(UnknownScope):
                await self._line.let_go(SessionService.close_scope, path)
            raise


class Scope(Holder):
    """A nested owner of edges. Use `connect`, `disconnect`, `clear` and `scope` as on the session."""

    def __repr__(self) -> str:
        return f"<scope {self._scope!r} of session {self._line.name!r}>"
