"""The session as an actor: its task is its life. When the task ends, for whatever reason, the session is released."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import trio

from actors._floor import Actor
from actors._graph._errors import SessionError
from graphmeta import GraphError

from ._service import SessionService


class SessionActor(Actor):
    """Holds a session open. It enters the ledger when it starts and leaves it in its own task's ``finally``."""

    expected = (GraphError, SessionError)

    def __init__(self, service: SessionService) -> None:
        self._service: Final = service

    async def started(self) -> None:
        """Enter the ledger: the last step of the start, so that nothing is owned before the release is armed."""
        self._service.begin(self._spawn)

    @trio.lowlevel.enable_ki_protection
    async def stopping(self) -> None:
        """Leave the ledger: one synchronous step, without a checkpoint."""
        self._service.end()

    def _spawn(self, task: Callable[..., Awaitable[object]], *args: Any) -> None:
        self.nursery.start_soon(task, *args)
