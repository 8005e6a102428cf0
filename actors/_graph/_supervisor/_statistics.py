"""What has passed through a graph's endpoints: a reading, and the rates between two of them.

Counters only ever grow, and whoever asks takes no part in counting: so any number of readers may look, each as often as
it likes, and none disturbs another. Pure.
"""

from collections.abc import Generator, Iterable, Mapping
from uuid import UUID

import attrs

from actors._data import Flow, FlowStatistics
from graphmeta import Endpoint


@attrs.frozen
class EndpointStatistics:
    """One open publisher or subscriber, and what passed through it since it was opened."""

    session: UUID
    session_name: str
    endpoint: int
    """Its number, unique within its session."""
    topic: str
    direction: str
    """``publisher`` or ``subscriber``."""
    messages: int
    """Sent by a publisher, or taken by a subscriber; a remote one tells when it has taken half of its queue."""
    queued: int
    """Waiting now for the subscriber; of a remote publisher, what came and has not been handed over."""
    max_queue: int
    """How many may wait for a subscriber before publishers do."""
    leaky: bool
    dropped: int
    """Messages that a leaky subscriber lost to newer ones."""
    blocked: float
    """Seconds that a publisher has waited, or that publishers have waited for this subscriber, added up over all."""


@attrs.frozen
class LoopStatistics:
    """The event loop of the graph's process. Counted from the first reading on, and as long as somebody reads."""

    longest: float
    """Seconds of the longest turn of the last 10 to 20 s: for so long nobody was heard, heartbeats included."""
    busy: float
    """Seconds at work, of those counted."""
    counted: float
    """Seconds counted."""


@attrs.frozen
class Statistics:
    """One reading of a graph."""

    epoch: UUID
    """The graph's; readings of two graphs have nothing in common."""
    time: float
    """Seconds of the server's own clock; only differences mean anything."""
    loop: LoopStatistics
    endpoints: tuple[EndpointStatistics, ...]
    """By session in the order of their start, then by number."""


@attrs.frozen
class EndpointRates:
    """One endpoint between two readings."""

    endpoint: EndpointStatistics
    """As it was at the later one."""
    messages: float
    """A second."""
    dropped: float
    """A second."""
    blocked: float
    """The share of the time: 1.0 is one publisher that waited all along; several may come to more."""


@attrs.frozen
class Rates:
    """What happened between two readings."""

    seconds: float
    busy: float
    """The share of the time, 0 to 1, that the event loop was at work."""
    longest: float
    """As in `LoopStatistics`."""
    endpoints: tuple[EndpointRates, ...]
    """Those that are open at the later reading, in its order."""


def rates(earlier: Statistics, later: Statistics) -> Rates:
    """What happened between two readings of one graph; an endpoint that opened in between counts from zero.

    `ValueError` when they are of two graphs, or not in order.
    """
    seconds = later.time - earlier.time
    if earlier.epoch != later.epoch:
        raise ValueError("these are readings of two graphs")
    if seconds <= 0.0:
        raise ValueError("the later reading must come second")
    before = {_key(endpoint): endpoint for endpoint in earlier.endpoints}
    counted = later.loop.counted - earlier.loop.counted
    busy = (later.loop.busy - earlier.loop.busy) / counted if counted > 0.0 else 0.0
    between = tuple(_between(before.get(_key(endpoint)), endpoint, seconds) for endpoint in later.endpoints)
    return Rates(seconds, busy, later.loop.longest, between)


def _key(endpoint: EndpointStatistics) -> tuple[UUID, int]:
    return endpoint.session, endpoint.endpoint


def _between(earlier: EndpointStatistics | None, later: EndpointStatistics, seconds: float) -> EndpointRates:
    messages, dropped, blocked = (earlier.messages, earlier.dropped, earlier.blocked) if earlier else (0, 0, 0.0)
    return EndpointRates(
        later,
        (later.messages - messages) / seconds,
        (later.dropped - dropped) / seconds,
        (later.blocked - blocked) / seconds,
    )


@attrs.frozen
class Owner:
    """A session whose endpoints are to be read."""

    id: UUID
    name: str
    endpoints: tuple[Endpoint, ...]
    flows: Mapping[int, Flow]


def read_endpoints(owners: Iterable[Owner]) -> Generator[None, None, tuple[EndpointStatistics, ...]]:
    """Read every endpoint, one a step: there may be thousands. Those that went meanwhile stay out."""
    found: list[EndpointStatistics] = []
    for owner in owners:
        for endpoint in owner.endpoints:
            flow = owner.flows.get(endpoint.id)
            if flow is not None:
                found.append(_read(owner, endpoint, flow.statistics()))
            yield
    return tuple(found)


def _read(owner: Owner, endpoint: Endpoint, passed: FlowStatistics) -> EndpointStatistics:
    return EndpointStatistics(
        owner.id,
        owner.name,
        endpoint.id,
        endpoint.topic,
        endpoint.direction,
        passed.sent + passed.received,
        passed.queued,
        endpoint.max_queue,
        endpoint.leaky,
        passed.dropped,
        passed.blocked_seconds,
    )
