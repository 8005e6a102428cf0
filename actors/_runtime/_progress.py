"""How far a run is: which components are at work, what failed, and whether it is over. One per process of a run."""

import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

import trio

from actors._graph import SessionLost, SessionReleased

from ._failures import Failure

_LOG: Final = logging.getLogger("actors")
FAILURES_KEPT: Final = 128
"""The newest; an error keeps its traceback and all that hangs on it."""


class Progress:
    """Shared by everything that runs under one session."""

    def __init__(self, on_failure: Callable[[Failure], None] = lambda failure: None) -> None:
        self.started: Final = trio.Event()
        """Set when every component is ready: no message is sent before its subscribers are there."""
        self.done: Final = trio.Event()
        """Set when every component has done its work, or one asked for the end of all."""
        self.failures: Final = deque[Failure](maxlen=FAILURES_KEPT)
        self.told = False
        """Whether the end of the run was asked for, by a unit or by whoever holds the runner."""
        self.begun = False
        """Whether anything has started, so that the components are used up."""
        self._busy: Final = set[str]()
        self._on_failure: Final = on_failure

    @property
    def busy(self) -> int:
        """How many components have work to do."""
        return len(self._busy)

    def begin(self, address: str) -> None:
        """A component has work to do; between two lives it still has."""
        self._busy.add(address)

    def finish(self, address: str) -> None:
        """A component has done its work, or will not come back. Calling again changes nothing."""
        self._busy.discard(address)
        if not self._busy and self.started.is_set():
            self.done.set()

    def start(self) -> None:
        """Let the components go."""
        self.started.set()
        if not self._busy:
            self.done.set()

    def end(self) -> None:
        """End the run, whatever work there is: whoever waits for it need not wait any more."""
        self.told = True
        self.done.set()

    def fail(self, address: str, error: BaseException) -> None:
        """Note what failed, whatever follows."""
        failure = Failure(address, error, time.time())
        self.failures.append(failure)
        self._on_failure(failure)

    def leave_out(self, address: str, error: Exception) -> None:
        """Note a message that a component cannot take, and goes on without. Nothing else shows it: so it is logged."""
        _LOG.warning("%s goes on without a message that it cannot take: %s", address, error)
        self.fail(address, error)

    async def unless_lost(self, run: Callable[..., Awaitable[None]], *args: Any) -> None:
        """Run until the session ends under all components at once: its block says so, once, and stops them."""
        try:
            await run(*args)
        except (SessionLost, SessionReleased):
            await trio.sleep_forever()
