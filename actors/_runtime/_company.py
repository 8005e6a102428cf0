"""Everything of a run that lives in one process, as actors: units and relays, supervised together.

Endpoints open first and close last, so that a restart finds its queues, and no unit sends before the others listen.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from actors._floor import ActorError, ActorNursery, ActorTree, Supervision, open_actor_nursery
from actors._graph import SettingsRefused
from graphmeta import Component, Relay, Unit, streams_of

from ._relay_actor import RelayActor
from ._stage import Stage
from ._stations import RelayStation, Station, open_relay_station, open_station
from ._unit_actor import UnitActor

TakeSettings = Callable[[dict[str, Any]], Awaitable[Any]]


class Company:
    """The actors of one process. Made by `open_company`."""

    def __init__(self, stage: Stage, nursery: ActorNursery) -> None:
        self._stage = stage
        self._nursery = nursery
        self._settings: dict[str, TakeSettings] = {}

    async def take_settings(self, address: str, values: dict[str, Any]) -> Any:
        """Have the unit at *address* take settings; returns them in readable form, or raises its refusal."""
        if address not in self._settings:
            raise SettingsRefused(address, "it is a collection, and only units take settings while they run")
        try:
            return await self._settings[address](values)
        except ActorError:
            # The unit's own end is told to whoever runs it, not to whoever happened to ask.
            raise SettingsRefused(address, "its unit has stopped") from None

    def tree(self) -> ActorTree:
        """The actors as they are now."""
        return self._nursery.tree()

    async def start(self, station: Station | RelayStation) -> None:
        """Start the actor of one station; returns when it is ready."""
        if isinstance(station, RelayStation):
            address = station.relay.address
            await self._nursery.start(RelayActor, station, self._stage.progress, name=address)
            return
        restart = station.unit.RESTART
        ref = await self._nursery.start(UnitActor, station, self._stage, name=station.address, restart=restart)
        self._settings[station.address] = partial(ref.call, UnitActor.take_settings)


@asynccontextmanager
async def open_company(
    stage: Stage, components: Iterable[Component], supervision: Supervision
) -> AsyncIterator[Company]:
    """Bring *components* to life for the length of a block; their tasks go when ``stage.progress`` starts.

    At the end they stop, the last started first. An error that a restart policy does not take leaves as itself,
    several in one group.
    """
    async with AsyncExitStack() as endpoints:
        stations = [station for each in components for station in await _open_stations(each, stage, endpoints)]
        async with _supervised(supervision) as nursery:
            company = Company(stage, nursery)
            stage.progress.begun = True
            for station in stations:
                await company.start(station)
            yield company


def _supervised(supervision: Supervision) -> Any:
    return open_actor_nursery(
        "units",
        strategy=supervision.strategy,
        max_restarts=supervision.max_restarts,
        within=supervision.within,
        backoff=supervision.backoff,
    )


async def _open_stations(component: Component, stage: Stage, endpoints: AsyncExitStack) -> list[Station | RelayStation]:
    if isinstance(component, Unit):
        return [await open_station(component, stage.session, endpoints)]
    relays = [port for port in streams_of(component).values() if isinstance(port, Relay)]
    return [await open_relay_station(relay, stage.session, endpoints) for relay in relays]
