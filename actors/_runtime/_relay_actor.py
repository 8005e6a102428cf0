"""A relay as an actor: takes messages on one side of a collection's boundary and sends them on at the other."""

import copy
from functools import partial
from typing import Any, Final

from actors._floor import Actor

from ._failures import add_note
from ._progress import Progress
from ._stations import RelayStation
from ._taking import Taking


class RelayActor(Actor):
    """Runs one relay. With ``copy_on_forward`` whoever gets a message may change it."""

    def __init__(self, station: RelayStation, progress: Progress) -> None:
        self._station: Final = station
        self._progress: Final = progress

    async def started(self) -> None:
        """Begin to forward: a relay holds nothing back for the common start, because it makes nothing."""
        self.nursery.start_soon(self._progress.unless_lost, self._forward)

    async def _forward(self) -> None:
        tell = partial(self._progress.leave_out, self._station.relay.address)
        async for message in Taking(self._station.source, tell):
            await self._station.target.send(self._passed_on(message))

    def _passed_on(self, message: Any) -> Any:
        relay = self._station.relay
        if not relay.copy_on_forward:
            return message
        try:
            return copy.deepcopy(message)
        except Exception as error:
            add_note(error, f"in relay {relay.address}, message of type {type(message).__qualname__}")
            self._progress.fail(relay.address, error)
            raise
