"""Who is who inside one nursery: unique names, in the order of starting. Nothing global."""

from collections.abc import Callable
from typing import Any

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
        if not name or "/" in name:
            raise ValueError(f"{name!r} is no name for an actor: it must be one segment of a path")
        if name in self._cells:
            raise NameTaken(name, self._path)

    def free_name(self, factory: Callable[..., Any]) -> str:
        """A name after the class: `Counter`, `Counter-2`, ..."""
        target = getattr(factory, "func", factory)
        base = str(getattr(target, "__name__", type(target).__name__))
        number, name = 1, base
        while name in self._cells:
            number += 1
            name = f"{base}-{number}"
        return name

    def add(self, cell: Cell) -> None:
        self._cells[cell.name] = cell

    def remove(self, cell: Cell) -> None:
        del self._cells[cell.name]

    def announce(self) -> None:
        """Somebody became ready: let those look who wait for a name."""
        if self._waiting is not None:
            self._waiting.unpark_all()

    def close(self) -> None:
        self._closed = True
        self.announce()

    def cells(self) -> list[Cell]:
        return list(self._cells.values())

    def find(self, name: str) -> Cell:
        """The actor of that name, if it has been ready."""
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
