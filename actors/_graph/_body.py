"""The caller's block inside ``async with open_session``: how it ends when its session ends first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import trio

from ._errors import SessionError


class Mortal(Protocol):
    """What may end before the block: either side of a session."""

    ending: SessionError | None
    reason: str
    on_ended: Callable[[], None]


@contextmanager
def body_of(session: Mortal) -> Iterator[None]:
    """Run the block until the session ends; then cancel it and raise the reason.

    An exception of the block's own wins, with the reason as its context.
    """
    with trio.CancelScope() as scope:
        session.on_ended = scope.cancel
        if session.ending is not None:
            scope.cancel()
        try:
            yield
        except BaseException as error:
            session.reason = _describe(error)
            if session.ending is not None:
                error.__context__ = session.ending
            raise
    if session.ending is not None:
        raise session.ending from None


def _describe(error: BaseException) -> str:
    own: BaseException | None = error
    if isinstance(error, BaseExceptionGroup):
        own = error.split(trio.Cancelled)[1]
    if own is None or isinstance(own, trio.Cancelled):
        return "cancelled"
    return f"its body raised {type(own).__name__}"
