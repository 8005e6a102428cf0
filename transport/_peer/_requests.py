"""Requests that came from the peer: deciding them, and the tasks of those that wait.

A synchronous method is run and answered here, in the reader. What is answered later gets a task of its own,
bounded in number, with a cancel scope under its id. An error in the table is the answer; any other is a bug
and takes the connection's nursery down.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import trio

from transport._documents._error_table import ErrorTable
from transport._documents._rpc import Notification, Request, RequestId, failure_document, reply_document
from transport._errors import InvalidRequest, LimitExceeded, LinkLost, MethodNotFound, RequestCancelled
from transport._limits import Limits
from transport._service._service import Service
from transport._service._whole_requests import WholeRequest

from ._sender import Sender

StartSoon = Callable[..., None]
"""Starts a task that ends with the connection: ``start_soon(async_fn, *args)``."""


@attrs.define(eq=False)
class Requests:
    """The requests of one peer."""

    _sender: Sender
    _errors: ErrorTable
    _limits: Limits
    _waiting: dict[object, trio.CancelScope] = attrs.field(factory=dict)
    """By request id; a method that runs for a notification has a key of its own."""
    _waiting_bytes: int = 0
    """Of their parameters, which stay in memory until they are answered."""

    def __len__(self) -> int:
        return len(self._waiting)

    def cancel(self, id_: RequestId) -> None:
        """Give up a request as its caller did. One that is done already stands."""
        scope = self._waiting.get(id_)
        if scope is not None:
            scope.cancel()

    def take(self, request: Request | WholeRequest, service: Service, start_soon: StartSoon) -> None:
        """Decide a request now, or start what will."""
        if request.id in self._waiting:
            self.fail(None, InvalidRequest(f"the id {request.id!r} is still in flight"))
            return
        try:
            method = service.find(request.method)
            call = service.bind(method, request.params)
            if method.waits:
                assert isinstance(request, Request)  # What is read in one go is answered at once.
                self._start(request, call, start_soon)
                return
            result = call()
        except Exception as error:
            self._refuse(request.id, error)
        else:
            self.reply(request.id, result)

    def take_early(self, request: Request, service: Service) -> None:
        """Decide a request before the connection is open: only what needs no task can be asked."""
        try:
            method = service.find(request.method)
            if method.waits:
                raise MethodNotFound(request.method)
            result = service.bind(method, request.params)()
        except Exception as error:
            self._refuse(request.id, error)
        else:
            self.reply(request.id, result)

    def notice(self, notification: Notification, service: Service, start_soon: StartSoon) -> None:
        """Run a method whose caller wants no answer: expected errors have nobody to go to."""
        try:
            method = service.find(notification.method)
            call = service.bind(method, notification.params)
            if method.waits:
                self._start(notification, call, start_soon)
            else:
                call()
        except Exception as error:
            self._refuse(None, error)

    def _start(self, asked: Request | Notification, call: Callable[[], Any], start_soon: StartSoon) -> None:
        self._check("requests_in_flight", len(self._waiting))
        self._check("waiting_bytes", self._waiting_bytes)
        id_ = asked.id if isinstance(asked, Request) else None
        key = object() if id_ is None else id_
        # Called here, in the reader: what a method decides before its first wait is decided in order.
        answer = call()
        self._waiting[key] = trio.CancelScope()
        size = asked.params.size
        self._waiting_bytes += size
        start_soon(self._run, id_, key, answer, size)

    def _check(self, name: str, present: int) -> None:
        allowed = getattr(self._limits, name)
        if present >= allowed:
            raise LimitExceeded(name, allowed)

    async def _run(self, id_: RequestId | None, key: object, answer: Awaitable[Any], size: int) -> None:
        try:
            with self._waiting[key]:
                result = await answer
                self._answer(id_, result)
                return
            self._refuse(id_, RequestCancelled())
        except Exception as error:
            self._refuse(id_, error)
        finally:
            del self._waiting[key]
            self._waiting_bytes -= size

    def _answer(self, id_: RequestId | None, result: Any) -> None:
        if id_ is not None:
            self.reply(id_, result)

    def _refuse(self, id_: RequestId | None, error: Exception) -> None:
        if error not in self._errors:
            raise error
        if id_ is not None:
            self.fail(id_, error)

    def reply(self, id_: RequestId, result: Any) -> None:
        """Send the answer to a request, or queue it; with nobody left to read it, it is dropped."""
        try:
            self._sender.put(reply_document(id_, result), ordered=False, hurry=True)
        except LinkLost:
            return
        except LimitExceeded as error:
            self.fail(id_, error)

    def fail(self, id_: RequestId | None, error: Exception) -> None:
        """As `reply`, with an error; without an id it is about a document that had no readable one."""
        try:
            self._sender.put(failure_document(id_, self._errors.describe(error)), ordered=False, hurry=True)
        except LinkLost:
            return
        except LimitExceeded:
            self._sender.abort("the peer does not take its answers")
