"""How a session handle reaches its service: in process, or over a wire. One small interface, two implementations."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Concatenate, ParamSpec, TypeVar, overload
from uuid import UUID

from actors._data import Publisher, Subscriber
from actors._graph._supervisor._watch import Changes
from graphmeta import GraphMetadata, GraphSnapshot

from ._membership import SettingsPort
from ._service import SessionService

P = ParamSpec("P")
R = TypeVar("R")


class Line(ABC):
    """Carries a request, named by the service's own method, to the service and brings the answer back."""

    id: UUID
    name: str

    @overload
    async def ask(
        self,
        method: Callable[Concatenate[SessionService, P], Awaitable[R]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R: ...

    @overload
    async def ask(
        self, method: Callable[Concatenate[SessionService, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R: ...

    @abstractmethod
    async def ask(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Have the service answer; raises what it raises."""

    @abstractmethod
    async def register(self, metadata: GraphMetadata | None) -> int:
        """Replace the session's metadata; returns the revision. It is large, so others run meanwhile."""

    @abstractmethod
    async def snapshot(self) -> GraphSnapshot:
        """The whole state as of now."""

    @abstractmethod
    def watch(self, after: int | None, epoch: UUID | None) -> AbstractAsyncContextManager[Changes]:
        """The stream of changes after a revision."""

    @abstractmethod
    async def let_go(
        self, method: Callable[Concatenate[SessionService, P], None], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Ask in spite of cancellation; when that fails the session is ended, so that nothing can stay."""

    @abstractmethod
    def publisher(self, topic: str, message_type: type) -> AbstractAsyncContextManager[Publisher]:
        """An endpoint that sends."""

    @abstractmethod
    def subscriber(
        self, topic: str, message_type: type, leaky: bool, max_queue: int
    ) -> AbstractAsyncContextManager[Subscriber]:
        """An endpoint that receives."""

    @abstractmethod
    async def sync(self) -> None:
        """Wait until every message that was sent before has been taken by its subscribers."""

    @abstractmethod
    def take_settings(self, port: SettingsPort) -> None:
        """Have settings for this session's components handed to *port*."""
