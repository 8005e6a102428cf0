"""What an ending was: the words for it, the error behind it, and how errors that leave together are put."""

from collections.abc import Sequence

import attrs
import trio

from ._cell import Cell
from ._errors import ActorStopped, GraceExceeded
from ._life import Life
from ._monitor import Down, Reason
from ._policy import Ended, Told


@attrs.frozen
class Ending:
    """How one life ended, and the error that was behind it, if any."""

    ended: Ended
    error: BaseException | None
    reason: Reason


CANCELLED = Ending(Ended.OBEYED, None, "cancelled")

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
    return Ending(Ended.OBEYED, None, "normal" if cell.told is Told.STOP else "cancelled")


def is_fallout(error: BaseException | None, nursery: str) -> bool:
    """Whether there is nothing in `error` but the news that actors below `nursery` have stopped."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_fallout(inner, nursery) for inner in error.exceptions)
    return isinstance(error, ActorStopped) and error.path.startswith(f"{nursery}/")


def down_of(cell: Cell, life: Life, ending: Ending, *, final: bool) -> Down:
    return Down(cell.path, life.number, ending.reason, ending.error, final)


def gather(raised: BaseException | None, failures: Sequence[BaseException], where: str) -> BaseException | None:
    """The one exception that leaves a nursery: what was raised in it, and the failures of its actors.

    Cancellations are nothing beside a real error. A failure that is behind another error already is not told
    twice. A single error leaves as itself; several leave as one group.
    """
    found = [*failures, *_members(raised)]
    real = {id(error): error for error in found if not isinstance(error, trio.Cancelled)}
    behind = {id(link) for error in real.values() for link in _causes_of(error)}
    told = [error for key, error in real.items() if key not in behind]
    if not told:
        return raised
    return told[0] if len(told) == 1 else BaseExceptionGroup(f"several errors in actor nursery {where}", told)


def raise_as_itself(error: BaseException | None) -> None:
    """Raise `error`, if there is one, and not as something that happened while a body was being cancelled."""
    if error is None:
        return
    context = error.__context__
    try:
        raise error
    finally:
        error.__context__ = context
        # or this frame and the error would keep each other alive
        del error, context


def _members(raised: BaseException | None) -> list[BaseException]:
    """Trio wraps whatever leaves a nursery in one group; what is inside is what was raised."""
    if raised is None:
        return []
    return list(raised.exceptions) if isinstance(raised, BaseExceptionGroup) else [raised]


def _causes_of(error: BaseException) -> list[BaseException]:
    """List what the error was raised from, and what that was raised from."""
    links: list[BaseException] = []
    link = error.__cause__
    while link is not None and link not in links:
        links.append(link)
        link = link.__cause__
    return links
