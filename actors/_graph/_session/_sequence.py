"""Work that is begun in one order and must be finished in the same, although each piece of it waits."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import trio


class Sequence:
    """Places in a queue, taken synchronously and used one after another."""

    def __init__(self) -> None:
        self._places: Final = deque[object]()
        self._lot: Final = trio.lowlevel.ParkingLot()

    def enter(self) -> object:
        """Take the last place. Whoever does owes `turn`."""
        place = object()
        self._places.append(place)
        return place

    @asynccontextmanager
    async def turn(self, place: object) -> AsyncIterator[None]:
        """Wait until everybody who came before has finished or given up, and leave the queue after the block."""
        try:
            while self._places[0] is not place:
                await self._lot.park()
            yield
        finally:
            self._places.remove(place)
            self._lot.unpark_all()
