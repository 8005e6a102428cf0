"""How far the tasks of a runner's units are."""

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import trio

from actors._graph import SessionLost, SessionReleased


@attrs.define(eq=False)
class Progress:
    """How far the tasks of all units are; shared by the units of one runner."""

    started: trio.Event = attrs.field(factory=trio.Event)
    """Set when every unit is ready: no message is sent before its subscribers are there."""
    done: trio.Event = attrs.field(factory=trio.Event)
    """Set when every task has ended, or one asked for the end of all."""
    running: int = 0

    def enter(self) -> None:
        """A task was made."""
        self.running += 1

    def leave(self) -> None:
        """A task has ended."""
        self.running -= 1
        if not self.running and self.started.is_set():
            self.done.set()

    def start(self) -> None:
        """Let the tasks go."""
        self.started.set()
        if not self.running:
            self.done.set()

    async def unless_lost(self, run: Callable[..., Awaitable[None]], *args: Any) -> None:
        """Run until the session ends under all units at once: its block says so, once, and stops them."""
        try:
            await run(*args)
        except (SessionLost, SessionReleased):
            await trio.sleep_forever()
