"""A single cause reaches the user as itself, not as a group in a group."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import trio

from actors._floor import raise_as_itself


def alone(error: BaseException) -> BaseException:
    """The one cause in nested groups, as itself; a group that holds several stays whole.

    But a Ctrl-C, and what asks the process to end, goes before everything, as it does in an actor nursery.
    """
    for leaf in _leaves(error):
        if isinstance(leaf, KeyboardInterrupt | SystemExit):
            return leaf
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    for inner in error.exceptions:
        yield from _leaves(inner)


@asynccontextmanager
async def open_task_nursery() -> AsyncIterator[trio.Nursery]:
    """A nursery for plain tasks that is cancelled when its block ends, and out of which a single error comes alone."""
    try:
        async with trio.open_nursery() as nursery:
            yield nursery
            nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        # Not `from None`: that would take the error's own cause from it.
        raise_as_itself(alone(group))
