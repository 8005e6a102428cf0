"""A session's place in its graph: who it is, from its entry into the ledger until its one end.

What ends with it stands here: its flows, its watches, and whatever waits for an answer on its behalf. Identity is made
here and never taken from a caller. Knows nothing of what a session may ask.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

import trio

from actors._data import Flow
from actors._floor import ActorError
from actors._graph._errors import SessionEnded, SessionError, SettingsRefused
from actors._graph._ledger import _commands as ask
from actors._graph._ledger._bounds import check
from actors._graph._ledger._results import Role
from actors._graph._nobody import nobody
from actors._graph._software import SOFTWARE
from actors._graph._supervisor._supervisor import GraphSupervisor
from actors._graph._supervisor._watch import Watch

R = TypeVar("R")

SettingsPort = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""Takes an address and values by path, has the owning unit take them, and returns its readable settings."""


class Membership:
    """Who a session is to its graph, and whether it still is: identity, entry, one end."""

    software = SOFTWARE
    """What the session's own process runs, as far as it is known."""
    role: Role = "control"
    """What it was let in for."""

    def __init__(self, graph: GraphSupervisor, name: str, peer: str = "local") -> None:
        self.id: Final = uuid4()
        self.name: Final = name
        self.peer: Final = peer
        self.ending: SessionError | None = None
        """Why the session ended before its body did; None when it ended with it."""
        self.reason = "closed"
        """What the end event says."""
        self.on_ended: Callable[[], None] = nobody
        """Called once, synchronously, when the session ends before its body."""
        self.start_soon: Callable[..., None]
        self.settings_port: SettingsPort | None = None
        self.flows: dict[int, Flow] = {}
        """The data path of each open endpoint, by its number."""
        self.over = False
        self._waiting: set[trio.CancelScope] = set()
        """What waits for an answer that nobody needs, or gives, when the session has ended."""
        self._watches: set[Watch] = set()
        self._graph: Final = graph

    def __repr__(self) -> str:
        return f"<session {self.name!r} {self.id}{' ended' if self.over else ''}>"

    def begin(self, start_soon: Callable[..., None]) -> None:
        """Enter the ledger; from here on `end` is owed. *start_soon* starts tasks in the session's own nursery."""
        self.start_soon = start_soon
        self._graph.admit(self, self.peer)

    @trio.lowlevel.enable_ki_protection
    def end(self, error: SessionError | None = None, by: UUID | None = None) -> None:
        """Release everything in one step; with *error*, tell the body why. Idempotent."""
        if self.over:
            return
        self.over = True
        self.ending = error
        self._graph.dismiss(self, str(error) if error else self.reason, by)
        self._close_all(error or SessionEnded(self.name))
        on_ended, self.on_ended, self.start_soon = self.on_ended, nobody, nobody
        if error is not None:
            on_ended()

    def _close_all(self, failure: Exception) -> None:
        for flow in tuple(self.flows.values()):
            flow.close(failure)
        self.flows.clear()
        for scope in self._waiting:
            scope.cancel()
        self._graph.router.resume(self.id)
        for watch in tuple(self._watches):
            watch.close(failure)
            self.close_watch(watch)

    async def while_open(self, answer: Awaitable[R], over: Exception | None = None) -> R:
        """Wait for an answer until the session ends; then raise *over*, or why it ended."""
        with trio.CancelScope() as scope:
            self._waiting.add(scope)
            try:
                return await answer
            finally:
                self._waiting.discard(scope)
        raise over or self.ending or SessionEnded(self.name)

    def silent(self) -> float:
        """Seconds since the link was last heard; a session in process is never silent."""
        return 0.0

    async def apply_settings(self, address: str, values: dict[str, Any]) -> Any:
        """Hand settings to the unit behind this session. `SettingsRefused` also when the session ends meanwhile."""
        return await self.while_open(self._ask_unit(address, values), SettingsRefused(address, "its session ended"))

    async def _ask_unit(self, address: str, values: dict[str, Any]) -> Any:
        if self.settings_port is None:
            raise SettingsRefused(address, "its session takes no live settings")
        try:
            return await self.settings_port(address, values)
        except ActorError as error:
            raise SettingsRefused(address, str(error)) from None

    def open_watch(self, after: int | None, epoch: UUID | None) -> Watch:
        """Begin a watch that ends with the session at the latest."""
        self._alive()
        check("watches_per_session", self._graph.limits, len(self._watches) + 1)
        watch = self._graph.watch(after, epoch)
        self._watches.add(watch)
        return watch

    def close_watch(self, watch: Watch) -> None:
        """End a watch. Calling again changes nothing."""
        self._watches.discard(watch)
        self._graph.unwatch(watch)

    def _submit(self, command: ask.Command[R]) -> R:
        if self.over:
            raise SessionEnded(self.name)
        return self._graph._submit(self.id, command)

    def _alive(self) -> None:
        if self.over:
            raise SessionEnded(self.name)
