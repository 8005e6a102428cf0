"""The first request of a connection: who the client is must be known before it may do anything else.

It is taken before `Peer.run`, in the handler's own task, so that whatever the client becomes (a session) can
be an ordinary `async with` around `run`.
"""

from typing import TYPE_CHECKING, Generic, TypeVar

import attrs
import trio

from ._errors import InvalidParams, LimitExceeded, LinkClosed, LinkLost, ProtocolError, Undecodable
from ._rpc import Request, RequestId
from ._service import Service

if TYPE_CHECKING:  # the peer makes openings; an opening only speaks through its peer
    from ._peer import Peer

T = TypeVar("T")


@attrs.define(eq=False)
class Opening(Generic[T]):
    """A client's wish to begin, not answered yet: `accept` it and `run` the peer, or `refuse` it."""

    params: T
    _peer: "Peer" = attrs.field(repr=False)
    _id: RequestId = attrs.field(repr=False)

    def accept(self, result: object, service: Service) -> None:
        """Answer with ``result`` (sent by `Peer.run`) and serve ``service`` from the next frame on."""
        self._peer.service = service
        self._peer._requests.reply(self._id, result)

    async def refuse(self, error: Exception) -> None:
        """Answer with an error of the table, within ``close_seconds``. The peer must not be run then."""
        self._peer._requests.fail(self._id, error)
        with trio.move_on_after(self._peer.limits.close_seconds, shield=True):
            await self._peer._sender.flush()


async def receive_opening(peer: "Peer", shape: type[T], method: str) -> Opening[T]:
    """Take frames until the opening request comes; see `Peer.receive_opening`."""
    try:
        with trio.fail_after(peer.limits.open_seconds):
            while True:
                opening = await _next_opening(peer, shape, method)
                if opening is not None:
                    return opening
                await peer._sender.flush()
    except trio.TooSlowError:
        raise LinkLost(f"no {method!r} within {peer.limits.open_seconds:g} s") from None
    except LinkClosed as error:
        raise LinkLost(error.reason) from None
    except ProtocolError as error:
        raise LinkLost(str(error)) from None


async def _next_opening(peer: "Peer", shape: type[T], method: str) -> Opening[T] | None:
    record = peer._receiver.read(await peer._link.receive())
    if not isinstance(record, Request):
        return None
    if record.method != method:
        peer._requests.take_early(record, peer.service)
        return None
    try:
        return Opening(record.params.read(shape), peer, record.id)
    except Undecodable as error:
        peer._requests.fail(record.id, InvalidParams(method, str(error)))
    except LimitExceeded as error:
        peer._requests.fail(record.id, error)
    return None
