"""A reply that is put off: OTP's ``noreply`` now and ``reply`` later."""

from typing import Generic, TypeVar

import outcome
import trio

from ._life import Life
from ._message import Request
from ._slot import Wait

T = TypeVar("T")


class Deferred(Generic[T]):
    """Returned by a handler in place of its result: the caller waits on, the actor takes the next message.

    Any task of the actor settles it once, with `settle` or `fail`, also before it is returned. What is
    unsettled when this life of the actor ends fails with `ActorStopped` (`ActorRestarted` if another life
    follows).
    """

    __slots__ = ("_life", "_request", "_result")

    def __init__(self) -> None:
        self._result: outcome.Outcome[T] | None = None
        self._request: Request | None = None
        self._life: Life | None = None

    def settle(self, value: T) -> bool:
        """Reply, without waiting; false if nobody takes it: it was settled before, or the caller has gone."""
        return self._settle(outcome.Value(value))

    def fail(self, error: Exception) -> bool:
        """Let the caller raise `error`, without waiting; false if it was settled before.

        If no caller is left to take it, the error crashes the actor, like any other error that nobody takes.
        """
        return self._settle(outcome.Error(error))

    @trio.lowlevel.enable_ki_protection
    def _settle(self, result: outcome.Outcome[T]) -> bool:
        if self._result is not None:
            return False
        self._result = result
        return self._life is None or self._deliver(self._life, result)

    def _bind(self, life: Life, request: Request | None) -> None:
        self._life, self._request = life, request
        if self._result is not None:
            self._deliver(life, self._result)
        elif request is not None:
            if request.state is Wait.OPEN:
                request.state = Wait.DEFERRED
            life.put_off_reply(request)

    def _deliver(self, life: Life, result: outcome.Outcome[T]) -> bool:
        taken = self._request is not None and self._request.settle(result)
        if isinstance(result, outcome.Error) and not taken:
            life.crash(result.error)
            return True
        return taken
