"""The first request of a connection: who the client is must be known before it may do anything else.

It is taken before the peer runs, in the handler's own task, so that whatever the client becomes (a session)
can be an ordinary ``async with`` around the running.
"""

from typing import Generic, TypeVar

import attrs
import trio

from transport._documents._rpc import Request, RequestId
from transport._errors import InvalidParams, LimitExceeded, LinkClosed, LinkLost, ProtocolError, Undecodable
from transport._limits import Limits
from transport._link._link import Link
from transport._service._service import Service
from transport._until import until

from ._receiver import Receiver

T = TypeVar("T")


@attrs.frozen(eq=False)
class Opening(Generic[T]):
    """A client's wish to begin, not answered yet: `accept` it and run the peer, or `refuse` it."""

    params: T
    _id: RequestId = attrs.field(repr=False)
    _receiver: Receiver = attrs.field(repr=False)
    _close_seconds: float = attrs.field(repr=False)

    def accept(self, result: object, service: Service) -> None:
        """Answer with ``result`` (sent by `Peer.run`) and serve ``service`` from the next frame on."""
        self._receiver.service = service
        self._receiver.requests.reply(self._id, result)

    async def refuse(self, error: Exception) -> None:
        """Answer with an error of the table, within ``close_seconds``. The peer must not be run then.

        Raises `LinkLost` when the client is gone.
        """
        self._receiver.requests.fail(self._id, error)
        try:
            with trio.move_on_after(self._close_seconds, shield=True):
                await self._receiver.sender.flush()
        except LinkClosed as closed:
            raise LinkLost(closed.reason) from None


async def receive_opening(link: Link, receiver: Receiver, limits: Limits, shape: type[T], method: str) -> Opening[T]:
    """Take frames until the opening request comes; see `Peer.receive_opening`."""
    too_late = LinkLost(f"no {method!r} within {limits.open_seconds:g} s")
    try:
        with until(trio.current_time() + limits.open_seconds, too_late):
            while True:
                request = _next_request(await link.receive(), receiver, method)
                if request is not None and (params := _read(request, receiver, shape)) is not None:
                    return Opening(params, request.id, receiver, limits.close_seconds)
                await receiver.sender.flush()
    except LinkClosed as error:
        raise LinkLost(error.reason) from None
    except ProtocolError as error:
        raise LinkLost(str(error)) from None


def _next_request(frame: str | bytes, receiver: Receiver, method: str) -> Request | None:
    """Give the opening request; any other is answered here, and there is None."""
    record = receiver.read(frame)
    if not isinstance(record, Request):
        return None
    if record.method == method:
        return record
    receiver.requests.take_early(record, receiver.service)
    return None


def _read(request: Request, receiver: Receiver, shape: type[T]) -> T | None:
    try:
        params: T = request.params.read(shape)
    except Undecodable as error:
        receiver.requests.fail(request.id, InvalidParams(request.method, str(error)))
    except LimitExceeded as error:
        receiver.requests.fail(request.id, error)
    else:
        return params
    return None
