"""Supervision: an actor nursery starts actors, hears how they end, and does what its policy says."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar, TypeVarTuple

import attrs
import trio

from ._cell import Cell
from ._endings import Ending, down_of, ending_of, gather
from ._errors import ActorRestarted, NurseryClosed, TooManyRestarts
from ._life import Life
from ._loop import live
from ._monitor import Down
from ._policy import Backoff, Intensity, Restart, Strategy, Supervision, Told, Verdict, affected, verdict
from ._recovery import Recovery
from ._ref import ActorRef
from ._registry import Registry
from ._reports import report
from ._slot import Slot

Ts = TypeVarTuple("Ts")


class Startable(Protocol):
    """An `Actor`, as far as a nursery has to know it."""

    async def started(self) -> None: ...
    async def stopping(self) -> None: ...


A = TypeVar("A", bound=Startable)


class ActorNursery:
    """Where actors live. Made by `open_actor_nursery`, or by an actor's own `nursery`."""

    def __init__(
        self, path: str, supervision: Supervision, tasks: trio.Nursery, errors: list[BaseException]
    ) -> None:
        self.path = path
        self._supervision = supervision
        self._intensity = Intensity(supervision.max_restarts, supervision.within)
        self._tasks = tasks
        self._errors = errors
        self._registry = Registry(path)
        self._recoveries: list[Recovery] = []
        self._closing = False

    # -- what its owner does ----------------------------------------------------------------------

    async def start(
        self,
        factory: Callable[[*Ts], A],
        *args: *Ts,
        name: str | None = None,
        restart: Restart = "never",
        grace: float = 5.0,
    ) -> ActorRef[A]:
        """Start an actor and return its ref when its ``started`` has returned.

        An error from its constructor or from ``started`` is raised here, as itself, and nothing stays behind; so
        too if this call is cancelled. ``factory(*args)`` makes the actor, now and at each restart (use
        `functools.partial` for keyword arguments). ``restart`` says what happens when it ends by itself:

        * ``never``: it is gone; a crash fails the nursery with that error, as in a plain Trio nursery
        * ``temporary``: it is gone; a crash is only logged and told to its monitors
        * ``transient``: a crash restarts it, a return does not
        * ``permanent``: it is restarted whenever it ends, unless it was told to

        ``grace`` bounds its ``stopping``, in seconds. Raises `NameTaken`, `NurseryClosed`.
        """
        cell = self._admit(factory, args, name, restart, grace)
        cell.starting = slot = Slot(cell)
        self._spawn(cell)
        try:
            await slot.wait()
        except trio.Cancelled:
            self._end(cell, Told.STOP)
            with trio.CancelScope(shield=True):
                await cell.wait_gone()
            raise
        finally:
            cell.starting = None
        cell.announced = True
        self._registry.announce()
        ref: ActorRef[A] = cell.ref
        return ref

    def start_soon(
        self, async_fn: Callable[[*Ts], Awaitable[object]], *args: *Ts, name: object = None
    ) -> None:
        """Run a plain background task here; it is cancelled when the nursery ends, and an error in it fails it."""
        self._check_open()
        self._tasks.start_soon(async_fn, *args, name=name)

    async def close(self) -> None:
        """Cancel the background tasks, stop the actors, the last first, and start nothing any more."""
        self._closing = True
        self._registry.close()
        self._tasks.cancel_scope.cancel()
        for cell in reversed(self._registry.cells()):
            self._end(cell, Told.CANCEL)
            await cell.wait_gone()

    # -- beginnings and ends ----------------------------------------------------------------------

    def _check_open(self) -> None:
        if self._closing:
            raise NurseryClosed(self.path)

    def _admit(
        self,
        factory: Callable[..., Any],
        args: tuple[Any, ...],
        name: str | None,
        restart: Restart,
        grace: float,
    ) -> Cell:
        self._check_open()
        name = self._registry.free_name(factory) if name is None else name
        self._registry.check_name(name)
        cell = Cell(f"{self.path}/{name}", name, factory, args, restart, grace)
        cell.ref = ActorRef(cell, self._end)
        self._registry.add(cell)
        return cell

    def _spawn(self, cell: Cell) -> None:
        cell.spawned = True
        cell.told = Told.NOTHING
        self._tasks.start_soon(self._run, cell, name=cell.path)

    @trio.lowlevel.enable_ki_protection
    async def _run(self, cell: Cell) -> None:
        life = await live(cell)
        self._ended(cell, life)

    def _end(self, cell: Cell, told: Told) -> None:
        if cell.end(told):
            assert cell.last_down is not None
            self._bury(cell, attrs.evolve(cell.last_down, final=True))

    def _ended(self, cell: Cell, life: Life) -> None:
        """Decide what follows, and tell all who wait: one synchronous step at the end of the actor's task."""
        cell.spawned, cell.life = False, None
        ending = ending_of(cell, life)
        started = life.ready or cell.lives > 1
        what = self._judge(cell, ending) if started else self._judge_start(cell, ending)
        if ending.error is not None:
            cell.last_error = repr(ending.error)
            if started:
                report(cell.path, what, ending.error)
        if what is Verdict.RESTART:
            self._between_lives(cell, life, ending)
        else:
            cell.cause = ending.error
            cell.settle(life, cell.stopped)
            self._bury(cell, down_of(cell, life, ending, final=True))
        if what is Verdict.ESCALATE:
            self._fail(
                cell,
                ending.error or TooManyRestarts(cell.path, self._intensity.limit, self._intensity.within),
            )

    def _judge_start(self, cell: Cell, ending: Ending) -> Verdict:
        """Who starts the actor takes the error of its first start; if nobody is there any more it is a crash."""
        taken = cell.starting is not None and cell.starting.fail(ending.error or cell.stopped())
        return Verdict.GONE if taken or ending.error is None else self._judge(cell, ending)

    def _judge(self, cell: Cell, ending: Ending) -> Verdict:
        if ending.error is not None and not isinstance(ending.error, Exception):
            return Verdict.ESCALATE
        what = verdict(cell.restart, ending.ended, cell.told)
        if what is not Verdict.RESTART or cell.told is Told.RESTART:
            return what
        if self._closing:
            return Verdict.GONE if ending.error is None else Verdict.ESCALATE
        return what if self._intensity.admits(trio.current_time()) else Verdict.ESCALATE

    def _between_lives(self, cell: Cell, life: Life, ending: Ending) -> None:
        cell.settle(life, lambda: ActorRestarted(cell.path))
        cell.notify(down_of(cell, life, ending, final=False))
        cell.wake_waiters()
        if cell.told is Told.NOTHING:
            self._recover(cell, life)

    def _recover(self, cell: Cell, life: Life) -> None:
        """Begin to bring back all who fall with `cell`, and all whom recoveries under way were to bring back."""
        if life.ready and trio.current_time() - life.since >= self._supervision.within:
            cell.attempt = 0
        cell.attempt += 1
        group = {id(one) for one in affected(self._supervision.strategy, self._registry.cells(), cell)}
        for recovery in [*self._recoveries]:
            members = {id(one) for one in recovery.cells}
            if members & group:
                group |= members
                recovery.scope.cancel()
                self._recoveries.remove(recovery)
        cells = [one for one in self._registry.cells() if id(one) in group]
        self._recoveries.append(Recovery(cells, self._supervision.backoff.delay(cell.attempt)))
        self._tasks.start_soon(self._recoveries[-1].run, self._spawn, self._recoveries.remove)

    def _bury(self, cell: Cell, down: Down) -> None:
        self._registry.remove(cell)
        if cell.starting is not None:
            # a recovery that waits for this one goes on with the others
            cell.starting.answer(None)
        cell.notify(down)
        cell.bury()

    def _fail(self, cell: Cell, error: BaseException) -> None:
        error.add_note(f"in actor {cell.path}")
        self._errors.append(error)
        self._tasks.cancel_scope.cancel()


@asynccontextmanager
async def open_actor_nursery(
    name: str = "actors",
    *,
    strategy: Strategy = "one_for_one",
    max_restarts: int = 3,
    within: float = 5.0,
    backoff: Backoff | None = None,
) -> AsyncGenerator[ActorNursery, None]:
    """Open a nursery for actors; when the body ends, they are stopped, the last started first.

    ``strategy`` says who is restarted with an actor that crashed: it alone, all, or those that were started after
    it. More than `max_restarts` restarts within `within` seconds are too many: the nursery fails with the error
    that would have caused the next one. ``backoff`` spaces restarts out.

    When an actor's error escalates, the body is cancelled, the actors are stopped, and the error leaves the
    ``async with`` as itself; several errors leave in one group. An exception of the body leaves as itself.
    Actors are shielded from a cancellation around the nursery: it ends the body, and then they stop, in order::

        async with open_actor_nursery("app") as nursery:
            counter = await nursery.start(Counter, 10, name="counter", restart="transient")
            await counter.call(Counter.add, 1)
    """
    supervision = Supervision(strategy, max_restarts, within, Backoff() if backoff is None else backoff)
    failures: list[BaseException] = []
    raised: BaseException | None = None
    try:
        async with trio.open_nursery() as tasks:
            nursery = ActorNursery(name, supervision, tasks, failures)
            try:
                yield nursery
            finally:
                with trio.CancelScope(shield=True):
                    await nursery.close()
    except BaseException as error:
        raised = error
    leaving = gather(raised, failures, name)
    if leaving is None:
        return
    context = leaving.__context__
    try:
        raise leaving
    finally:
        # as itself: not as something that happened while the body was being cancelled
        leaving.__context__ = context
        # or the frame and the error would keep each other alive
        del raised, leaving, failures, context
