"""Sessions in the supervisor's own process: a request is a plain function call."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from inspect import iscoroutine
from typing import Any, Final
from uuid import UUID

import trio

from actors._data import Flow, Inbox, LocalPublisher, LocalSubscriber, Publisher, Router, Subscriber
from actors._floor import open_actor_nursery
from actors._graph._errors import UnknownScope
from actors._graph._supervisor._supervisor import GraphSupervisor
from actors._graph._supervisor._watch import Changes
from graphmeta import GraphMetadata, GraphSnapshot, type_text

from ._body import body_of
from ._line import Line
from ._membership import SettingsPort
from ._service import SessionService
from ._session import Session
from ._session_actor import SessionActor


class LocalLine(Line):
    """Calls the service in the caller's own task."""

    def __init__(self, router: Router, service: SessionService) -> None:
        self.id = service.id
        self.name = service.name
        self._router: Final = router
        self._service: Final = service

    # The overloads of the base class say more than any one signature here could.
    async def ask(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Have the service answer; cancelled before it decided, or not at all."""
        await trio.lowlevel.checkpoint_if_cancelled()
        answer = method(self._service, *args, **kwargs)
        if iscoroutine(answer):
            return await self._service.while_open(answer)
        await trio.lowlevel.cancel_shielded_checkpoint()
        return answer

    async def register(self, metadata: GraphMetadata | None) -> int:
        """As `ask`; cancelled before it decided, or not at all."""
        revision: int = await self.ask(SessionService.register_metadata, metadata)
        return revision

    async def snapshot(self) -> GraphSnapshot:
        """The supervisor's own frozen snapshot."""
        snapshot: GraphSnapshot = await self.ask(SessionService.view)
        return snapshot

    async def let_go(self, method: Callable[..., None], *args: Any, **kwargs: Any) -> None:
        """One synchronous step; the session's own end may have been faster."""
        if not self._service.over:
            with suppress(UnknownScope):  # an outer scope may have ended first
                method(self._service, *args, **kwargs)

    @asynccontextmanager
    async def watch(self, after: int | None, epoch: UUID | None) -> AsyncIterator[Changes]:
        """A watch that ends with the block or with the session."""
        changes = await self.ask(SessionService.view_changes, after, epoch)
        try:
            yield changes
        finally:
            self._service.close_watch(changes.watch)

    @asynccontextmanager
    async def publisher(self, topic: str, message_type: type) -> AsyncIterator[Publisher]:
        """A publisher on this process's routes."""
        publisher = LocalPublisher(self._router, topic, message_type)
        async with self._endpoint(publisher.open, publisher, topic, "publisher", type_text(message_type)):
            yield publisher

    @asynccontextmanager
    async def subscriber(
        self, topic: str, message_type: type, leaky: bool, max_queue: int
    ) -> AsyncIterator[Subscriber]:
        """A subscriber on this process's routes."""
        inbox = Inbox(max_queue, leaky, message_type)
        detach = partial(self._router.detach, topic, inbox)
        subscriber = LocalSubscriber(inbox, topic, message_type, detach)
        details = (topic, "subscriber", type_text(message_type), leaky, max_queue)
        async with self._endpoint(lambda: self._router.attach(topic, inbox), subscriber, *details):
            yield subscriber

    @asynccontextmanager
    async def _endpoint(self, attach: Callable[[], None], flow: Flow, *details: Any) -> AsyncIterator[None]:
        service = self._service
        await trio.lowlevel.checkpoint_if_cancelled()
        # One synchronous step: the session's end finds an endpoint in the ledger, on the routes and among the
        # flows, or nowhere.
        endpoint = service.open_endpoint(*details)
        service.flows[endpoint.id] = flow
        attach()
        try:
            await trio.lowlevel.cancel_shielded_checkpoint()
            yield
        finally:
            if not service.over:
                service.close_endpoint(endpoint.id)
            flow.close(trio.ClosedResourceError("this endpoint's block has ended"))

    async def sync(self) -> None:
        """Wait until everything that was sent has been taken."""
        await self.ask(SessionService.sync)

    def take_settings(self, port: SettingsPort) -> None:
        """Settings for this session's components go to *port*."""
        self._service.settings_port = port


@asynccontextmanager
async def open_local_session(graph: GraphSupervisor, name: str) -> AsyncIterator[Session]:
    """A session actor in a nursery of its own, around the caller's block."""
    service = SessionService(graph, name)
    try:
        async with open_actor_nursery(f"session {name}") as nursery:
            await nursery.start(SessionActor, service, name="session")
            with body_of(service):
                yield Session(LocalLine(graph.router, service))
    finally:
        # The actor has done this in its own task, unless Ctrl-C struck it between entering the ledger and being ready.
        service.end()
