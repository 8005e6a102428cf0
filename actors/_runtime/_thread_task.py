"""A unit's function in a worker thread: told to stop when the unit stops, abandoned when it does not listen."""

import inspect
import threading
from collections.abc import Callable
from typing import Final

import attrs
import trio

from graphmeta import TaskSpec

GRACE: Final = 3.0
"""Seconds that a thread has to end after it was told to."""


@attrs.frozen
class ThreadAbandoned(Exception):
    """A unit's thread did not end in time after it was told to stop: its author's mistake. It may still run."""

    address: str
    task: str
    grace: float

    def __str__(self) -> str:
        return f"thread {self.task} of unit {self.address} did not stop within {self.grace:g} s, and was abandoned"


def arguments_for(function: Callable[..., object], stopping: threading.Event) -> tuple[threading.Event, ...]:
    """The event that says when to stop, for a function that takes one."""
    return (stopping,) if inspect.signature(function).parameters else ()


async def run_in_thread(address: str, task: TaskSpec) -> None:
    """Run the function of *task* until it returns; when cancelled, set its ``stopping`` event and wait for a while."""
    stopping, began, ended = threading.Event(), threading.Event(), trio.Event()
    token = trio.lowlevel.current_trio_token()
    arguments = arguments_for(task.function, stopping)

    def call() -> None:
        began.set()
        try:
            task.function(*arguments)
        finally:
            token.run_sync_soon(ended.set)

    try:
        # A limiter of its own: a unit's thread lasts, and must not wait for a place among those of others.
        await trio.to_thread.run_sync(call, abandon_on_cancel=True, limiter=trio.CapacityLimiter(1))
    finally:
        stopping.set()
        if not began.is_set():
            ended.set()
        with trio.move_on_after(GRACE, shield=True) as patience:
            await ended.wait()
        if patience.cancelled_caught:
            raise ThreadAbandoned(address, task.name, GRACE)
