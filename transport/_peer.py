"""One end of a connection: requests both ways over a link, with one reader, one writer and a heartbeat.

The reader always drains: what it starts never waits in it. The writer is the only one that sends. Everything
that is decided (records, order, bounds) is decided elsewhere, by plain code; here are the tasks that move it.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import trio

from ._calls import Call, Calls
from ._codec import JSON, MSGPACK, Codec, Payload, codec_of
from ._error_table import ErrorTable
from ._errors import InvalidRequest, LimitExceeded, LinkClosed, LinkLost, ParseError, ProtocolError
from ._fragments import FRAGMENT, Assembler
from ._groups import single_as_itself
from ._heartbeat import wait_silent
from ._limits import Limits
from ._link import Frame, Link, Role
from ._opening import Opening, receive_opening
from ._outbox import Outbox, Parcel
from ._requests import Requests
from ._rpc import (
    Failure,
    Notification,
    Record,
    Reply,
    Request,
    RequestId,
    failure_document,
    notification_document,
    read_frame,
    reply_document,
    request_document,
)
from ._service import Service

T = TypeVar("T")

OnNotify = Callable[[str, Payload[Any]], None]
CANCEL = "cancel"


class _Nothing:
    """The service of a peer that has none (yet)."""


class Peer:
    """One end of a connection.

    ``service`` answers the other end's requests; it may be replaced at any time and counts from the next
    frame on. ``on_notify(method, params)`` gets the notifications for which the service has no method; it is
    called in the reader, so it must not wait, and an error of it is a bug that ends `run`.

    A server waits for its client's first frame and speaks the client's codec; a client speaks msgpack, or
    JSON.
    """

    def __init__(
        self,
        link: Link,
        *,
        limits: Limits | None = None,
        service: Service | None = None,
        errors: ErrorTable | None = None,
        on_notify: OnNotify | None = None,
        json: bool = False,
    ) -> None:
        self.limits = limits = limits or Limits()
        self.service = service or Service(_Nothing())
        self.on_notify = on_notify
        self._link = link
        self._errors = errors or ErrorTable()
        self._codec: Codec | None = None if link.role is Role.SERVER else JSON if json else MSGPACK
        self._outbox = Outbox(limits.outbox_bytes, limits.message_bytes, limits.fragment_bytes)
        self._calls = Calls()
        self._requests = Requests(self, self._errors, limits.requests_in_flight)
        theirs = "client" if link.role is Role.SERVER else "server"
        self._assembler = Assembler(
            limits.transfers, getattr(limits, f"{theirs}_document_bytes"), f"{theirs}_document_bytes"
        )
        self._writer_idle = trio.lowlevel.ParkingLot()
        self._room = trio.lowlevel.ParkingLot()
        self._ended: str | None = None
        self._closing = False
        self._running = False
        self._scope = trio.CancelScope()

    def __repr__(self) -> str:
        state = self._ended or ("closing" if self._closing else "open")
        return f"<Peer {self._link.peer}: {state}, {len(self._calls)} asked, {len(self._requests)} answering>"

    @property
    def description(self) -> str:
        """Who is at the other end, for people."""
        return self._link.peer

    @property
    def last_heard(self) -> float:
        """`trio.current_time` of the last byte that came from the other end."""
        return self._link.last_heard

    @property
    def speaks_json(self) -> bool:
        """Whether the other end speaks JSON text; False before a server has heard its first frame."""
        return self._codec is JSON

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve the connection until it ends.

        Returns after `close` on this side; raises `LinkLost` when it ended in any other way. An error that is
        not in the error table, raised by a method or by ``on_notify``, is a bug and leaves as itself. The
        link stays its opener's to close.
        """
        try:
            with self._scope:
                await self._run_tasks(task_status)
        finally:
            self._end("this end stopped serving the connection")
        if not self._closing:
            assert self._ended is not None
            raise LinkLost(self._ended)

    async def receive_opening(self, shape: type[T], *, method: str = "open") -> Opening[T]:
        """Wait for the client's first request, before `run`: the one that opens the connection.

        Until it comes the present ``service`` answers what it can at once; anything else is not found.
        Parameters that are no ``shape`` are answered, and the client may try again. Raises `LinkLost` when
        the link ends or the limit ``open_seconds`` is over.
        """
        return await receive_opening(self, shape, method)

    async def _run_tasks(self, task_status: trio.TaskStatus[None]) -> None:
        with single_as_itself():
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write)
                nursery.start_soon(self._watch_silence)
                self._running = True
                task_status.started()
                await self._read(nursery)

    # --- asking

    async def request(self, method: str, params: Mapping[str, Any], result_type: type[T] | Any = Any) -> Any:
        """Ask the other end and wait for its answer, decoded into ``result_type``.

        Raises the error that the other end answered with, `LinkLost` as soon as the connection ends, and
        `LimitExceeded` when too much is waiting to be sent. Cancelled: the request is withdrawn, or the other
        end is told without waiting; it may still have happened.
        """
        call = self._calls.begin()
        try:
            parcel = self._queue(request_document(call.id, method, params), ordered=False)
        except BaseException:
            self._calls.forget(call)
            raise
        try:
            await call.settled.wait()
        except trio.Cancelled:
            self._give_up(call, parcel)
            raise
        return self._outcome(call, result_type)

    def notify(self, method: str, params: Mapping[str, Any], *, bulk: bool = False) -> None:
        """Tell the other end something, without waiting and without an answer.

        What was told before a reply leaves before it; ``bulk`` (messages) gives up that promise and never
        delays anything else. Raises `LimitExceeded` when too much is waiting (nothing was queued), and
        `LinkLost`.
        """
        self._queue(notification_document(method, params), bulk=bulk)

    async def wait_room(self, *, bulk: bool = False) -> None:
        """Wait until less than half of the outbox's bound waits. Raises `LinkLost` when it never will."""
        await trio.lowlevel.checkpoint_if_cancelled()
        while self._ended is None and not self._outbox.has_room(bulk=bulk):
            await self._room.park()
        self._check_alive()

    def close(self) -> None:
        """End politely: `run` returns when all that waits has been sent, or after ``close_seconds``.

        New requests and notifications of this end raise `LinkLost`; requests under way at either end are
        given up.
        """
        if not self._closing and self._ended is None:
            self._closing = True
            self._scope.deadline = trio.current_time() + self.limits.close_seconds
            self._writer_idle.unpark_all()

    def abort(self, reason: str) -> None:
        """End the connection now. Everybody who waits here gets `LinkLost` with this reason."""
        self._link.abort(reason)
        self._end(reason)

    def _queue(self, document: Any, *, bulk: bool = False, ordered: bool = True) -> Parcel:
        self._check_alive()
        codec = self._codec or JSON
        parcel = self._outbox.put(codec.encode(document), codec, bulk=bulk, ordered=ordered)
        if ordered:
            self._writer_idle.unpark_all()
        else:
            self._push()
        return parcel

    def _push(self) -> None:
        """Send what can leave without waiting; the writer does the rest. Saves two turns of the scheduler."""
        try:
            while self._running and self._link.ready:
                frame = self._outbox.next_frame()
                if frame is None:
                    return
                self._link.send_nowait(frame[1].frame(frame[0]))
        except LinkClosed as error:
            self._end(error.reason)
        self._writer_idle.unpark_all()

    def _check_alive(self) -> None:
        if self._ended is not None or self._closing:
            raise LinkLost(self._ended or "this end has closed it")

    def _give_up(self, call: Call, parcel: Parcel) -> None:
        if call.answer is not None or self._ended is not None:
            return
        if self._outbox.withdraw(parcel):
            self._calls.forget(call)
            return
        try:
            self.notify(CANCEL, {"id": call.id})
        except (LimitExceeded, LinkLost):
            return

    def _outcome(self, call: Call, result_type: Any) -> Any:
        answer = call.answer
        if isinstance(answer, Reply):
            return answer.result.decode(result_type)
        assert answer is not None
        raise self._errors.rebuild(answer) if isinstance(answer, Failure) else answer

    # --- answering

    def reply(self, id_: RequestId, result: Any) -> None:
        """Queue the answer to a request of the other end."""
        self._answer(reply_document(id_, result))

    def fail(self, id_: RequestId | None, error: Exception) -> None:
        """Queue an error as the answer; without an id it is about a document that had no readable one."""
        self._answer(failure_document(id_, self._errors.describe(error)))

    def _answer(self, document: Any) -> None:
        try:
            self._queue(document, ordered=False)
        except LinkLost:
            return
        except LimitExceeded:
            self.abort("the peer does not take its answers")

    # --- the tasks

    async def _read(self, nursery: trio.Nursery) -> None:
        try:
            while True:
                self._take(await self._link.receive(), nursery)
        except LinkClosed as error:
            self._end(error.reason)
        except (ProtocolError, LimitExceeded) as error:
            self._end(str(error))

    def _take(self, frame: Frame, nursery: trio.Nursery) -> None:
        record = self._record(frame)
        if record is not None:
            _TAKERS[type(record)](self, record, nursery)

    def _record(self, frame: Frame) -> Record | None:
        """Read a frame; an unreadable one is answered here, and there is None."""
        if self._codec is None:
            self._codec = codec_of(frame)
        if codec_of(frame) is not self._codec:
            raise ProtocolError(f"this connection speaks {self._codec.name}")
        try:
            return read_frame(frame, self.limits.nesting)
        except (ParseError, InvalidRequest) as error:
            self.fail(None, error)
            return None

    def _take_request(self, request: Request, nursery: trio.Nursery) -> None:
        self._requests.take(request, self.service, nursery)

    def _take_notification(self, notification: Notification, nursery: trio.Nursery) -> None:
        if notification.method == FRAGMENT:
            assert self._codec is not None
            document = self._assembler.add(notification.params, text=self._codec.text)
            if document is not None:
                self._take_assembled(document, nursery)
        elif notification.method == CANCEL:
            self._take_cancel(notification)
        elif notification.method in self.service:
            self._requests.notice(notification, self.service, nursery)
        elif self.on_notify is not None:
            self.on_notify(notification.method, notification.params)

    def _take_assembled(self, document: Frame, nursery: trio.Nursery) -> None:
        record = self._record(document)
        if isinstance(record, Notification) and record.method == FRAGMENT:
            raise ProtocolError("a fragment of a fragment")
        if record is not None:
            _TAKERS[type(record)](self, record, nursery)

    def _take_cancel(self, notification: Notification) -> None:
        self._requests.cancel(notification.params.decode(dict[str, RequestId]).get("id", ""))

    def _take_answer(self, answer: Reply | Failure, _: trio.Nursery) -> None:
        if isinstance(answer, Failure) and answer.id is None:
            raise ProtocolError(f"it could not read a document of ours ({answer.message})")
        if not self._calls.settle(answer):
            raise ProtocolError("an answer to a request that nobody made")

    async def _write(self) -> None:
        try:
            while True:
                frame = self._outbox.next_frame()
                if frame is not None:
                    await self._link.send(frame[1].frame(frame[0]))
                    self._room.unpark_all()
                elif self._closing:
                    self._scope.cancel()
                    await trio.lowlevel.checkpoint()
                else:
                    await self._writer_idle.park()
        except LinkClosed as error:
            self._end(error.reason)

    async def _watch_silence(self) -> None:
        await wait_silent(self._link, self.limits)
        self.abort(f"nothing was heard for {self.limits.heartbeat_timeout:g} s after a ping")

    def _end(self, reason: str) -> None:
        """Make it over, once: nobody may go on waiting."""
        if self._ended is None:
            self._ended = reason
            self._calls.fail_all(LinkLost(reason))
            self._room.unpark_all()
            self._scope.cancel()


_TAKERS: dict[type[Record], Callable[[Peer, Any, trio.Nursery], None]] = {
    Request: Peer._take_request,
    Notification: Peer._take_notification,
    Reply: Peer._take_answer,
    Failure: Peer._take_answer,
}
