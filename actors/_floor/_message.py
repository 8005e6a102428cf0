"""What lies in a mailbox: a message, or a request, which somebody waits for."""

from collections.abc import Awaitable, Callable
from typing import Any

from ._slot import Slot

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

    __slots__ = ("args", "function", "kwargs")

    def __init__(self, target: object, function: Handler, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__(target)
        self.function = function
        self.args = args
        self.kwargs = kwargs


Item = Message | Request
