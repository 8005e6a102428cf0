"""What the graph no longer needs, let go a little at a time.

Python frees at once, and whole, what nobody holds any longer: the records of 20,000 components take 30 ms. So whoever
drops something large hands its pieces over in that very step, before it drops them, and a task lets go of a few at a
time. What others still hold simply stays. This file knows pieces, not what they are pieces of; nothing here changes
the state of the graph.
"""

from collections import deque
from collections.abc import Generator, Iterable
from typing import Final

import trio

from actors._graph._slices import in_slices


class Discard:
    """A heap of pieces, and the work of letting go of them."""

    def __init__(self) -> None:
        self._heaps: Final = deque[list[object]]()
        self._work: Final = trio.lowlevel.ParkingLot()

    def __len__(self) -> int:
        return sum(map(len, self._heaps))

    def put(self, pieces: Iterable[object]) -> None:
        """Hold *pieces* until there is time to let go of them."""
        heap = [*pieces]
        if heap:
            self._heaps.append(heap)
            self._work.unpark()

    async def run(self) -> None:
        """Let go of what comes, until cancelled."""
        while True:
            while not self._heaps:
                await self._work.park()
            await in_slices(self._emptied(self._heaps.popleft()))

    @staticmethod
    def _emptied(heap: list[object]) -> Generator[None, None, None]:
        while heap:
            heap.pop()
            yield
