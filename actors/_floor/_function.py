"""A function as an actor: ``async def worker(inbox)`` with a mailbox, a name, restarts and all the rest.

The function runs as a background task of an ordinary actor whose two messages hand things to it one by one, so
that the mailbox is the only place where they wait.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar, TypeVarTuple

import trio

from ._actor import Actor

M = TypeVar("M")
Ts = TypeVarTuple("Ts")


class Inbox(Generic[M]):
    """What the function reads: ``async for message in inbox``. It has one message at a time."""

    def __init__(self, reply: Callable[[object], object]) -> None:
        self._reply = reply
        self._hand_over, self._taken = trio.open_memory_channel[M](0)
        self._idle = trio.Event()
        """the function has come back for a message, or has ended"""

    def __aiter__(self) -> "Inbox[M]":
        return self

    async def __anext__(self) -> M:
        self._idle.set()
        return await self._taken.receive()

    def reply(self, value: object) -> None:
        """Answer the present message, if it came by `FunctionActor.ask`; otherwise, and later on, do nothing."""
        self._reply(value)

    async def _hand(self, message: M) -> None:
        # not only until it is taken, but until it is done with: a crash must lose no message but this one
        self._idle = trio.Event()
        await self._hand_over.send(message)
        await self._idle.wait()


class FunctionActor(Actor, Generic[M]):
    """The actor around a function. It is ready when the function first asks for a message; its end is the actor's.

    An error in the function is a crash, or, before it is ready, a start-up error.
    """

    def __init__(self, function: Callable[..., Awaitable[object]], args: tuple[Any, ...]) -> None:
        self._function = function
        self._args = args
        self._inbox = Inbox[M](self._answer)

    async def started(self) -> None:
        """Run the function until it asks for its first message."""
        self.nursery.start_soon(self._run)
        await self._inbox._idle.wait()

    async def put(self, message: M) -> None:
        """Hand the function a message."""
        await self._inbox._hand(message)

    async def ask(self, message: M) -> Any:
        """Hand the function a message; the result is what it replies, or None if it goes on without a reply."""
        await self._inbox._hand(message)

    async def _run(self) -> None:
        await self._function(self._inbox, *self._args)
        self.stop()
        self._inbox._idle.set()
        if self._inbox._hand_over.statistics().tasks_waiting_send:
            # the loop has just begun to hand over a message that nobody will take
            self._at_home()[1].leave()

    def _answer(self, value: object) -> None:
        _, life = self._at_home()
        if life.in_hand is not None:
            life.in_hand.answer(value)


class _Factory(Generic[M, *Ts]):
    """Makes the actor, at the first start and at every restart; named after the function."""

    def __init__(self, function: Callable[[Inbox[M], *Ts], Awaitable[object]]) -> None:
        self._function = function
        self.__name__ = getattr(function, "__name__", "function")

    def __call__(self, *args: *Ts) -> FunctionActor[M]:
        return FunctionActor(self._function, args)


def function_actor(
    function: Callable[[Inbox[M], *Ts], Awaitable[object]],
) -> Callable[[*Ts], FunctionActor[M]]:
    """Make a function startable as an actor.

    For example::

    async def worker(inbox: Inbox[str], limit: int) -> None:
        async for job in inbox:
            inbox.reply(job[:limit])

    ref = await nursery.start(function_actor(worker), 10)
    await ref.cast(FunctionActor.put, "a job")
    print(await ref.call(FunctionActor.ask, "another job"))
    """
    return _Factory(function)
