"""What an ending was: the words for it, the error behind it, and how errors that leave together are put."""

import traceback

import attrs

from ._cell import Cell
from ._errors import ActorStopped, GraceExceeded
from ._life import Life
from ._monitor import Down, Reason
from ._policy import Ended, Told

LONGEST = 200
"""characters of an error that a status shows"""


@attrs.frozen
class Ending:
    """How one life ended, and the error that was behind it, if any."""

    ended: Ended
    error: BaseException | None
    reason: Reason


CANCELLED = Ending(Ended.OBEYED, None, "cancelled")
STOPPED = Ending(Ended.OBEYED, None, "normal")

_BY_ITSELF: dict[bool, tuple[Ended, None, Reason]] = {
    # was its own scope cancelled?
    False: (Ended.RETURNED, None, "normal"),
    True: (Ended.CANCELLED, None, "cancelled"),
}


def ending_of(cell: Cell, life: Life) -> Ending:
    """Put a name to the end of `life`; the worst that happened counts."""
    error = life.error()
    if error is not None:
        return Ending(Ended.CRASHED, error, "crashed")
    if life.overran:
        return Ending(Ended.OVERRAN, GraceExceeded(cell.path, cell.grace), "killed")
    if cell.told is Told.NOTHING:
        return Ending(*_BY_ITSELF[life.cancelled])
    return STOPPED if cell.told is Told.STOP else CANCELLED


def is_fallout(error: BaseException | None, nursery: str) -> bool:
    """Whether there is nothing in `error` but the news that actors below `nursery` have stopped."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_fallout(inner, nursery) for inner in error.exceptions)
    return isinstance(error, ActorStopped) and error.path.startswith(f"{nursery}/")


def down_of(cell: Cell, life: Life, ending: Ending, *, final: bool) -> Down:
    return Down(cell.path, life.number, ending.reason, ending.error, final)


def in_short(error: BaseException) -> str:
    """Say in one line what the error is; an error that cannot even be printed does no harm."""
    return "".join(traceback.format_exception_only(error)).splitlines()[0][:LONGEST]
