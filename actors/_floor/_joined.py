"""Errors that leave together: what counts, what is told once, and when a group is made. Pure."""

from collections.abc import Iterable
from typing import NoReturn

import trio

Interrupts = (KeyboardInterrupt, SystemExit)


def causes(error: BaseException) -> list[BaseException]:
    """Strip an error of the cancellations that came with it."""
    if isinstance(error, trio.Cancelled):
        return []
    if isinstance(error, BaseExceptionGroup) and error.subgroup(trio.Cancelled) is not None:
        _, rest = error.split(trio.Cancelled)
        return [] if rest is None else [rest]
    return [error]


def raised_inside(error: BaseException) -> list[BaseException]:
    """List what left a trio nursery: it wraps everything in one group, except a mere cancellation."""
    return list(error.exceptions) if isinstance(error, BaseExceptionGroup) else [error]


def join(errors: Iterable[BaseException], message: str) -> BaseException | None:
    """Make one exception of several: itself if it is alone, a group otherwise.

    An error that is the cause of another is told by that one already. But a Ctrl-C, and what asks the process to
    end, goes before everything: it leaves as itself, and other errors are in its context.
    """
    found = list({id(error): error for error in errors}.values())
    interrupt = next((error for error in found if isinstance(error, Interrupts)), None)
    if interrupt is not None:
        found = [error for error in found if not isinstance(error, Interrupts)]
        found = [error for error in found if interrupt not in _behind(error)]
    behind = {id(link) for error in found for link in _behind(error)}
    first = [error for error in found if id(error) not in behind]
    told = _wrap(first or found, message)
    if interrupt is not None and told is not None and interrupt.__context__ is None:
        interrupt.__context__ = told
    return interrupt or told


def _wrap(errors: list[BaseException], message: str) -> BaseException | None:
    if len(errors) > 1:
        return BaseExceptionGroup(message, errors)
    return errors[0] if errors else None


def _behind(error: BaseException) -> list[BaseException]:
    """List what the error was raised from, and what that was raised from; a ring of causes is walked once."""
    links = [error]
    while (link := links[-1].__cause__) is not None and all(link is not known for known in links):
        links.append(link)
    return links[1:]


def raise_as_itself(error: BaseException) -> NoReturn:
    """Raise `error`, and not as something that happened while something else was being handled."""
    context = error.__context__
    try:
        raise error
    finally:
        # around whatever the class says about attributes: a frozen one must not hide the error
        BaseException.__setattr__(error, "__context__", context)
        # or this frame and the error would keep each other alive
        del error, context
