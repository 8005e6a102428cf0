"""Actor nurseries, as their users see them: start, look up, show. What follows from an end is the supervisor's."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Protocol, TypeVar, TypeVarTuple, overload

import trio

from ._cell import Cell, name_of
from ._joined import causes, join, raise_as_itself, raised_inside
from ._life import current_life
from ._policy import RESTARTS, Backoff, Restart, Strategy, Supervision
from ._ref import ActorRef, ref_to
from ._slot import Slot
from ._supervisor import Supervisor
from ._tree import ActorStatus, ActorTree, status_of

Ts = TypeVarTuple("Ts")


class Startable(Protocol):
    """An `Actor`, as far as a nursery has to know it."""

    async def started(self) -> None: ...
    async def stopping(self) -> None: ...


A = TypeVar("A", bound=Startable)


class ActorNursery:
    """Where actors live. Made by `open_actor_nursery`, or by an actor's own `nursery`."""

    def __init__(self, path: str, supervision: Supervision, tasks: trio.Nursery, errors: list[BaseException]) -> None:
        self.path = path
        self._supervisor = Supervisor(path, supervision, tasks, errors)

    def __repr__(self) -> str:
        return f"<ActorNursery {self.path} of {len(self._supervisor.registry.cells())}>"

    async def start(
        self,
        factory: Callable[[*Ts], A],
        *args: *Ts,
        name: str | None = None,
        restart: Restart = "never",
        grace: float = 5.0,
    ) -> ActorRef[A]:
        """Start an actor and return its ref when its ``started`` has returned.

        An error from its constructor or from ``started`` is raised here, as itself, and nothing stays behind;
        so too if this call is cancelled. ``factory(*args)`` makes the actor, now and at each restart (use
        `functools.partial` for keyword arguments). ``restart`` says what happens when it ends by itself:

        * ``never``: it is gone; a crash fails the nursery with that error, as in a plain Trio nursery
        * ``temporary``: it is gone; a crash is only logged and told to its monitors
        * ``transient``: a crash restarts it, a return does not
        * ``permanent``: it is restarted whenever it ends, unless it was told to

        ``grace`` bounds its ``stopping``, in seconds. Raises `NameTaken`, `NurseryClosed`.
        """
        if restart not in RESTARTS:
            raise ValueError(f"{restart!r} is no restart type; there are {', '.join(RESTARTS)}")
        self._supervisor.check_open()
        cell = self._cell(factory, args, name, restart, grace)
        slot, caller = Slot(cell), current_life()
        try:
            if caller is not None:
                caller.waits_for = slot
            await self._supervisor.start(cell, slot)
        finally:
            if caller is not None:
                caller.waits_for = None
        return ref_to(cell)

    def start_soon(self, async_fn: Callable[[*Ts], Awaitable[object]], *args: *Ts, name: object = None) -> None:
        """Run a plain background task here; an error in it fails the nursery, whose end cancels it."""
        self._supervisor.check_open()
        self._supervisor.tasks.start_soon(async_fn, *args, name=name)

    @overload
    def lookup(self, name: str) -> ActorRef[Any]: ...
    @overload
    def lookup(self, name: str, actor_class: type[A]) -> ActorRef[A]: ...

    def lookup(self, name: str, actor_class: type[Any] = object) -> ActorRef[Any]:
        """Find an actor of this nursery by its name, from when it is ready until it is gone for good.

        Raises `ActorNotFound` if there is none, `TypeError` if it is no `actor_class`.
        """
        return _checked(self._supervisor.registry.find(name), actor_class)

    @overload
    async def wait_for(self, name: str) -> ActorRef[Any]: ...
    @overload
    async def wait_for(self, name: str, actor_class: type[A]) -> ActorRef[A]: ...

    async def wait_for(self, name: str, actor_class: type[Any] = object) -> ActorRef[Any]:
        """Wait until this nursery has an actor of that name; `NurseryClosed` if it ends first."""
        await trio.lowlevel.checkpoint()
        return _checked(await self._supervisor.registry.wait_for(name), actor_class)

    def tree(self) -> ActorTree:
        """Show everything in this nursery at this moment; ``print`` it."""
        strategy, restarts = self._supervisor.supervision.strategy, self._supervisor.intensity.total
        return ActorTree(self.path, strategy, restarts, self.statuses())

    def statuses(self) -> tuple[ActorStatus, ...]:
        """Read the actors of this nursery, in the order in which they were started."""
        return tuple(status_of(cell) for cell in self._supervisor.registry.cells())

    @property
    def cancel_scope(self) -> trio.CancelScope:
        """Cancelled, it ends the nursery: the body of its ``async with``, or the actor whose own it is."""
        return self._supervisor.tasks.cancel_scope

    async def close(self) -> None:
        """Cancel the background tasks, stop the actors, the last first, and start nothing any more."""
        await self._supervisor.close()

    def _cell(
        self,
        factory: Callable[..., Any],
        args: tuple[Any, ...],
        name: str | None,
        restart: Restart,
        grace: float,
    ) -> Cell:
        registry = self._supervisor.registry
        name = registry.free_name(name_of(factory)) if name is None else name
        registry.check_name(name)
        return Cell(f"{self.path}/{name}", name, factory, args, restart, grace, self._supervisor.end)


def _checked(cell: Cell, actor_class: type[Any]) -> ActorRef[Any]:
    if cell.actor_class is not None and not issubclass(cell.actor_class, actor_class):
        raise TypeError(f"actor {cell.path} is a {cell.class_name}, no {actor_class.__name__}")
    return ref_to(cell)


def open_actor_nursery(
    name: str = "actors",
    *,
    strategy: Strategy = "one_for_one",
    max_restarts: int = 3,
    within: float = 5.0,
    backoff: Backoff | None = None,
) -> AbstractAsyncContextManager[ActorNursery]:
    """Open a nursery for actors; when the body ends, they are stopped, the last started first.

    ``strategy`` says who is restarted with an actor that crashed: it alone, all, or those that were started
    after it. More than `max_restarts` restarts within `within` seconds are too many: the nursery fails with
    the error that would have caused the next one. ``backoff`` spaces restarts out.

    When an actor's error escalates, the body is cancelled, the actors are stopped, and the error leaves the
    ``async with`` as itself; several errors leave in one group. An exception of the body leaves as itself.
    Actors are shielded from a cancellation around the nursery: it ends the body, and then they stop, in
    order::

        async with open_actor_nursery("app") as nursery:
            counter = await nursery.start(Counter, 10, name="counter", restart="transient")
            await counter.call(Counter.add, 1)
    """
    backoff = Backoff() if backoff is None else backoff
    return _Opening(name, Supervision(strategy, max_restarts, within, backoff))


class _Opening:
    """What `open_actor_nursery` returns. A class, so that a Ctrl-C cannot strike between the body and the end."""

    def __init__(self, name: str, supervision: Supervision) -> None:
        self._name = name
        self._supervision = supervision
        self._failures: list[BaseException] = []
        self._tasks = trio.open_nursery(strict_exception_groups=True)

    @trio.lowlevel.enable_ki_protection
    async def __aenter__(self) -> ActorNursery:
        tasks = await self._tasks.__aenter__()
        self._nursery = ActorNursery(self._name, self._supervision, tasks, self._failures)
        return self._nursery

    @trio.lowlevel.enable_ki_protection
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        for_trio = error
        if error is not None and causes(error) == [error]:
            # kept apart from trio's filtering of cancellations, which makes copies of groups
            self._failures.insert(0, error)
            for_trio = None
        if self._nursery._supervisor.begin_close():
            with trio.CancelScope(shield=True):
                await self._nursery.close()
        raised = await self._close_tasks(for_trio)
        leaving = self._leaving(raised)
        if leaving is not None and leaving is not error:
            raise_as_itself(leaving)
        return leaving is None

    async def _close_tasks(self, error: BaseException | None) -> BaseException | None:
        """Wait for the background tasks; returns what trio makes of their errors, and of the body's."""
        try:
            trace = None if error is None else error.__traceback__
            if await self._tasks.__aexit__(None if error is None else type(error), error, trace):
                return None
        except BaseException as left:
            return left
        return error

    def _leaving(self, raised: BaseException | None) -> BaseException | None:
        """Choose the one exception that leaves: cancellations are nothing beside a real error."""
        inside = [] if raised is None else raised_inside(raised)
        real = [error for error in inside if not isinstance(error, trio.Cancelled)]
        return join([*self._failures, *real], f"several errors in actor nursery {self._name}") or raised
