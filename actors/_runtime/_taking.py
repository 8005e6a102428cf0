"""Taking messages for a component: one that its stream does not take is its sender's mistake, and harms nobody else.

Whoever connects two streams by mistake must not end the unit that hears of it. Such a message is left out, and the
first one is told of, for a stranger could send any number.
"""

from collections.abc import Callable
from typing import Any, Final, Self

from actors._data import MessageRefused, Subscriber


class Taking:
    """The messages of a subscriber that can be taken, for ``async for``; *tell* hears of the first that cannot."""

    def __init__(self, subscriber: Subscriber, tell: Callable[[Exception], None]) -> None:
        self._subscriber: Final = subscriber
        self._tell: Final = tell
        self._told = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        while True:
            try:
                return await self._subscriber.receive()
            except MessageRefused as error:
                if self._subscriber.failure is not None:
                    raise
                self._left_out(error)

    def _left_out(self, error: MessageRefused) -> None:
        if not self._told:
            self._told = True
            self._tell(error)
