"""The task of one life: construct, start, serve the mailbox, stop. It moves messages and decides nothing.

Everything here runs protected from Ctrl-C, so that none can strike between the end of the loop and
``stopping``; the author's own code does not, except ``stopping``, which must not be cut in half. The order of
death:

1. the loop ends; the message in hand, the timers and the background tasks are cancelled
2. ``stopping`` runs, shielded, at most for its grace, in the actor's own task and in the same step
3. child actors stop, the last first
4. the background tasks are waited for, and the nursery is told what happened
"""

from collections.abc import Callable
from typing import Any

import trio

from ._cell import Cell
from ._deferred import Deferred
from ._errors import ActorCrashed
from ._joined import causes, raised_inside
from ._life import Life, enter, leave
from ._message import Item, Request
from ._policy import Told

MESSAGES_PER_STEP = 32
"""So many messages an actor takes at most before it lets others run."""


@trio.lowlevel.disable_ki_protection
async def _unprotected(actor: Any, message: Item) -> Any:
    return await message.function(actor, *message.args, **message.kwargs)


@trio.lowlevel.disable_ki_protection
async def _started(actor: Any) -> None:
    await actor.started()


@trio.lowlevel.disable_ki_protection
def _construct(cell: Cell) -> Any:
    return cell.factory(*cell.args)


async def live(cell: Cell, ended: Callable[[Cell, Life], None]) -> None:
    """One life, whole. Its errors are in the life that *ended* is told, never raised."""
    cell.lives += 1
    life: Life | None = None
    try:
        async with trio.open_nursery(strict_exception_groups=True) as tasks:
            # a cancellation from outside ends the nursery's body, and that ends the actors, in order
            tasks.cancel_scope.shield = True
            life = cell.life = Life(cell.path, cell.lives, tasks)
            enter(life)
            await _whole(cell, life)
            if not (life.over or tasks.child_tasks or tasks.cancel_scope.cancel_called):
                # No task has failed or is left; what remains is a turn of the scheduler, which nobody has to wait for.
                life.over = True
                ended(cell, life)
    except BaseException as error:
        assert life is not None
        if life.over:
            raise
        life.errors += [cause for inner in raised_inside(error) for cause in causes(inner)]
    finally:
        leave()
    assert life is not None
    if not life.over:
        ended(cell, life)


async def _whole(cell: Cell, life: Life) -> None:
    try:
        await _start_and_serve(cell, life)
    except BaseException as error:
        _note(life, error)
    finally:
        life.leaving = True
        if life.tasks.child_tasks:
            life.leave()
        if life.children is not None:
            with trio.CancelScope(shield=True):
                await life.children.close()


async def _start_and_serve(cell: Cell, life: Life) -> None:
    if cell.told is not Told.NOTHING:
        return
    life.actor = _construct(cell)
    cell.made(life.actor)
    life.actor._enter(cell, life)
    await (_guarded if life.actor._has_stopping else _unguarded)(cell, life)


async def _unguarded(cell: Cell, life: Life) -> None:
    await _started(life.actor)
    await _ready_and_serve(cell, life)


async def _guarded(cell: Cell, life: Life) -> None:
    # around the whole life, not only around `stopping`, so that what `started` has entered (an exit stack with
    # scopes and nurseries in it) can be left in `stopping`: scopes must nest
    with trio.CancelScope() as guard:
        await _started(life.actor)
        # nothing may stand between the line above and this try: `stopping` is armed as soon as `started` returned
        try:
            await _ready_and_serve(cell, life)
        finally:
            life.leave()
            guard.deadline = trio.current_time() + cell.grace
            guard.shield = True
            await life.actor.stopping()
    life.overran = guard.cancelled_caught


async def _ready_and_serve(cell: Cell, life: Life) -> None:
    try:
        life.ready = cell.established = True
        if cell.starting is not None:
            cell.starting.answer(None)
        await _serve(cell, life)
    except BaseException as error:
        _note(life, error)


def _note(life: Life, error: BaseException) -> None:
    """Keep the error; a cancellation of the life's own scope has done its work when it arrives here."""
    found = causes(error)
    life.errors += found
    if not found and not life.leaving:
        life.cancelled = True


async def _serve(cell: Cell, life: Life) -> None:
    mailbox, actor, in_a_row = cell.mailbox, life.actor, 0
    while not life.leaving:
        item = mailbox.take()
        if item is None:
            await mailbox.wait()
            in_a_row = 0
            continue
        cell.handled += 1
        request = life.in_hand = item if isinstance(item, Request) else None
        try:
            result = await _unprotected(actor, item)
        except Exception as error:
            if request is None or not _taken(request, error, actor, life):
                raise
        else:
            if isinstance(result, Deferred):
                result._bind(life, request)
            elif request is not None:
                request.answer(result)
        life.in_hand = None
        in_a_row += 1
        if in_a_row == MESSAGES_PER_STEP:
            in_a_row = 0
            await trio.lowlevel.checkpoint()


def _taken(request: Request, error: Exception, actor: Any, life: Life) -> bool:
    """Answer with an error; true if the caller takes it, and it is none that ends the actor."""
    if actor._expects(error):
        return request.fail(error)
    request.fail(_crashed(life, error))
    return False


def _crashed(life: Life, error: BaseException) -> ActorCrashed:
    crashed = ActorCrashed(life.path)
    crashed.__cause__ = error
    return crashed
