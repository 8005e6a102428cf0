"""What the rest of the world holds of an actor: it sends, stops and watches. It outlives restarts."""

import threading
import weakref
from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

import trio

from ._cell import Cell
from ._deferred import Deferred
from ._life import Life, current_life
from ._message import Handler, Message, Request
from ._monitor import Down, Monitor
from ._policy import Told
from ._rings import check_ring
from ._tree import ActorStatus, status_of

A_co = TypeVar("A_co", covariant=True)
R = TypeVar("R")
P = ParamSpec("P")

SENDS_PER_STEP = 32
"""So many casts go out at most before the sender lets others run."""


class _Sent(threading.local):
    """Counts the casts of one thread's run: any 32 in a row, to whomever, contain a schedule point."""

    count = 0


_sent = _Sent()


class ActorRef(Generic[A_co]):
    """A handle to an actor; there is one per actor, the same through all its restarts."""

    __slots__ = ("__weakref__", "_cell")

    def __init__(self, cell: Cell) -> None:
        self._cell = cell

    def __repr__(self) -> str:
        return f"<ActorRef {self._cell.path} {self._cell.state.value}>"

    @property
    def name(self) -> str:
        """Its name in its nursery."""
        return self._cell.name

    @property
    def path(self) -> str:
        """Its nursery's path, and its name."""
        return self._cell.path

    @overload
    async def call(
        self,
        method: Callable[Concatenate[A_co, P], Awaitable[Deferred[R]]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R: ...

    @overload
    async def call(
        self,
        method: Callable[Concatenate[A_co, P], Awaitable[R | Deferred[R]]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R: ...

    @trio.lowlevel.enable_ki_protection
    async def call(self, method: Handler, *args: Any, **kwargs: Any) -> Any:
        """Run `method` on the actor, after what its mailbox holds, and return its result.

        Raises what the method raised, if the actor expects it; `ActorCrashed` from it otherwise;
        `ActorRestarted` or `ActorStopped` if the actor's life ends before the reply; `CallCycle` if waiting
        would never end; `TypeError` if the actor's class has no such method. A caller that is cancelled while
        the request is queued takes it back; once the actor has taken it, the actor finishes it, and an error
        in it that nobody is there to take is a crash.
        """
        cell = self._cell
        function = cell.known.get(method) or cell.resolve(method)
        request = Request(cell, cell.mailbox.withdraw, function, args, kwargs)
        caller = current_life()
        if caller is not None:
            return await _ask_noted(caller, cell, request)
        cell.ask(request)
        return await trio.lowlevel.wait_task_rescheduled(request.abort)

    async def cast(
        self, method: Callable[Concatenate[A_co, P], Awaitable[object]], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Send without wanting a reply; waits for room in the mailbox only. Cancelled means not sent.

        Always a cancellation point, but a schedule point only when it waits, and once every 32 casts. Raises
        `ActorStopped` if the actor is gone for good, `TypeError` as `call`. An error in the method is a
        crash.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        _sent.count += 1
        if _sent.count >= SENDS_PER_STEP:
            _sent.count = 0
            await trio.lowlevel.checkpoint()
        cell = self._cell
        message = Message(cell.known.get(method) or cell.resolve(method), args, kwargs)
        try:
            cell.tell_nowait(message)
        except trio.WouldBlock:
            await cell.tell(message)

    def cast_nowait(
        self, method: Callable[Concatenate[A_co, P], Awaitable[object]], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Send without wanting a reply and without waiting: `trio.WouldBlock` if the mailbox is full."""
        cell = self._cell
        cell.tell_nowait(Message(cell.known.get(method) or cell.resolve(method), args, kwargs))

    async def stop(self) -> None:
        """End the actor for good and wait until it is gone; its error, if any, goes to its nursery."""
        self.stop_nowait()
        await self.wait_down()

    def stop_nowait(self) -> None:
        """Tell the actor to end for good, and return at once.

        In this same step its mailbox closes (what was queued is answered with `ActorStopped`) and the message
        in hand is cancelled. Its `stopping` runs as soon as its task does; an actor that rests, and has neither that
        nor children nor tasks, is gone in this step.
        """
        self._cell.let_end(self._cell, Told.STOP)

    async def wait_down(self) -> Down:
        """Wait until the actor will not come back, and return its last notice."""
        if self._cell.gone:
            await trio.lowlevel.checkpoint()
        await self._cell.wait_gone()
        assert self._cell.last_down is not None
        return self._cell.last_down

    def suspend(self) -> None:
        """Let the actor take no further message until `resume`, for debugging; the one in hand goes on.

        Its tasks run on, its mailbox fills up, and it can be stopped. A restart does not change it.
        """
        self._cell.mailbox.held = True

    def resume(self) -> None:
        """Let the actor take messages again."""
        self._cell.mailbox.held = False
        self._cell.mailbox.wake()

    def peek(self) -> dict[str, Any]:
        """Copy the attributes of the actor as they are now, for debugging; there are none between two lives."""
        life = self._cell.life
        attributes = {} if life is None or life.actor is None else vars(life.actor)
        return {name: value for name, value in attributes.items() if name != "_home"}

    def status(self) -> ActorStatus:
        """Say what the actor is doing now, and its children, as a frozen record."""
        return status_of(self._cell)

    def monitor(self) -> Monitor:
        """Watch it die: one `Down` for each life that ends from now on, or the last at once if it is down."""
        monitor = Monitor()
        self._cell.watch(monitor)
        return monitor


def ref_to(cell: Cell) -> ActorRef[Any]:
    """Give an actor's ref, the same for as long as anybody holds it; the cell does not: the ref holds it."""
    ref: ActorRef[Any] | None = cell.ref()
    if ref is None:
        ref = ActorRef(cell)
        cell.ref = weakref.ref(ref)
    return ref


@trio.lowlevel.enable_ki_protection
async def _ask_noted(caller: Life, cell: Cell, request: Request) -> Any:
    check_ring(caller, cell)
    caller.waits_for = request
    try:
        cell.ask(request)
        return await request.wait()
    finally:
        caller.waits_for = None
