"""A reply that is put off: OTP's ``noreply`` now and ``reply`` later."""

from typing import Generic, TypeVar

import outcome

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
        """Reply; false if it was settled before. Never waits."""
        return self._settle(outcome.Value(value))

    def fail(self, error: Exception) -> bool:
        """Let the caller raise `error`; false if it was settled before. Never waits.

        If no caller is left to take it, the error crashes the actor, like any other error that nobody takes.
        """
        return self._settle(outcome.Error(error))

    def _settle(self, result: outcome.Outcome[T]) -> bool:
        if self._result is not None:
            return False
        self._result = result
        if self._life is not None:
            self._deliver(self._life)
        return True

    def _bind(self, life: Life, request: Request | None) -> None:
        self._life, self._request = life, request
        if self._result is not None:
            self._deliver(life)
        elif request is not None:
            if request.state is Wait.OPEN:
                request.state = Wait.DEFERRED
            if life.put_off is None:
                life.put_off = set()
            life.put_off.add(request)

    def _deliver(self, life: Life) -> None:
        request, result = self._request, self._result
        if request is not None and life.put_off is not None:
            life.put_off.discard(request)
        if isinstance(result, outcome.Error):
            if request is None or not request.fail(result.error):
                life.crash(result.error)
        elif request is not None and isinstance(result, outcome.Value):
            request.answer(result.value)
