"""What of an actor survives its restarts: name, mailbox, counters, and those who watch it.

The cell decides nothing about restarts; its nursery does. It knows no Actor class, only the instance's
attributes.
"""

import enum
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import trio

from ._errors import ActorStopped
from ._handlers import Known, resolve
from ._life import Life
from ._mailbox import Mailbox
from ._message import Handler, Message, Request
from ._monitor import Down, Monitor
from ._policy import Restart, Told
from ._slot import Slot

_NOTHING_YET: Known = {}


def _none() -> None:
    return None


class State(enum.Enum):
    """What an actor is doing, as its tree shows it."""

    STARTING = "starting"
    RUNNING = "running"
    SUSPENDED = "suspended"
    """running, but told to take no message"""
    STOPPING = "stopping"
    RESTARTING = "restarting"
    """between two lives; its mailbox takes messages"""
    STOPPED = "stopped"


def name_of(factory: Callable[..., Any]) -> str:
    """Name what makes an actor: its class, or the class inside a `functools.partial`."""
    target = getattr(factory, "func", factory)
    return str(getattr(target, "__name__", type(target).__name__))


class Cell:
    """One actor as its nursery and its refs see it."""

    __slots__ = (
        "actor_class",
        "announced",
        "args",
        "attempt",
        "cause",
        "established",
        "factory",
        "gone",
        "grace",
        "handled",
        "known",
        "last_down",
        "last_error",
        "let_end",
        "life",
        "lives",
        "mailbox",
        "monitors",
        "name",
        "path",
        "ref",
        "restart",
        "spawned",
        "starting",
        "told",
        "waiters",
    )

    def __init__(
        self,
        path: str,
        name: str,
        factory: Callable[..., Any],
        args: tuple[Any, ...],
        restart: Restart,
        grace: float,
        let_end: "Callable[[Cell, Told], None]",
    ) -> None:
        self.path = path
        self.name = name
        self.factory = factory
        self.args = args
        self.restart: Restart = restart
        self.grace = grace
        self.let_end = let_end
        self.mailbox = Mailbox(1)
        self.actor_class: type[Any] | None = None
        self.known: Known = _NOTHING_YET
        self.life: Life | None = None
        self.starting: Slot | None = None
        self.told = Told.NOTHING
        self.ref: Callable[[], Any] = _none
        """gives the one ref, while anybody holds it: see `ref_to`"""
        self.spawned = False
        self.established = False
        """it has been ready once; until then its errors belong to whoever starts it"""
        self.announced = False
        self.gone = False
        self.lives = 0
        self.attempt = 0
        self.handled = 0
        self.cause: BaseException | None = None
        self.last_error: str | None = None
        self.last_down: Down | None = None
        self.monitors: WeakSet[Monitor] | None = None
        self.waiters: dict[Slot, None] | None = None
        """those who wait for an end, in order; a parking lot is more than one waiter needs"""

    @property
    def class_name(self) -> str:
        return name_of(self.actor_class or self.factory)

    @property
    def state(self) -> State:
        if self.gone:
            return State.STOPPED
        if not self.spawned:
            return State.RESTARTING
        if self.told is not Told.NOTHING or (self.life is not None and self.life.leaving):
            return State.STOPPING
        if self.life is None or not self.life.ready:
            return State.STARTING
        return State.SUSPENDED if self.mailbox.held else State.RUNNING

    def stopped(self) -> ActorStopped:
        """Make an error for one who asks an actor that is gone."""
        error = ActorStopped(self.path)
        # also when there is no cause: whatever is being handled meanwhile has nothing to do with it
        error.__cause__ = self.cause
        return error

    def made(self, actor: Any) -> None:
        """Take note of the actor's class, when there is one."""
        self.actor_class = type(actor)
        self.known = actor._handlers
        self.mailbox.resize(actor.mailbox_bound)

    def resolve(self, method: Handler) -> Handler:
        """Find the function to run for `method`, the first time that it is asked for."""
        return method if self.actor_class is None else resolve(self.actor_class, self.known, method)

    # -- messages ---------------------------------------------------------------------------------

    # A Ctrl-C between a message's way into the mailbox and the sender's falling asleep would leave a request that
    # wakes a task which no longer waits. So whoever sends runs protected; asleep it can be interrupted all the same.

    @trio.lowlevel.enable_ki_protection
    def tell_nowait(self, message: Message) -> None:
        """Queue a message; `trio.WouldBlock` if there is no room, `ActorStopped` if nobody will ever read it."""
        if self.mailbox.closed:
            raise self.stopped()
        self.mailbox.put_nowait(message)

    @trio.lowlevel.enable_ki_protection
    async def tell(self, message: Message) -> None:
        """Wait for room, behind all who wait already."""
        try:
            self.tell_nowait(message)
        except trio.WouldBlock:
            if not await self.mailbox.put(message):
                raise self.stopped() from self.cause

    def ask(self, request: Request) -> None:
        """Queue a request, with room or behind all who wait for room; its caller must wait for it at once."""
        if self.mailbox.closed:
            raise self.stopped()
        self.mailbox.put_or_queue_up(request)

    # -- ends -------------------------------------------------------------------------------------

    def end(self, told: Told) -> bool:
        """Tell the actor to end; true if it is between two lives, so that nobody else will finish it.

        The first word counts: who was told to end for good is not told anything else.
        """
        if self.gone or self.told in (Told.STOP, Told.CANCEL):
            return False
        self.told = told
        if told is not Told.RESTART:
            self.close_mailbox()
        if self.life is not None:
            self._dismiss(self.life)
        return not self.spawned

    @property
    def resting(self) -> Life | None:
        """The life whose task waits for a message, if that is all there is of it: nothing is left for its end to do."""
        life = self.life
        if life is None or not self.mailbox.waited_for or life.tasks.child_tasks or life.children is not None:
            return None
        return None if life.actor._has_stopping else life

    def _dismiss(self, life: Life) -> None:
        """Let an idle actor look up; cancel what others are at, which costs it as much as the rest of its end."""
        life.leaving = True
        if life.tasks.child_tasks or not self.mailbox.wake():
            life.leave()

    def close_mailbox(self) -> None:
        """Answer whatever is queued with `ActorStopped`."""
        for item in self.mailbox.close():
            if isinstance(item, Request):
                item.fail(self.stopped())

    def settle(self, life: Life, make_error: Callable[[], BaseException]) -> None:
        """Answer what this life still owed."""
        for request in life.owes():
            request.fail(make_error())
        life.in_hand = life.put_off = None
        # what holds each other is left to the garbage collector
        life.actor = None

    def notify(self, down: Down) -> None:
        """Tell the monitors of the end of one life."""
        self.last_down = down
        for monitor in list(self.monitors or ()):
            monitor._tell(down)

    def bury(self) -> None:
        """Be gone for good: nothing waits for this actor any more."""
        self.gone = True
        self.close_mailbox()
        for monitor in list(self.monitors or ()):
            monitor._end()
        self.wake_waiters()

    def wake_waiters(self) -> None:
        for slot in self.waiters or ():
            slot.answer(None)

    async def wait_over(self) -> None:
        """Wait until the present life is over."""
        while self.spawned:
            await self._park()

    async def wait_gone(self) -> None:
        """Wait until the actor is gone for good."""
        while not self.gone:
            await self._park()

    async def _park(self) -> None:
        slot = Slot(self)
        if self.waiters is None:
            self.waiters = {}
        self.waiters[slot] = None
        try:
            await slot.wait()
        finally:
            del self.waiters[slot]

    def watch(self, monitor: Monitor) -> None:
        """Let a monitor hear of every end from now on, and of the last one at once if the actor is down."""
        if self.last_down is not None:
            monitor._tell(self.last_down)
        if self.gone:
            monitor._end()
            return
        if self.monitors is None:
            self.monitors = WeakSet()
        self.monitors.add(monitor)
