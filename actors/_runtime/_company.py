"""Everything of a run that lives in one process, as actors: units and relays, supervised together.

Endpoints open first and close last, so that a restart finds its queues, and no unit sends before the others listen.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, Final

import trio

from actors._floor import ActorError, ActorNursery, ActorRef, ActorTree, Supervision, open_actor_nursery
from actors._graph import SettingsRefused
from graphmeta import Component, Relay, Unit, streams_of

from ._placement import Crew
from ._relay_actor import RelayActor
from ._stage import Stage
from ._stations import RelayStation, Station, open_relay_station, open_station
from ._unit_actor import UnitActor
from ._worker_actor import Terms, WorkerActor
from ._worker_process import GRACE, Pool

HAND_OVER_SECONDS: Final = 1.0
"""At the end, for messages on their way over a wire; a subscriber that takes none holds nobody for longer."""

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

    async def start_unit(self, station: Station) -> None:
        """Start a unit's actor; returns when it is ready."""
        restart = station.unit.RESTART
        ref = await self._nursery.start(UnitActor, station, self._stage, name=station.address, restart=restart)
        self._settings[station.address] = partial(ref.call, UnitActor.take_settings)

    async def start_relay(self, station: RelayStation) -> None:
        """Start a relay's actor."""
        await self._nursery.start(RelayActor, station, self._stage.progress, name=station.relay.address)

    async def start_crew(self, crew: Crew, pool: Pool, terms: Terms) -> None:
        """Start the actor of a worker process; returns when all of its units are ready."""
        factory = partial(WorkerActor, crew, self._stage, pool, terms)
        restart = crew.root.RESTART
        ref = await self._nursery.start(factory, name=crew.address, restart=restart, grace=GRACE)
        for component in crew.members:
            if isinstance(component, Unit):
                self._settings[str(component.address)] = partial(_ask_worker, ref, str(component.address))


async def _ask_worker(ref: ActorRef[WorkerActor], address: str, values: dict[str, Any]) -> Any:
    took = await ref.call(WorkerActor.take_settings, address, values)
    if took.refusal is not None:
        raise took.refusal.unpack(address)
    return took.readable


@asynccontextmanager
async def open_company(
    stage: Stage, order: Iterable[Component | Crew], supervision: Supervision, workers: tuple[Pool, Terms] | None = None
) -> AsyncIterator[Company]:
    """Bring what is in *order* to life for the length of a block; its tasks go when ``stage.progress`` starts.

    At the end all stop, the last started first. An error that no restart policy takes leaves as itself, several in one
    group. Crews need *workers*.
    """
    async with AsyncExitStack() as endpoints:
        openings = [await _open(each, stage, endpoints) for each in order]
        async with _supervised(supervision) as nursery:
            company = Company(stage, nursery)
            stage.progress.begun = True
            for opened in (each for opening in openings for each in opening):
                match opened:
                    case Station():
                        await company.start_unit(opened)
                    case RelayStation():
                        await company.start_relay(opened)
                    case Crew():
                        assert workers is not None
                        await company.start_crew(opened, *workers)
            yield company
        with trio.move_on_after(HAND_OVER_SECONDS):
            await endpoints.aclose()


def _supervised(supervision: Supervision) -> Any:
    return open_actor_nursery(
        "units",
        strategy=supervision.strategy,
        max_restarts=supervision.max_restarts,
        within=supervision.within,
        backoff=supervision.backoff,
    )


async def _open(item: Component | Crew, stage: Stage, endpoints: AsyncExitStack) -> list[Station | RelayStation | Crew]:
    if isinstance(item, Crew):
        return [item]
    if isinstance(item, Unit):
        return [await open_station(item, stage.session, endpoints)]
    relays = [port for port in streams_of(item).values() if isinstance(port, Relay)]
    return [await open_relay_station(relay, stage.session, endpoints) for relay in relays]
