"""What lies in a mailbox: a message, or a request, which somebody waits for."""

from collections.abc import Awaitable, Callable
from typing import Any

import trio

from ._slot import Slot, Wait

Handler = Callable[..., Awaitable[Any]]


class Message:
    """One function to run on the actor, with its arguments; nobody waits for its result."""

    __slots__ = ("args", "function", "kwargs")

    def __init__(self, function: Handler, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs


class Request(Slot):
    """A message whose caller waits, parked, for the outcome."""

    __slots__ = ("_withdraw", "args", "function", "kwargs")

    def __init__(
        self,
        target: object,
        withdraw: Callable[["Request"], object],
        function: Handler,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        # not by way of the base class: every call comes through here
        self.target = target
        self.state = Wait.OPEN
        self._task = trio.lowlevel.current_task()
        self._withdraw = withdraw
        self.function = function
        self.args = args
        self.kwargs = kwargs

    def abort(self, _: object) -> trio.lowlevel.Abort:
        """Let the caller go, and take the request back if nobody has taken it."""
        self._withdraw(self)
        return super().abort(_)


Item = Message | Request
