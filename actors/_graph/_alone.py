"""A single cause reaches the user as itself, not as a group in a group."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio


def alone(error: BaseException) -> BaseException:
    """The one cause in nested groups, as itself; a group that holds several stays whole."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


@asynccontextmanager
async def open_task_nursery() -> AsyncIterator[trio.Nursery]:
    """A nursery for plain tasks that is cancelled when its block ends, and out of which a single error comes alone."""
    try:
        async with trio.open_nursery() as nursery:
            yield nursery
            nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        raise alone(group) from None
