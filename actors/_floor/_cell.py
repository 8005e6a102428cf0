"""What of an actor survives its restarts: name, mailbox, counters, and those who watch it.

The cell decides nothing about restarts; its nursery does. It knows no Actor class, only the instance's attributes.
"""

import enum
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import trio

from ._errors import ActorStopped
from ._life import Life
from ._mailbox import Mailbox, MailboxClosed
from ._message import Handler, Message, Request
from ._monitor import Down, Monitor
from ._policy import Restart, Told
from ._slot import Slot


class State(enum.Enum):
    """What an actor is doing, as its tree shows it."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    RESTARTING = "restarting"
    """between two lives; its mailbox takes messages"""
    STOPPED = "stopped"


class Cell:
    """One actor as its nursery and its refs see it."""

    __slots__ = (
        "actor_class",
        "announced",
        "args",
        "attempt",
        "cause",
        "factory",
        "gone",
        "grace",
        "handled",
        "last_down",
        "last_error",
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
    ) -> None:
        self.path = path
        self.name = name
        self.factory = factory
        self.args = args
        self.restart: Restart = restart
        self.grace = grace
        self.mailbox = Mailbox(1)
        self.actor_class: type[Any] | None = None
        self.life: Life | None = None
        self.starting: Slot | None = None
        self.told = Told.NOTHING
        self.ref: Any = None
        self.spawned = False
        self.announced = False
        self.gone = False
        self.lives = 0
        self.attempt = 0
        self.handled = 0
        self.cause: BaseException | None = None
        self.last_error: str | None = None
        self.last_down: Down | None = None
        self.monitors: WeakSet[Monitor] | None = None
        self.waiters: trio.lowlevel.ParkingLot | None = None

    @property
    def state(self) -> State:
        if self.gone:
            return State.STOPPED
        if not self.spawned:
            return State.RESTARTING
        if self.told is not Told.NOTHING or (self.life is not None and self.life.leaving):
            return State.STOPPING
        ready = self.life is not None and self.life.ready
        return State.RUNNING if ready else State.STARTING

    def stopped(self) -> ActorStopped:
        """A fresh error for whoever asks an actor that is gone."""
        error = ActorStopped(self.path)
        error.__cause__ = self.cause
        return error

    # -- messages ---------------------------------------------------------------------------------

    def tell_nowait(self, function: Handler, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        try:
            self.mailbox.put_nowait(Message(function, args, kwargs))
        except MailboxClosed:
            raise self.stopped() from self.cause

    async def tell(self, function: Handler, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        message = Message(function, args, kwargs)
        try:
            self.mailbox.put_nowait(message)
        except MailboxClosed:
            raise self.stopped() from self.cause
        except trio.WouldBlock:
            await self._tell_when_there_is_room(message)

    async def _tell_when_there_is_room(self, message: Message) -> None:
        try:
            await self.mailbox.put(message)
        except MailboxClosed:
            raise self.stopped() from self.cause

    async def ask(self, request: Request) -> Any:
        try:
            self.mailbox.put_or_queue_up(request)
        except MailboxClosed:
            raise self.stopped() from self.cause
        return await request.wait(self.mailbox.withdraw)

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
            self.life.leave()
        return not self.spawned

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

    def notify(self, down: Down) -> None:
        """Tell the monitors of the end of one life."""
        self.last_down = down
        for monitor in self.monitors or ():
            monitor._tell(down)

    def bury(self) -> None:
        """The actor is gone for good: nothing waits for it any more."""
        self.gone = True
        self.close_mailbox()
        for monitor in self.monitors or ():
            monitor._end()
        self.wake_waiters()

    def wake_waiters(self) -> None:
        if self.waiters is not None:
            self.waiters.unpark_all()

    async def wait_over(self) -> None:
        """Wait until the present life is over."""
        while self.spawned:
            await self._park()

    async def wait_gone(self) -> None:
        """Wait until the actor is gone for good."""
        while not self.gone:
            await self._park()

    async def _park(self) -> None:
        if self.waiters is None:
            self.waiters = trio.lowlevel.ParkingLot()
        await self.waiters.park()

    def monitor(self) -> Monitor:
        monitor = Monitor()
        if self.life is None and self.last_down is not None:
            monitor._tell(self.last_down)
        if self.gone:
            monitor._end()
            return monitor
        if self.monitors is None:
            self.monitors = WeakSet()
        self.monitors.add(monitor)
        return monitor
