"""Sessions over a wire: the same handle, on a line that asks a peer."""

import inspect
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import lru_cache, partial
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

import attrs
import trio

from actors._data import Publisher, RemotePublisher, RemoteSubscriber, Subscriber
from actors._floor import open_actor_nursery
from actors._graph._errors import ConnectionRefused, NotRunning, SessionEnded, SessionError, SessionLost
from actors._graph._session._body import body_of
from actors._graph._session._line import Line
from actors._graph._session._membership import SettingsPort
from actors._graph._session._service import SessionService
from actors._graph._session._session import Session
from actors._graph._slices import in_slices
from actors._graph._software import SOFTWARE
from actors._graph._supervisor._watch import Changes
from graphmeta import GraphMetadata, GraphSnapshot, encode_metadata_slices, type_text
from transport import (
    ConnectFailed,
    HandshakeRefused,
    InvalidParams,
    LimitExceeded,
    Limits,
    Link,
    LinkLost,
    LinkRefused,
    Payload,
    Peer,
    Service,
    Shared,
    TransportError,
    decode_values,
    reach_unix,
    reach_websocket,
)

from ._client import Client, keep_connected
from ._held_snapshot import HeldSnapshot
from ._remote_watch import RemoteChanges
from ._streams import Streams
from ._wire import ERRORS, PROTOCOL_VERSION, Opened, OpenSession, Sent


class RemoteLine(Line):
    """Asks the service at the other end."""

    def __init__(self, peer: Peer, client: Client, name: str, opened: Opened) -> None:
        self.id = opened.id
        self.name = name
        self._peer: Final = peer
        self._client: Final = client
        self._snapshot: Final = HeldSnapshot(peer.limits.server_document_bytes)

    # The overloads of the base class say more than any one signature here could.
    async def ask(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Send a request and wait for its answer; the server's error is raised here as itself."""
        shape = _shape(method)
        answer = await self.request(shape.name, shape.params(args, kwargs), shape.result)
        # A map may be large: its values are decoded in slices.
        return await decode_values(answer, shape.values) if shape.values is not None else answer

    async def request(self, method: str, params: dict[str, Any], result: Any) -> Any:
        """Send a request by its wire name."""
        if self._client.over:
            raise SessionEnded(self.name)
        try:
            return await self._peer.request(method, params, result)
        except LinkLost as error:
            # Whoever learns of it first, the session's tasks and its body raise one and the same.
            self._client.end(SessionLost(error.reason))
            raise self._client.ending or SessionLost(error.reason) from None
        except (OverflowError, UnicodeError) as error:
            raise InvalidParams(method, f"it cannot be sent: {error}") from None

    async def register(self, metadata: GraphMetadata | None) -> int:
        """Encoded in slices here, decoded in slices there."""
        encoded = await in_slices(encode_metadata_slices(metadata))
        revision: int = await self.request("register_metadata", {"metadata": Shared.encoded_as(msgpack=encoded)}, int)
        return revision

    async def snapshot(self) -> GraphSnapshot:
        """The whole state, made of the published records here."""
        ask_whole = partial(self.ask, SessionService.snapshot_pickle)
        return await self._snapshot.newest(ask_whole, partial(self.ask, SessionService.snapshot_changes))

    async def let_go(self, method: Callable[..., None], *args: Any, **kwargs: Any) -> None:
        """A shielded, bounded round trip; when it fails the whole session is ended, so nothing can stay."""
        if self._client.over or self._client.ending:
            return
        with trio.move_on_after(self._peer.limits.close_seconds, shield=True) as scope, suppress(SessionError):
            try:
                await self.ask(method, *args, **kwargs)
            except TransportError as error:
                self._peer.abort(f"{method.__name__} failed: {error}")
        if scope.cancelled_caught:
            self._peer.abort(f"{method.__name__} was not answered in time")

    @asynccontextmanager
    async def watch(self, after: int | None, epoch: UUID | None) -> AsyncIterator[Changes]:
        """A subscription for the length of a block."""
        limits = self._peer.limits
        changes = RemoteChanges(self.snapshot, limits.watch_changes, limits.server_document_bytes)
        number = self._client.subscribe(changes)
        try:
            await self.request("watch", {"subscription": number, "after": after, "epoch": epoch}, int)
            yield changes
        finally:
            del self._client.watches[number]
            self._unwatch(number)

    def _unwatch(self, number: int) -> None:
        try:
            self._peer.notify("unwatch", {"subscription": number})
        except LimitExceeded as error:
            # A watch that nobody reads must not stay.
            self._peer.abort(f"unwatch failed: {error}")
        except LinkLost:
            return

    @asynccontextmanager
    async def publisher(self, topic: str, message_type: type) -> AsyncIterator[Publisher]:
        """A publisher whose messages the server hands over; leaving its block waits for the last one."""
        publisher = self._client.streams.publisher(topic, message_type)
        async with self._endpoint(publisher, "publisher", False, publisher.window):
            yield publisher
            # The request to close it would overtake what is still on the way.
            await publisher.wait_handed_over()

    @asynccontextmanager
    async def subscriber(
        self, topic: str, message_type: type, leaky: bool, max_queue: int
    ) -> AsyncIterator[Subscriber]:
        """A subscriber to which the server sends as much as its queue holds."""
        subscriber = self._client.streams.subscriber(topic, message_type, leaky, max_queue)
        async with self._endpoint(subscriber, "subscriber", leaky, max_queue):
            yield subscriber

    @asynccontextmanager
    async def _endpoint(
        self,
        endpoint: RemotePublisher | RemoteSubscriber,
        direction: Literal["publisher", "subscriber"],
        leaky: bool,
        max_queue: int,
    ) -> AsyncIterator[None]:
        details = (endpoint.topic, direction, type_text(endpoint.message_type), leaky, max_queue, endpoint.number)
        try:
            try:
                await self.ask(SessionService.open_endpoint, *details)
            except trio.Cancelled:
                # It may be open all the same.
                await self.let_go(SessionService.close_endpoint, endpoint.number)
                raise
            try:
                yield
            finally:
                endpoint.lose(trio.ClosedResourceError("this endpoint's block has ended"))
                await self.let_go(SessionService.close_endpoint, endpoint.number)
        finally:
            self._client.streams.leave(endpoint.number)

    async def sync(self) -> None:
        """Wait until everything that was sent, by this session's publishers too, has been taken."""
        sent = [Sent(publisher.number, publisher.sent) for publisher in self._client.streams.publishers()]
        await self.request("sync", {"sent": sent}, None)

    def take_settings(self, port: SettingsPort) -> None:
        """Settings for this session's components go to *port*."""
        self._client.settings_port = port


@attrs.frozen
class _Shape:
    """What a service method looks like on the wire."""

    name: str
    names: tuple[str, ...]
    """Of its parameters, in order."""
    result: Any
    values: Any = None
    """The type of the values where the result is a map."""

    def params(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Arguments by name, as the wire has them; the server refuses those that do not fit."""
        params = dict(zip(self.names, args, strict=False))
        return params | kwargs if kwargs else params


@lru_cache(maxsize=256)
def _shape(method: Callable[..., Any]) -> _Shape:
    _, *names = inspect.signature(method).parameters
    result = get_type_hints(method).get("return", Any)
    if get_origin(result) is Awaitable:
        result = get_args(result)[0]
    if get_origin(result) is dict:
        return _Shape(method.__name__, tuple(names), Payload, get_args(result)[1])
    return _Shape(method.__name__, tuple(names), result)


_UNIX: Final = "unix:"


@attrs.frozen
class Way:
    """How a graph elsewhere is reached."""

    url: str
    token: str | None = attrs.field(default=None, repr=False)
    ssl_context: ssl.SSLContext | None = None
    insecure: bool = False
    """The token may cross a network in plain text."""
    socket: str = ""
    """The URL of the same graph's Unix socket, which is tried first; empty: go where *url* says."""


def open_remote_session(way: Way, name: str, limits: Limits) -> AbstractAsyncContextManager[Session]:
    """A session at a URL. `NotRunning` when nobody answers there, `ConnectionRefused` when it says no."""
    return _session(partial(_reach, way, limits), way.url, name, limits)


async def _reach(way: Way, limits: Limits, start_soon: Callable[..., None]) -> Link:
    if way.socket:
        with suppress(NotRunning):  # its file may have been swept away
            return await _reach(Way(way.socket), limits, start_soon)
    try:
        if way.url.startswith(_UNIX):
            return await reach_unix(_path(way.url), limits, start_soon)
        return await reach_websocket(way.url, way.token, limits, way.ssl_context, way.insecure, start_soon)
    except ConnectFailed as error:
        raise NotRunning(f"at {way.url}", error.reason) from None
    except HandshakeRefused as error:
        raise ConnectionRefused(way.url, error.reason) from None
    except ValueError as error:  # the token cannot be one; it never left this process
        raise ConnectionRefused(way.url, str(error)) from None


def _path(url: str) -> str:
    path = url.removeprefix(_UNIX + "//")
    if not path.startswith("/"):
        meant = url.removeprefix(_UNIX).lstrip("/")
        raise ConnectFailed(url, f"a Unix socket's address has three slashes: {_UNIX}///{meant}")
    return path


def session_over(
    link: Link, name: str, limits: Limits, *, trusted: bool = False
) -> AbstractAsyncContextManager[Session]:
    """A session over a link that is open already. *trusted* as the other end serves it, see `serve_link`."""

    async def given(_: Callable[..., None]) -> Link:
        return link

    return _session(given, link.peer, name, limits, trusted)


@asynccontextmanager
# Protected: what keeps the connection is shielded, so that a Ctrl-C must not come between it and its end.
@trio.lowlevel.enable_ki_protection
async def _session(
    reach: Callable[[Callable[..., None]], Awaitable[Link]],
    where: str,
    name: str,
    limits: Limits,
    trusted: bool = False,
) -> AsyncIterator[Session]:
    # One nursery for all that the session and its link do beside the block: each would be a large part of a life.
    async with open_actor_nursery(f"session {name}") as nursery:
        link = await reach(nursery.start_soon)
        client = Client()
        peer = Peer(link, limits=limits, service=Service(client), errors=ERRORS)
        client.streams = Streams(peer, trusted=trusted)
        nursery.start_soon(keep_connected, peer, client)
        try:
            line = RemoteLine(peer, client, name, await _open(peer, client, where, name))
            try:
                with body_of(client):
                    yield Session(line)
            finally:
                await _say_goodbye(peer, client, name)
        finally:
            peer.abort("the session has ended")
            await link.aclose()


async def _open(peer: Peer, client: Client, where: str, name: str) -> Opened:
    try:
        opened: Opened = await peer.request("open", attrs.asdict(OpenSession(name, PROTOCOL_VERSION, SOFTWARE)), Opened)
    except LinkRefused as error:
        raise ConnectionRefused(where, error.reason) from None
    except LinkLost as error:
        raise client.ending or SessionLost(error.reason) from None
    return opened


async def _say_goodbye(peer: Peer, client: Client, name: str) -> None:
    """Have the server release everything before the block is left; bounded, since the server may be dead."""
    client.over = True
    if client.ending is None:
        with suppress(SessionError, TransportError):
            await peer.take_leave("close", {})
    client.streams.lose(SessionEnded(name))
    for watch in client.watches.values():
        watch.close(SessionEnded(name))
