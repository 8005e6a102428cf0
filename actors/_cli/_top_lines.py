"""What ``trellis top`` says of two readings, as lines for anything but a terminal. Pure."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from actors._graph import EndpointRates, Rates
from graphmeta import counted, visible

SORTS: Final[dict[str, Callable[[EndpointRates], Any]]] = {
    "rate": lambda rates: -rates.messages,
    "queue": lambda rates: -rates.endpoint.queued,
    "dropped": lambda rates: (-rates.dropped, -rates.endpoint.dropped),
    "blocked": lambda rates: -rates.blocked,
    "messages": lambda rates: -rates.endpoint.messages,
    "topic": lambda rates: 0,
}
"""By what the endpoints can be sorted; among equals, by topic."""


def in_order(rates: Rates, sort: str) -> tuple[EndpointRates, ...]:
    """The endpoints by one of `SORTS`."""
    key = SORTS[sort]
    return tuple(sorted(rates.endpoints, key=lambda each: (key(each), each.endpoint.topic, each.endpoint.direction)))


def headline(rates: Rates) -> str:
    """One line about the graph's process."""
    loop = f"loop {rates.busy:.0%} busy, longest turn {rates.longest * 1000:.1f} ms"
    return f"{counted(len(rates.endpoints), 'endpoint')}, {loop}"


def plain_lines(rates: Rates, sort: str, at: str) -> Iterator[str]:
    """A line about the process, and one an endpoint; *at* begins each."""
    yield f"{at}  {headline(rates)}"
    for each in in_order(rates, sort):
        endpoint, (session, rate, total, queue, dropped, blocked) = each.endpoint, cells(each)
        yield visible(
            f"{at}  {endpoint.topic}  {endpoint.direction} of {session}  {rate}/s  {total} in all  queue {queue}  "
            f"{dropped} dropped  {blocked} blocked"
        )


def cells(each: EndpointRates) -> tuple[str, ...]:
    """What is said of one endpoint, but for its topic and direction."""
    endpoint = each.endpoint
    return (
        endpoint.session_name,
        f"{each.messages:,.1f}" if each.messages < 1000 else f"{each.messages:,.0f}",
        f"{endpoint.messages}",
        f"{endpoint.queued}/{endpoint.max_queue}" if endpoint.direction == "subscriber" else f"{endpoint.queued}",
        f"{endpoint.dropped}" if endpoint.leaky else "-",
        f"{each.blocked:.0%}",
    )
