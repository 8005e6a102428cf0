"""The class that authors of actors derive from."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ClassVar, ParamSpec, Self, cast

import trio

from ._cell import Cell
from ._handlers import Known
from ._life import Life
from ._nursery import ActorNursery
from ._policy import Supervision
from ._ref import ActorRef, ref_to
from ._timers import Timer

P = ParamSpec("P")


class Actor:
    """An object that takes one message at a time, in a task of its own.

    Every async method can be called through an `ActorRef`. A restart makes a new object from the same
    arguments.
    """

    expected: ClassVar[tuple[type[Exception], ...]] = (Exception,)
    """Errors of these classes go to the caller and leave the actor alive; others crash it."""

    mailbox_bound: ClassVar[int] = 128
    """So many messages may wait; more senders than that wait outside, in order."""

    supervision: ClassVar[Supervision] = Supervision()
    """How the actor looks after its own children, in `nursery`."""

    _handlers: ClassVar[Known] = {}
    _home: tuple[Cell, Life] | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._handlers = {}

    async def started(self) -> None:
        """Make ready. Runs before `ActorNursery.start` returns; an error here reaches whoever starts the actor."""

    async def stopping(self) -> None:
        """Clean up. Runs once at the end of every life whose `started` returned, however it ends.

        It runs in the actor's own task, in the step in which that learns of the end, shielded from
        cancellation for at most the actor's grace, and protected from Ctrl-C. Background tasks are cancelled
        by then, child actors still there.
        """

    @property
    def ref(self) -> ActorRef[Self]:
        """The actor's own ref, to be handed out; there from `started` on."""
        return ref_to(self._at_home()[0])

    @property
    def nursery(self) -> ActorNursery:
        """The actor's own scope: child actors and background tasks in it end with this life of the actor.

        An error in a background task, and a child that its supervision gives up, crash the actor.
        """
        _, life = self._at_home()
        if life.children is None:
            life.children = ActorNursery(life.path, self.supervision, life.tasks, life.errors)
        return cast(ActorNursery, life.children)

    @trio.lowlevel.enable_ki_protection
    def stop(self) -> None:
        """End this life after the message in hand. A permanent actor comes back."""
        cell, life = self._at_home()
        life.leaving = True
        cell.mailbox.wake()

    def call_later(
        self, delay: float, method: Callable[P, Awaitable[object]], *args: P.args, **kwargs: P.kwargs
    ) -> Timer:
        """Let the actor run its own ``method`` as a message, `delay` seconds from now, in this life only."""
        return self._set_timer(partial(method, *args, **kwargs), delay, None)

    def call_every(
        self, interval: float, method: Callable[P, Awaitable[object]], *args: P.args, **kwargs: P.kwargs
    ) -> Timer:
        """Let the actor run its own ``method`` as a message every `interval` seconds, in this life only.

        The beat does not drift. A beat on which the last one has not been dealt with yet is left out.
        """
        if interval <= 0:
            raise ValueError(f"an interval must be positive, not {interval!r}")
        return self._set_timer(partial(method, *args, **kwargs), interval, interval)

    def _set_timer(self, work: Callable[[], Awaitable[object]], delay: float, interval: float | None) -> Timer:
        cell, life = self._at_home()
        timer = Timer(life, work)
        life.tasks.start_soon(timer._run, cell, delay, interval, name=f"timer of {life.path}")
        return timer

    def _enter(self, cell: Cell, life: Life) -> None:
        # around whatever an author's class does with attributes, frozen attrs classes included
        object.__setattr__(self, "_home", (cell, life))

    def _at_home(self) -> tuple[Cell, Life]:
        if self._home is None:
            raise RuntimeError("an actor has a ref, a nursery and timers from started() on, not in __init__")
        return self._home

    @property
    def _has_stopping(self) -> bool:
        return type(self).stopping is not Actor.stopping

    def _expects(self, error: Exception) -> bool:
        return isinstance(error, self.expected)
