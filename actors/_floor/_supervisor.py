"""What a nursery does about its actors' ends: one synchronous step each, by the tables of the policy.

The supervisor holds no task of its own. An actor's task reports its end here as its last act; a recovery is
the only task that is ever made, and only waits.
"""

import contextlib

import attrs
import trio

from ._cell import Cell
from ._endings import CANCELLED, Ending, down_of, ending_of, in_short, is_fallout
from ._errors import ActorRestarted, NurseryClosed, TooManyRestarts
from ._life import Life
from ._loop import live
from ._policy import Ended, Intensity, Supervision, Told, Verdict, affected, verdict
from ._recovery import Recovery, start_and_wait
from ._registry import Registry
from ._reports import report
from ._slot import Slot

ENDS_PER_STEP = 32
"""So many resting actors a nursery stops at most before it lets others run."""


class Supervisor:
    """Looks after the actors of one nursery, whose tasks run in `tasks` and whose failures go to `errors`."""

    def __init__(self, path: str, supervision: Supervision, tasks: trio.Nursery, errors: list[BaseException]) -> None:
        self.supervision = supervision
        self.registry = Registry(path)
        self.intensity = Intensity(supervision.max_restarts, supervision.within)
        self.tasks = tasks
        self._errors = errors
        self._path = path
        self._recoveries: list[Recovery] = []
        self._closing = False

    # -- what it is asked to do -------------------------------------------------------------------

    def check_open(self) -> None:
        """Raise `NurseryClosed` if nothing may begin here any more."""
        if self._closing:
            raise NurseryClosed(self._path)

    @trio.lowlevel.enable_ki_protection
    async def start(self, cell: Cell, slot: Slot) -> None:
        """Start an actor for the first time; cancelled, or failed, it leaves nothing behind."""
        self.registry.add(cell)
        try:
            await start_and_wait(cell, slot, self._spawn)
        except trio.Cancelled:
            self.end(cell, Told.STOP)
            with trio.CancelScope(shield=True):
                await cell.wait_gone()
            raise
        self.registry.announce(cell)

    @trio.lowlevel.enable_ki_protection
    def end(self, cell: Cell, told: Told) -> None:
        """Tell an actor to end. One that rests, or is between two lives, is gone in this step."""
        resting = cell.resting
        if cell.end(told):
            assert cell.last_down is not None
            cell.last_down = attrs.evolve(cell.last_down, final=True)
            self._bury(cell)
        elif resting is not None:
            resting.over = True
            self._ended(cell, resting)

    def begin_close(self) -> bool:
        """Cancel the background tasks, and start nothing any more; true if there are actors to be stopped."""
        self._closing = True
        self.registry.close()
        if self.tasks.child_tasks:
            self.tasks.cancel_scope.cancel()
        return bool(self.registry.cells())

    async def close(self) -> None:
        """Do so, and stop the actors, the last first."""
        self.begin_close()
        for number, cell in enumerate(reversed(self.registry.cells()), 1):
            self.end(cell, Told.CANCEL)
            while not cell.gone:
                await self._outwait(cell)
            if number % ENDS_PER_STEP == 0:
                # Those that rest are gone at once, and there may be thousands.
                await trio.lowlevel.cancel_shielded_checkpoint()

    async def _outwait(self, cell: Cell) -> None:
        """Wait for an actor's end. A Ctrl-C that arrives here must not leave the others untold: it is kept."""
        try:
            await cell.wait_gone()
        except KeyboardInterrupt as interrupt:
            if not any(isinstance(error, KeyboardInterrupt) for error in self._errors):
                self._errors.append(interrupt)

    # -- lives ------------------------------------------------------------------------------------

    def _spawn(self, cell: Cell) -> None:
        cell.spawned = True
        cell.told = Told.NOTHING
        # with the error that it holds, it keeps the last life's object alive; late monitors get it only between lives
        cell.last_down = None
        self.tasks.start_soon(self._run, cell, name=cell.path)

    # the whole life below this frame is protected, but for the author's own code: see `_loop`
    @trio.lowlevel.enable_ki_protection
    async def _run(self, cell: Cell) -> None:
        await live(cell, self._ended)

    def _ended(self, cell: Cell, life: Life) -> None:
        """Decide what follows, and tell all who wait, in one step."""
        cell.spawned, cell.life = False, None
        ending = self._seen_from_here(cell, ending_of(cell, life))
        taken = not cell.established and _tell_starter(cell, ending)
        what = Verdict.GONE if taken else self._judge(cell, ending)
        if ending.error is not None:
            cell.last_error = in_short(ending.error)
            if not taken:
                report(cell.path, what, ending.error)
        if what is Verdict.RESTART:
            self._between_lives(cell, life, ending)
        else:
            self._gone(cell, life, ending)
        if what is Verdict.ESCALATE:
            limit = self.intensity
            self._fail(cell, ending.error or TooManyRestarts(cell.path, limit.limit, limit.within))

    def _seen_from_here(self, cell: Cell, ending: Ending) -> Ending:
        """Put a crash of one who was about to be told to end anyway down to that."""
        if ending.ended is not Ended.CRASHED:
            return ending
        if cell.told is Told.NOTHING:
            falling = any(cell in recovery.falling for recovery in self._recoveries)
            cell.told = Told.RESTART if falling else Told.CANCEL if self._closing else Told.NOTHING
        # it asked one who was stopped before it: that is how a nursery closes, and no failure
        fallout = cell.told is Told.CANCEL and is_fallout(ending.error, self._path)
        return CANCELLED if fallout else ending

    def _judge(self, cell: Cell, ending: Ending) -> Verdict:
        if ending.error is not None and not isinstance(ending.error, Exception):
            return Verdict.ESCALATE
        what = verdict(cell.restart, ending.ended, cell.told)
        if what is not Verdict.RESTART or cell.told is Told.RESTART:
            return what
        if self._closing or not cell.established:
            return Verdict.GONE if ending.error is None else Verdict.ESCALATE
        return what if self.intensity.admits(trio.current_time()) else Verdict.ESCALATE

    def _between_lives(self, cell: Cell, life: Life, ending: Ending) -> None:
        cell.settle(life, lambda: ActorRestarted(cell.path))
        cell.notify(down_of(cell, life, ending, final=False))
        cell.wake_waiters()
        if cell.told is Told.NOTHING:
            self._count_attempt(cell, life)
            self._recover(cell)

    def _count_attempt(self, cell: Cell, life: Life) -> None:
        lasted = trio.current_time() - life.since
        cell.attempt = 1 if lasted >= self.supervision.within else cell.attempt + 1

    def _recover(self, cell: Cell) -> None:
        """Begin to bring back all who fall with `cell`, in place of a recovery that is under way for them."""
        members = [one for one in self.registry.cells() if one.established]
        group = set(affected(self.supervision.strategy, members, cell))
        for recovery in [*self._recoveries]:
            if not group.isdisjoint(recovery.cells):
                # whoever it had not brought back yet comes after `cell`, and so is in this group too
                recovery.scope.cancel()
                self._recoveries.remove(recovery)
        delay = self.supervision.backoff.delay(cell.attempt)
        recovery = Recovery([one for one in members if one in group], delay)
        self._recoveries.append(recovery)
        self.tasks.start_soon(recovery.run, self._spawn, self._recoveries.remove)

    def _gone(self, cell: Cell, life: Life, ending: Ending) -> None:
        cell.cause = ending.error
        cell.settle(life, cell.stopped)
        cell.notify(down_of(cell, life, ending, final=True))
        self._bury(cell)

    def _bury(self, cell: Cell) -> None:
        self.registry.remove(cell)
        if cell.starting is not None:
            # a recovery that waits for this one goes on with the others
            cell.starting.answer(None)
        cell.bury()

    def _fail(self, cell: Cell, error: BaseException) -> None:
        with contextlib.suppress(AttributeError):  # an exception of a frozen class takes no note
            error.add_note(f"in actor {cell.path}")
        self._errors.append(error)
        self.tasks.cancel_scope.cancel()


def _tell_starter(cell: Cell, ending: Ending) -> bool:
    """Let whoever starts the actor take the error; false if nobody is there to take it any more."""
    return cell.starting is not None and cell.starting.fail(ending.error or cell.stopped())
