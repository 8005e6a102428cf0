"""The task that brings actors back: stop those who fall with the crashed one, wait, start all in order.

A further crash among them, or beside them, replaces the recovery by one for all concerned, from the top. So a
recovery only waits; whatever it does between two waits is synchronous and can be done again.
"""

from collections.abc import Callable

import trio

from ._cell import Cell
from ._policy import Told
from ._slot import Slot


class Recovery:
    """Bringing back `cells`, which stand in the order in which they start."""

    __slots__ = ("cells", "delay", "falling", "scope")

    def __init__(self, cells: list[Cell], delay: float) -> None:
        self.cells = cells
        self.falling = set(cells)
        """those not down yet; if one crashes now, it only does what it was about to be told"""
        self.delay = delay
        self.scope = trio.CancelScope()

    @trio.lowlevel.enable_ki_protection
    async def run(self, spawn: Callable[[Cell], None], done: Callable[["Recovery"], None]) -> None:
        """Do it, and say when all are ready. Replaced means cancelled: nothing more is done, not one step."""
        with self.scope:
            for cell in reversed(self.cells):
                if cell.spawned and not self.scope.cancel_called:
                    cell.end(Told.RESTART)
                    await cell.wait_over()
            self.falling.clear()
            await trio.sleep(self.delay)
            for cell in self.cells:
                if not cell.gone and not self.scope.cancel_called:
                    await start_and_wait(cell, Slot(cell), spawn)
        if not self.scope.cancel_called:
            done(self)


async def start_and_wait(cell: Cell, slot: Slot, spawn: Callable[[Cell], None]) -> None:
    """Begin a life and wait until it is ready, or has failed."""
    cell.starting = slot
    spawn(cell)
    try:
        await slot.wait()
    finally:
        if cell.starting is slot:
            cell.starting = None
