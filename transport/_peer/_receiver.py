"""The incoming half of a connection: each frame is read and goes where its kind belongs, at once.

Nothing here waits, so whoever calls it can always drain the link. What is wrong with a frame is answered if
there is anybody to answer; what breaks the protocol is raised and ends the connection.
"""

import sys
from collections.abc import Callable
from typing import Any

from transport._documents._codec import MSGPACK, Payload, codec_of
from transport._documents._fragments import FRAGMENT, Assembler
from transport._documents._nesting import PlainBounds
from transport._documents._rpc import CANCEL, Cancel, Failure, Notification, Record, Reply, Request, read_frame
from transport._errors import InvalidRequest, LinkRefused, ParseError, ProtocolError
from transport._limits import Limits
from transport._link._link import Frame, Role
from transport._service._service import Service

from ._calls import Calls
from ._requests import Requests, StartSoon
from ._sender import Sender

OnNotify = Callable[[str, Payload[Any]], None]
_NOBODY = Service(None)


class Receiver:
    """Takes the frames of one peer."""

    def __init__(self, role: Role, limits: Limits, sender: Sender, calls: Calls, requests: Requests) -> None:
        self.service = _NOBODY
        self.on_notify: OnNotify | None = None
        self._bounds = _plain_bounds(role.other, limits)
        self._asked = role is Role.SERVER
        """Whether most of what comes are requests."""
        self.sender = sender
        self._calls = calls
        self.requests = requests
        self._assembler = Assembler(limits.transfers, role.other.document_limit, role.other.largest_document(limits))

    def forget(self) -> None:
        """Let go of those who took what came."""
        self.service, self.on_notify = _NOBODY, None

    def take(self, frame: Frame, start_soon: StartSoon) -> None:
        """Take one frame. Raises `ProtocolError` and `LimitExceeded`: the connection must end.

        Any other error is a bug of a method or of ``on_notify``. Methods that wait run in a task of their own.
        """
        if self._asked and self.sender.codec is MSGPACK and (request := self.service.read_whole(frame)) is not None:
            self.requests.take(request, self.service, start_soon)
            return
        record = self.read(frame)
        if isinstance(record, Notification) and record.method == FRAGMENT:
            record = self._assemble(record)
        if record is not None:
            _TAKERS[type(record)](self, record, start_soon)

    def read(self, frame: Frame) -> Record | None:
        """Read one frame; an unreadable one is answered here, and there is None."""
        codec = self.sender.codec
        if codec is None:
            codec = self.sender.codec = codec_of(frame)
        if isinstance(frame, str) is not codec.text:
            raise ProtocolError(f"this connection speaks {codec.name}")
        try:
            return read_frame(frame, self._bounds)
        except (ParseError, InvalidRequest) as error:
            self.requests.fail(None, error)
            return None

    def _assemble(self, piece: Notification) -> Record | None:
        assert self.sender.codec is not None
        document = self._assembler.add(piece.params, text=self.sender.codec.text)
        record = None if document is None else self.read(document)
        if isinstance(record, Notification) and record.method == FRAGMENT:
            raise ProtocolError("a fragment of a fragment")
        return record

    def _take_request(self, request: Request, start_soon: StartSoon) -> None:
        self.requests.take(request, self.service, start_soon)

    def _take_notification(self, notification: Notification, start_soon: StartSoon) -> None:
        if notification.method == CANCEL:
            self.requests.cancel(notification.params.decode(Cancel).id)
        elif notification.method in self.service:
            self.requests.notice(notification, self.service, start_soon)
        elif self.on_notify is not None:
            self.on_notify(notification.method, notification.params)

    def _take_answer(self, answer: Reply | Failure, _: StartSoon) -> None:
        if isinstance(answer, Failure) and answer.id is None:
            self._calls.fail_all(LinkRefused(answer.message))
            raise ProtocolError(f"it answered no request, but: {answer.message}")
        if not self._calls.settle(answer):
            raise ProtocolError("an answer to a request that nobody made")


def _plain_bounds(sender: Role, limits: Limits) -> PlainBounds:
    """Bound what a client sends. A server's clients asked for what they get, and trust it."""
    return PlainBounds(limits.nesting, limits.decoded_bytes if sender is Role.CLIENT else sys.maxsize)


_TAKERS: dict[type[Record], Callable[[Receiver, Any, StartSoon], None]] = {
    Request: Receiver._take_request,
    Notification: Receiver._take_notification,
    Reply: Receiver._take_answer,
    Failure: Receiver._take_answer,
}
