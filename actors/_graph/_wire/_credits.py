"""Credits that a client gives back a turn later than it could: whoever took a message handles it first.

To tell the server of a credit takes longer than to take a message, and the one who waits for the message is here. What
is owed by then goes in one word. Knows nothing of messages.
"""

from typing import Final, Protocol

import trio


class Debtor(Protocol):
    """An endpoint that owes credits."""

    def give_back(self) -> None:
        """Give back what is owed, if there still is something."""


class Credits:
    """Those of one session's endpoints."""

    def __init__(self) -> None:
        self._owing: Final = dict[Debtor, None]()
        self._ready: Final = trio.lowlevel.ParkingLot()

    def give_back_later(self, debtor: Debtor) -> None:
        """Have it give back in the next turn; never waits."""
        self._owing[debtor] = None
        if self._ready:
            self._ready.unpark()

    async def run(self) -> None:
        """Give back, until cancelled."""
        while True:
            while self._owing:
                self._owing.popitem()[0].give_back()
            await self._ready.park()
