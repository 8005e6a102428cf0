"""Who is who inside one nursery: unique names, in the order of starting. Nothing global."""

from itertools import count

import trio

from ._cell import Cell
from ._errors import ActorNotFound, NameTaken, NurseryClosed


class Registry:
    """The cells of one nursery. A name is taken from the moment an actor begins to start until it is gone."""

    __slots__ = ("_cells", "_closed", "_path", "_waiting")

    def __init__(self, path: str) -> None:
        self._path = path
        self._cells: dict[str, Cell] = {}
        self._closed = False
        self._waiting: trio.lowlevel.ParkingLot | None = None

    def check_name(self, name: str) -> None:
        if not name:
            raise ValueError("an actor's name cannot be empty")
        if name in self._cells:
            raise NameTaken(name, self._path)

    def free_name(self, base: str) -> str:
        """Make a name that is free: `Counter`, `Counter-2`, ..."""
        if base not in self._cells:
            return base
        return next(name for number in count(2) if (name := f"{base}-{number}") not in self._cells)

    def add(self, cell: Cell) -> None:
        self._cells[cell.name] = cell

    def remove(self, cell: Cell) -> None:
        del self._cells[cell.name]

    def announce(self, cell: Cell) -> None:
        """Let those look who wait for a name: this actor is ready."""
        cell.announced = True
        self._look()

    def close(self) -> None:
        self._closed = True
        self._look()

    def _look(self) -> None:
        if self._waiting is not None:
            self._waiting.unpark_all()

    def cells(self) -> list[Cell]:
        return list(self._cells.values())

    def find(self, name: str) -> Cell:
        """Find the actor of that name, if it has been ready."""
        cell = self._cells.get(name)
        if cell is None or not cell.announced:
            raise ActorNotFound(name, self._path)
        return cell

    async def wait_for(self, name: str) -> Cell:
        """Wait until an actor of that name is ready."""
        while True:
            try:
                return self.find(name)
            except ActorNotFound:
                if self._closed:
                    raise NurseryClosed(self._path) from None
            if self._waiting is None:
                self._waiting = trio.lowlevel.ParkingLot()
            await self._waiting.park()
