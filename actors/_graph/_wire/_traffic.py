"""The data paths of one session that comes over a wire, at the server's end.

A path opens in the step that enters its endpoint in the ledger, and closes in the step that withdraws it. A client
that breaks the rules loses that endpoint, or its connection; nobody else notices.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

import attrs

from actors._data import Flow, FlowStatistics, Form, Inflow, MessageRefused, Outlet, Router, Tally, Unfit
from actors._graph._nobody import nobody
from graphmeta import Endpoint
from transport import LimitExceeded, LinkLost, Payload, Peer, ProtocolError

from ._pump import Pump, told_messages

F = TypeVar("F", bound=Flow)


@attrs.frozen
class Outgoing:
    """The path to a remote subscriber: closing it takes it off the routes."""

    topic: str
    outlet: Outlet
    router: Router = attrs.field(repr=False)

    def close(self, failure: Exception) -> None:
        """End it; publishers stop waiting for it at once."""
        self.router.detach(self.topic, self.outlet, failure)

    def statistics(self) -> FlowStatistics:
        """What passed through it so far."""
        return self.outlet.statistics()


class Traffic:
    """Moves the messages of one remote session.

    *withdraw* takes an endpoint out of the ledger and closes its path; *start_soon* starts tasks that end with the
    session.
    """

    def __init__(
        self,
        router: Router,
        peer: Peer,
        flows: dict[int, Flow],
        withdraw: Callable[[int], None],
        start_soon: Callable[..., None],
        *,
        trusted: bool,
    ) -> None:
        self._router: Final = router
        self._peer: Final = peer
        self._flows: Final = flows
        self._withdraw = withdraw
        self._start_soon = start_soon
        self._form: Final = Form.PICKLE if trusted else Form.JSON if peer.speaks_json else Form.MSGPACK
        self._whole: Final = Tally(peer.limits.queue_bytes_per_session)
        self._pump: Final = Pump(peer, opaque=trusted)
        self._highest = -1
        """The highest number that an endpoint ever had: up to it, what comes for nobody has only come late."""
        start_soon(self._pump.run)

    def end(self) -> None:
        """Let go of the session: all its paths are closed."""
        self._withdraw = self._start_soon = nobody

    def open(self, endpoint: Endpoint) -> None:
        """Open the path of an endpoint that has just entered the ledger."""
        self._highest = max(self._highest, endpoint.id)
        tally = Tally(self._peer.limits.queue_bytes, self._whole)
        if endpoint.direction == "subscriber":
            self._flows[endpoint.id] = self._open_outgoing(endpoint, tally)
        else:
            self._flows[endpoint.id] = self._open_inflow(endpoint, tally)

    def _open_outgoing(self, endpoint: Endpoint, tally: Tally) -> Outgoing:
        number, refuse = endpoint.id, partial(self._refuse, endpoint.id)
        bounds = (endpoint.max_queue, endpoint.leaky, tally)
        outlet = Outlet(number, self._form, self._pump.keep, *bounds, self._pump.announce, refuse)
        self._router.attach(endpoint.topic, outlet)
        return Outgoing(endpoint.topic, outlet, self._router)

    def _open_inflow(self, endpoint: Endpoint, tally: Tally) -> Inflow:
        grant, most_decoded = partial(self._grant, endpoint.id), self._peer.limits.decoded_bytes
        inflow = Inflow(self._router, endpoint.topic, self._form, endpoint.max_queue, most_decoded, tally, grant)
        self._start_soon(self._carry, endpoint.id, inflow)
        return inflow

    async def _carry(self, number: int, inflow: Inflow) -> None:
        try:
            await inflow.run()
        except MessageRefused as error:
            self._refuse(number, error.reason)

    def take(self, number: int, messages: Payload[Any]) -> None:
        """Take what the client published."""
        inflow = self._find(number, Inflow)
        try:
            # Whoever they are for: what came beside the link is let go of only by who finds it.
            came = told_messages(messages, opaque=self._form is Form.PICKLE, bypass=self._peer.bypass)
            if inflow is not None:
                inflow.offer(came)
        except MessageRefused as error:
            self._refuse(number, error.reason)
        except (Unfit, ProtocolError, LimitExceeded) as error:
            self._refuse(number, str(error))

    def granted(self, number: int, count: int) -> None:
        """The client's subscriber took messages."""
        outgoing = self._find(number, Outgoing)
        if outgoing is not None:
            try:
                outgoing.outlet.granted(count)
            except Unfit as error:
                self._refuse(number, str(error))
            self._pump.look_ahead()

    def _find(self, number: int, kind: type[F]) -> F | None:
        flow = self._flows.get(number)
        if isinstance(flow, kind):
            return flow
        if flow is not None:
            self._refuse(number, "messages go to publishers, and grants to subscribers")
        elif not 0 <= number <= self._highest:
            self._peer.abort(f"there never was an endpoint {number}")
        return None

    def _refuse(self, number: int, reason: str) -> None:
        """End one endpoint, and tell the client why."""
        if number in self._flows:
            self._withdraw(number)
            self._tell("endpoint_ended", {"endpoint": number, "reason": reason})

    def _grant(self, number: int, count: int, hurry: bool) -> None:
        self._tell("grant", {"endpoint": number, "count": count}, hurry=hurry)

    def _tell(self, method: str, params: dict[str, Any], *, hurry: bool = False) -> None:
        try:
            self._peer.notify(method, params, hurry=hurry)
        except LimitExceeded as error:
            # Neither can be made up for later.
            self._peer.abort(f"{method} cannot be told: {error}")
        except LinkLost:
            return
