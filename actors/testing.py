"""For tests of actors: a probe to talk to, a record of deaths, faults on order.

All of it keeps to trio's clock, so ``autojump_clock`` makes every wait free.
"""

import functools
import types
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast

import attrs
import trio

from ._floor import Actor, ActorError, ActorRef, Deferred, Down, Monitor
from ._floor._handlers import Known, resolve
from ._floor._message import Handler

A = TypeVar("A", bound=Actor)


class Probe(Actor):
    """An actor that keeps what it is told, to be handed to actors under test."""

    def __init__(self) -> None:
        self._unread: list[Any] = []
        self._all: list[Any] = []
        self._takers: list[Deferred[Any]] = []

    async def tell(self, message: object) -> None:
        """Take a message."""
        self._all.append(message)
        while self._takers:
            if self._takers.pop(0).settle(message):
                return
        self._unread.append(message)

    async def take(self) -> Deferred[Any]:
        """Give the oldest message that nobody took yet; waits until there is one."""
        taker = Deferred[Any]()
        if self._unread:
            taker.settle(self._unread.pop(0))
        else:
            self._takers.append(taker)
        return taker

    async def seen(self) -> tuple[Any, ...]:
        """Give all that it was told, taken or not."""
        return tuple(self._all)


class DownRecorder(Monitor):
    """Made by `record_downs`: every notice, in the order of the deaths, in ``downs`` from that same step on."""

    __slots__ = ("_more", "downs")

    def __init__(self) -> None:
        super().__init__()
        self.downs: list[Down] = []
        self._more = trio.lowlevel.ParkingLot()

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """The notices as pairs of path and reason: for one exact comparison."""
        return [(down.path, down.reason) for down in self.downs]

    async def wait_for(self, count: int) -> list[Down]:
        """Wait until there are `count` notices, and return all there are."""
        await trio.lowlevel.checkpoint()
        while len(self.downs) < count:
            await self._more.park()
        return self.downs

    def _tell(self, down: Down) -> None:
        self.downs.append(down)
        self._more.unpark_all()


def record_downs(*refs: ActorRef[Any]) -> DownRecorder:
    """Record the deaths of these actors, for as long as the recorder is kept."""
    recorder = DownRecorder()
    for ref in refs:
        ref._cell.watch(recorder)
    return recorder


@attrs.frozen
class InjectedFault(ActorError):
    """The test ordered a crash on message `number`; no actor expects this error."""

    number: int

    def __str__(self) -> str:
        return f"injected on message {self.number}"


def _numbers(numbers: Iterable[int]) -> frozenset[int]:
    return frozenset(numbers)


@attrs.frozen
class Faults:
    """What goes wrong on which message, counted from 1 over all lives of all actors made with it.

    A dropped call is never answered. A delay comes before the message is handled, crashed or dropped.
    """

    crash_on: frozenset[int] = attrs.field(default=frozenset(), converter=_numbers)
    drop_on: frozenset[int] = attrs.field(default=frozenset(), converter=_numbers)
    delay_on: Mapping[int, float] = attrs.field(factory=dict)
    """seconds, by number"""


def inject(actor_class: type[A], faults: Faults) -> type[A]:
    """Make a class that behaves like `actor_class`, apart from the faults; start it in its place."""

    def expects(self: A, error: Exception) -> bool:
        return not isinstance(error, InjectedFault) and actor_class._expects(self, error)

    faulty = types.new_class(actor_class.__name__, (actor_class,))
    setattr(faulty, "_expects", expects)  # noqa: B010 - mypy knows no such attribute of a class made here
    setattr(faulty, "_handlers", _Injecting(actor_class, faults))  # noqa: B010 - the same
    return cast(type[A], faulty)


class _Injecting(Known):
    """Stands where a class remembers its handlers, and hands out handlers with faults in them."""

    def __init__(self, actor_class: type[Actor], faults: Faults) -> None:
        super().__init__()
        self._actor_class = actor_class
        self._faults = faults
        self._count = 0

    def __missing__(self, function: Handler) -> Handler:
        handler = resolve(self._actor_class, self._actor_class._handlers, function)

        @functools.wraps(handler)
        async def faulty(actor: Any, *args: Any, **kwargs: Any) -> Any:
            self._count += 1
            number = self._count
            if number in self._faults.delay_on:
                await trio.sleep(self._faults.delay_on[number])
            if number in self._faults.crash_on:
                raise InjectedFault(number)
            if number in self._faults.drop_on:
                return Deferred[Any]()
            return await handler(actor, *args, **kwargs)

        self[function] = faulty
        return faulty
