"""A unit's or relay's place in a run: its endpoints, and whatever else outlives its restarts.

A restart loses the message that was being handled. What waits in the queues stays there for the next life, and
publishers wait for it, as the senders of an actor do.
"""

from contextlib import AsyncExitStack
from typing import Any

import attrs
import trio

from actors._data import Publisher, Subscriber
from actors._graph import Session
from graphmeta import INPUT_SETTINGS, InputStream, OutputStream, Relay, TaskSpec, Unit, streams_of, tasks_of


@attrs.define(eq=False)
class Station:
    """The place of one unit."""

    unit: Unit
    publishers: dict[OutputStream[Any], Publisher] = attrs.field(factory=dict)
    subscribers: dict[str, Subscriber] = attrs.field(factory=dict)
    """By the name of the task that takes from it."""
    settings: Subscriber | None = None
    """For settings that no task of the unit takes."""
    completed: set[str] = attrs.field(factory=set)
    """Tasks that have done what they were for: a later life does not begin them again."""
    lives: int = 0

    @property
    def address(self) -> str:
        """The unit's."""
        return str(self.unit.address)

    @property
    def comes_back(self) -> bool:
        """Whether another life follows a failure."""
        return self.unit.RESTART in ("transient", "permanent")

    @property
    def settings_stream(self) -> InputStream[Any] | None:
        """The stream by which the unit opted in to live settings."""
        stream = streams_of(self.unit).get(INPUT_SETTINGS)
        return stream if isinstance(stream, InputStream) else None

    @property
    def settings_task(self) -> TaskSpec | None:
        """The unit's own task for settings, if it has one."""
        stream = self.settings_stream
        found = (task for task in tasks_of(self.unit) if stream is not None and task.subscribes is stream)
        return next(found, None)

    def leave(self, task: str) -> None:
        """Nobody takes for *task* any more: publishers must not wait for it."""
        if task in self.subscribers:
            self.subscribers[task].close(trio.ClosedResourceError(f"task {task} has ended"))


@attrs.frozen(eq=False)
class RelayStation:
    """The two sides of one relay."""

    relay: Relay[Any]
    source: Subscriber
    target: Publisher


async def open_station(unit: Unit, session: Session, stack: AsyncExitStack) -> Station:
    """Open the endpoints of *unit* until *stack* is left."""
    station = Station(unit)
    for stream in streams_of(unit).values():
        if isinstance(stream, OutputStream):
            opening = session.publisher(stream.address, stream.message_type)
            station.publishers[stream] = await stack.enter_async_context(opening)
    for task in tasks_of(unit):
        if task.subscribes is not None:
            station.subscribers[task.name] = await _subscribe(station, task.subscribes, session, stack)
    if station.settings_stream is not None and station.settings_task is None:
        station.settings = await _subscribe(station, station.settings_stream, session, stack)
    return station


async def open_relay_station(relay: Relay[Any], session: Session, stack: AsyncExitStack) -> RelayStation:
    """Open both sides of *relay* until *stack* is left."""
    taking = session.subscriber(relay.takes_from, relay.message_type, leaky=relay.leaky, max_queue=relay.max_queue)
    source = await stack.enter_async_context(taking)
    target = await stack.enter_async_context(session.publisher(relay.sends_to, relay.message_type))
    return RelayStation(relay, source, target)


async def _subscribe(station: Station, stream: InputStream[Any], session: Session, stack: AsyncExitStack) -> Subscriber:
    # Of settings only the newest matters: so nobody waits for a unit that is busy, itself included.
    newest_only = stream is station.settings_stream
    leaky, max_queue = (True, 1) if newest_only else (stream.leaky, stream.max_queue)
    opening = session.subscriber(stream.address, stream.message_type, leaky=leaky, max_queue=max_queue)
    return await stack.enter_async_context(opening)
