"""The caller's block inside ``async with open_session``: how it ends when its session ends first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import trio

from actors._graph._alone import alone
from actors._graph._errors import SessionError


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
                if _is_only(error, session.ending):
                    # Several tasks of the body were told the same; it leaves once.
                    raise session.ending from None
                if error is not session.ending:
                    error.__context__ = session.ending
            raise
    if session.ending is not None:
        raise session.ending from None


def _is_only(error: BaseException, ending: SessionError) -> bool:
    own = _without_cancellations(error)
    if isinstance(own, BaseExceptionGroup):
        return own.split(lambda leaf: leaf == ending)[1] is None
    return own == ending


def _describe(error: BaseException) -> str:
    own = _without_cancellations(error)
    return "cancelled" if own is None else f"its body raised {type(alone(own)).__name__}"


def _without_cancellations(error: BaseException) -> BaseException | None:
    if isinstance(error, BaseExceptionGroup):
        return error.split(trio.Cancelled)[1]
    return None if isinstance(error, trio.Cancelled) else error
