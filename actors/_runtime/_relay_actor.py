"""A relay as an actor: takes messages on one side of a collection's boundary and sends them on at the other."""

import copy
from contextlib import AsyncExitStack
from typing import Any, Final

from actors._floor import Actor
from actors._graph import Session
from graphmeta import Relay

from ._progress import Progress


class RelayActor(Actor):
    """Runs one relay. With ``copy_on_forward`` whoever gets a message may change it."""

    def __init__(self, relay: Relay[Any], session: Session, progress: Progress) -> None:
        self._relay: Final = relay
        self._session: Final = session
        self._progress: Final = progress
        self._stack: Final = AsyncExitStack()

    async def started(self) -> None:
        """Open both sides."""
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise

    async def stopping(self) -> None:
        """Close both sides."""
        await self._stack.aclose()

    async def _open(self) -> None:
        relay, enter = self._relay, self._stack.enter_async_context
        subscriber = self._session.subscriber(
            relay.takes_from, relay.message_type, leaky=relay.leaky, max_queue=relay.max_queue
        )
        source = await enter(subscriber)
        target = await enter(self._session.publisher(relay.sends_to, relay.message_type))
        self.nursery.start_soon(self._progress.unless_lost, self._forward, source, target)

    async def _forward(self, source: Any, target: Any) -> None:
        async for message in source:
            await target.send(copy.deepcopy(message) if self._relay.copy_on_forward else message)
