"""Exceptions out of nurseries: a single one leaves as itself, and expected ones are told from bugs. Pure."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def single_as_itself() -> Iterator[None]:
    """Around a nursery: when only one exception comes out of it, let it out without its group."""
    try:
        yield
    except BaseExceptionGroup as group:
        if len(group.exceptions) != 1:
            raise
        reraise(group.exceptions[0])


def reraise(error: BaseException) -> None:
    """Raise an exception as it was: with its own cause and context, not the group it came in."""
    context = error.__context__
    try:
        raise error
    finally:
        error.__context__ = context


def unexpected(error: BaseException, expected: tuple[type[Exception], ...]) -> BaseException | None:
    """Give what remains of an exception, or of a group, without its expected parts."""
    if not isinstance(error, BaseExceptionGroup):
        return None if isinstance(error, expected) else error
    _, rest = error.split(expected)
    while isinstance(rest, BaseExceptionGroup) and len(rest.exceptions) == 1:
        rest = rest.exceptions[0]
    return rest
