"""Between two messages: lets a change of settings in only when no handler of the unit is at work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio


class Gate:
    """Handlers pass one message each; a change waits for them to finish and holds the next ones back."""

    def __init__(self) -> None:
        self._busy = 0
        self._changing = False
        self._lot = trio.lowlevel.ParkingLot()

    async def wait_open(self) -> None:
        """Wait until no change is under way; no checkpoint when none is."""
        while self._changing:
            await self._lot.park()

    def __enter__(self) -> None:
        """Begin to handle a message, directly after `wait_open`. No generator: each message passes here."""
        self._busy += 1

    def __exit__(self, *_: object) -> None:
        """That message is done with."""
        self._busy -= 1
        if self._changing and not self._busy:
            self._lot.unpark_all()

    @asynccontextmanager
    async def change(self) -> AsyncIterator[None]:
        """A change: alone, and after the messages that were being handled."""
        await self.wait_open()
        self._changing = True
        try:
            while self._busy:
                await self._lot.park()
            yield
        finally:
            self._changing = False
            self._lot.unpark_all()
