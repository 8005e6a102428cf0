"""One life of an actor, from its construction to its end: plain state and the two ways to cut it short.

A restarted actor keeps its `Cell` and gets a new life. ``_loop`` drives it; it knows neither of them.
"""

from contextvars import ContextVar
from typing import Any, Protocol
from weakref import WeakSet

import trio

from ._joined import join
from ._message import Request
from ._slot import Slot


class Children(Protocol):
    """What a life has to know of the nursery that its actor opened inside it."""

    def statuses(self) -> tuple[Any, ...]: ...

    async def close(self) -> None: ...


class Life:
    """What one incarnation has: its tasks, its errors, and whom it still owes a reply."""

    __slots__ = (
        "actor",
        "cancelled",
        "children",
        "errors",
        "in_hand",
        "leaving",
        "number",
        "over",
        "overran",
        "path",
        "put_off",
        "ready",
        "since",
        "task",
        "tasks",
        "waits_for",
    )

    def __init__(self, path: str, number: int, tasks: trio.Nursery) -> None:
        self.path = path
        self.number = number
        self.tasks = tasks
        self.task = trio.lowlevel.current_task()
        self.since = trio.current_time()
        self.actor: Any = None
        self.children: Children | None = None
        self.errors: list[BaseException] = []
        self.in_hand: Request | None = None
        self.put_off: WeakSet[Request] | None = None
        self.waits_for: Slot | None = None
        self.ready = False
        self.leaving = False
        self.cancelled = False
        self.overran = False
        self.over = False
        """what follows from its end has been decided"""

    def leave(self) -> None:
        """End after the message in hand at the latest; whatever waits is cancelled."""
        self.leaving = True
        self.tasks.cancel_scope.cancel()

    def crash(self, error: BaseException) -> None:
        """End because of an error that nobody else takes."""
        self.errors.append(error)
        self.leave()

    def put_off_reply(self, request: Request) -> None:
        """Remember a caller who will be answered later; weakly, for it may go before that."""
        if self.put_off is None:
            self.put_off = WeakSet()
        self.put_off.add(request)

    def owes(self) -> list[Request]:
        """List the requests that were taken and not settled."""
        return [request for request in (self.in_hand, *(self.put_off or ())) if request is not None]

    def error(self) -> BaseException | None:
        """Give the one error of this life, or all of them in a group."""
        return join(self.errors, f"actor {self.path} failed in several places") if self.errors else None


# Only ever believed together with the identity of the running task: tasks that a handler spawned inherit it.
_here: ContextVar[Life | None] = ContextVar("trellis_life")


def enter(life: Life) -> None:
    """Note that the current task is this life's own loop."""
    _here.set(life)


def leave() -> None:
    """Note that the loop of the current task is over; its context would hold its life, and that the task."""
    _here.set(None)


def current_life() -> Life | None:
    """Tell whose own loop the running task is: nobody's in all other tasks, those of a handler included."""
    life = _here.get(None)
    if life is None or life.task is not trio.lowlevel.current_task():
        return None
    return life
