"""One end of a connection: requests both ways over a link, with one reader, at most one writer, and a heartbeat.

The reader always drains: what it starts never waits in it. The writer is a task only while something waits
to leave: most requests and answers leave at once, without it. Everything that is decided (records, order, bounds)
is decided elsewhere, by plain code; here are the tasks that move it, and how they end together.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import trio

from transport._bypass._bypass import Bypass
from transport._documents._codec import JSON, MSGPACK
from transport._documents._error_table import ErrorTable
from transport._documents._rpc import CANCEL, Failure, Reply, notification_document, request_document
from transport._errors import LimitExceeded, LinkClosed, LinkLost, ProtocolError
from transport._limits import Limits
from transport._link._link import Frame, Link, Role
from transport._service._service import Service

from ._calls import Answer, Call, Calls
from ._opening import Opening, receive_opening
from ._outbox import Parcel
from ._reading import Reading
from ._receiver import OnNotify, Receiver
from ._requests import Requests
from ._sender import Sender
from ._serving import Serving

T = TypeVar("T")

_CLOSED = "closed by this end"


class Peer:
    """One end of a connection.

    ``service`` answers the other end's requests; it may be replaced at any time and counts from the next
    frame on. ``on_notify(method, params)`` gets the notifications for which the service has no method; it is
    called in the reader, so it must not wait, and an error of it is a bug that ends `run`.

    A server waits for its client's first frame and speaks the client's codec; a client speaks msgpack, or JSON.
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
        self.limits = limits or Limits()
        self._link = link
        self._errors = errors or ErrorTable()
        codec = None if link.role is Role.SERVER else JSON if json else MSGPACK
        self._sender = Sender(link, self.limits, codec)
        self._calls = Calls()
        self._requests = Requests(self._sender, self._errors, self.limits)
        self._receiver = Receiver(link.role, self.limits, self._sender, self._calls, self._requests)
        self._receiver.service = service or self._receiver.service
        self._receiver.on_notify = on_notify
        self._reading = Reading(link)
        self._lends = link.role is Role.CLIENT
        """Whether callers may read: at a server, no, whose last word would be lost with a link that ends under them."""
        self._ended: str | None = None
        self._closing = False
        self._close_next = False
        self._last: Call | None = None
        """With its answer this end closes, too."""
        self._serving = Serving(link, self.limits)

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
    def bypass(self) -> Bypass | None:
        """A way beside the link for large bytes, if it has one."""
        return self._link.bypass

    def ask_bypass(self) -> None:
        """Have one from now on, if this is a client and the link can have one."""
        self._link.ask_bypass()

    @property
    def speaks_json(self) -> bool:
        """Whether the other end speaks JSON text; False before a server has heard its first frame."""
        return self._sender.codec is JSON

    @property
    def service(self) -> Service:
        """What answers the other end's requests."""
        return self._receiver.service

    @service.setter
    def service(self, service: Service) -> None:
        self._receiver.service = service

    async def receive_opening(self, shape: type[T], *, method: str = "open") -> Opening[T]:
        """Wait for the client's first request, before `run`: the one that opens the connection.

        Until it comes the present ``service`` answers what it can at once; anything else is not found.
        Parameters that are no ``shape`` are answered, and the client may try again. Raises `LinkLost` when the
        link ends or the limit ``open_seconds`` is over.
        """
        return await receive_opening(self._link, self._receiver, self.limits, shape, method)

    # Protected here and below: a Ctrl-C comes before or after what a frame, or an end, does to those who wait, never
    # inside it, or one of them would wait for ever. It reaches the main task all the same.
    @trio.lowlevel.enable_ki_protection
    async def run(
        self, *, shielded: bool = False, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve the connection until it ends; *shielded*, a cancellation around it does not end it.

        Returns after `close` on this side; raises `LinkLost` when it ended in any other way. An error that is
        not in the error table, raised by a method or by ``on_notify``, is a bug and leaves as itself. The link
        stays its opener's to close.
        """
        try:
            self._sender.open(partial(self.start_soon, self._write))
            self._reading.open()
            task_status.started()
            await self._serving.run(self._take_all, self.abort, shielded=shielded)
        finally:
            self._end("this end stopped serving the connection")
            # What is over holds nobody: a ring of those who hold each other is left to the garbage collector.
            self._receiver.forget()
        if not self._closing:
            assert self._ended is not None
            raise LinkLost(self._ended)

    def start_soon(self, async_fn: Callable[..., Awaitable[object]], *args: Any) -> None:
        """Run a task for as long as the connection is served; when it is over, not at all."""
        self._serving.start_soon(async_fn, *args)

    async def request(self, method: str, params: Mapping[str, Any], result_type: Any = Any) -> Any:
        """Ask the other end and wait for its answer, decoded into ``result_type``.

        Raises the error that the other end answered with, `LinkLost` as soon as the connection ends, and
        `LimitExceeded` when this is too much to send. Cancelled: the request is withdrawn, or the other end is
        told without waiting; it may still have happened.
        """
        # Of many under way those that are made in one turn leave in one write, by the writer.
        alone = not len(self._calls)
        try:
            call, parcel = self._ask(method, params, hurry=alone)
        except BaseException:
            # What cancels the caller may have ended the connection first; then that is no news.
            await trio.lowlevel.checkpoint_if_cancelled()
            raise
        try:
            answer = await (self._reading.answer(call, self._take) if alone and self._lends else call.wait())
        except trio.Cancelled:
            self._give_up(call, parcel)
            raise
        return self._opened(answer, result_type)

    @trio.lowlevel.enable_ki_protection
    async def take_leave(self, method: str, params: Mapping[str, Any], result_type: Any = Any) -> Any:
        """Ask a last time, and close with the answer as by `close`, before anything that comes behind it is looked at.

        Waits in spite of cancellation, but not for more than ``close_seconds``: then the connection ends. Raises as
        `request` does.
        """
        self.hurry(self.limits.close_seconds)
        self._last, _ = self._ask(method, params, hurry=True)
        return self._opened(await self._last.wait_through(), result_type)

    def _ask(self, method: str, params: Mapping[str, Any], *, hurry: bool) -> tuple[Call, Parcel | None]:
        call = self._calls.begin()
        try:
            return call, self._sender.put(request_document(call.id, method, params), ordered=False, hurry=hurry)
        except BaseException:
            self._calls.forget(call)
            raise

    def _opened(self, answer: Answer, result_type: Any) -> Any:
        if isinstance(answer, Reply):
            return answer.result.decode(result_type)
        raise self._errors.rebuild(answer) if isinstance(answer, Failure) else answer

    def notify(self, method: str, params: Mapping[str, Any], *, bulk: bool = False, hurry: bool = False) -> None:
        """Tell the other end something, without waiting and without an answer.

        What was told before a reply leaves before it; ``bulk`` (messages) gives up that promise and never
        delays anything else. In a ``hurry`` it leaves in this step if that needs no waiting. Raises `LimitExceeded`
        when too much is waiting (nothing was queued), and `LinkLost`.
        """
        self._sender.put(notification_document(method, params), bulk=bulk, hurry=hurry)

    def has_room(self, *, bulk: bool = False) -> bool:
        """Whether less than half of the outbox's bound waits. Raises `LinkLost` when nothing can be sent any more."""
        return self._sender.has_room(bulk=bulk)

    async def wait_room(self, *, bulk: bool = False) -> None:
        """Wait until less than half of the outbox's bound waits. Raises `LinkLost` when it never will."""
        await self._sender.wait_room(bulk=bulk)

    def close(self) -> None:
        """End politely: `run` returns when all that waits has been sent, or after ``close_seconds``.

        New requests and notifications of this end raise `LinkLost`; requests under way at either end are
        given up.
        """
        if not self._closing and self._ended is None:
            self._closing = True
            if self._sender.drain():
                self._end(_CLOSED)
            else:
                self.hurry(self.limits.close_seconds)

    def hurry(self, seconds: float) -> None:
        """Let `run` end within so many seconds, whatever still waits."""
        self._serving.hurry(seconds)

    def close_next(self) -> None:
        """As `close`, once what has arrived is answered: for a method whose answer is the last word."""
        self._close_next = True

    @trio.lowlevel.enable_ki_protection
    def abort(self, reason: str) -> None:
        """End the connection now. Everybody who waits here gets `LinkLost` with this reason."""
        self._link.abort(reason)
        self._end(reason)

    def _give_up(self, call: Call, parcel: Parcel | None) -> None:
        if call.answer is not None or self._ended is not None:
            return
        if parcel is not None and self._sender.withdraw(parcel):
            self._calls.forget(call)
            return
        try:
            self.notify(CANCEL, {"id": call.id})
        except (LimitExceeded, LinkLost):
            return

    async def _take_all(self) -> None:
        """Take what comes: the reader's work."""
        try:
            while self._serving.goes_on:
                await self._reading.go_on(self._take)
        except LinkClosed as error:
            self._end(error.reason)
        except (ProtocolError, LimitExceeded) as error:
            self._end(str(error))
        if self._close_next and self._last is None:
            # Of many that take leave in one turn each is answered before the first is seen off.
            await trio.lowlevel.cancel_shielded_checkpoint()

    def _take(self, frame: Frame | None) -> None:
        """Take a frame and those that came with it; what they are answered at once leaves in one write."""
        self._sender.hold()
        try:
            while frame is not None:
                self._receiver.take(frame, self.start_soon)
                if self._last is not None and self._last.answer is not None:
                    self._close_next = True
                    break
                frame = self._link.receive_nowait()
        finally:
            self._sender.release(last=self._close_next)
        if self._close_next:
            self.close()

    async def _write(self) -> None:
        try:
            await self._sender.run()
            if self._closing:
                self._end(_CLOSED)
        except LinkClosed as error:
            self._end(error.reason)

    @trio.lowlevel.enable_ki_protection
    def _end(self, reason: str) -> None:
        """Make it over, once: nobody may go on waiting."""
        if self._ended is None:
            self._ended = reason
            self._calls.fail_all(LinkLost(reason))
            self._sender.end(reason)
            self._reading.end(reason, polite=reason is _CLOSED)
            self._serving.stop(in_readers_turn=self._reading.is_readers_turn)
