"""Cancelling an attempt at every schedule point that it has, one run each.

A step is one turn of any task, so that a caller is cancelled at every stage of the way to the server and back.
"""

import itertools
from collections.abc import Awaitable, Callable

import trio


class CancelAt(trio.abc.Instrument):
    """Cancels a scope before the n-th step that any task takes."""

    def __init__(self, scope: trio.CancelScope, step: int) -> None:
        self.scope = scope
        self.left = step

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        if self.left == 0:
            self.scope.cancel()
        self.left -= 1


async def cancelled_at(step: int, attempt: Callable[[], Awaitable[None]]) -> bool:
    """Run *attempt* and cancel it at a step; False when it was done before."""
    with trio.CancelScope() as scope:
        instrument = CancelAt(scope, step)
        trio.lowlevel.add_instrument(instrument)
        try:
            await attempt()
        finally:
            trio.lowlevel.remove_instrument(instrument)
    return scope.cancel_called


async def sweep(attempt: Callable[[], Awaitable[None]], check: Callable[[], Awaitable[None]], stride: int = 1) -> int:
    """Cancel *attempt* at every step that it has, one run each, with *check* after each; returns the runs."""
    for run, step in enumerate(itertools.count(0, stride), 1):
        was_cancelled = await cancelled_at(step, attempt)
        await check()
        if not was_cancelled:
            return run
        assert step < 5000, "it never ends"
    raise AssertionError
