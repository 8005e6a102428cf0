"""What can go wrong between two ends of a connection, one class per situation.

Local faults and remote faults are different types, and nothing of the libraries beneath is ever seen above
this package. Fields are positional, so every error pickles and crosses the wire as itself.
"""

from typing import Any

import attrs


class TransportError(Exception):
    """Any error that transport raises on purpose."""


@attrs.frozen
class LinkClosed(TransportError):
    """This link has ended, by either end: no frame goes or comes. Callers of a `Peer` see `LinkLost`."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@attrs.frozen
class LinkLost(TransportError):
    """The connection ended while somebody needed it: the peer left, fell silent or broke the protocol.

    What was in flight may or may not have happened at the other end.
    """

    reason: str

    def __str__(self) -> str:
        return f"the connection is gone: {self.reason}"


@attrs.frozen
class LinkRefused(LinkLost):
    """The server was reached and answered no request but the connection itself: it has no room, for one.

    A websocket's server says so before there is a link, as `HandshakeRefused`.
    """


@attrs.frozen
class ConnectFailed(TransportError):
    """Nobody that speaks our wire answered at this address: it is wrong, or the server is not running."""

    target: str
    reason: str

    def __str__(self) -> str:
        return f"cannot connect to {self.target}: {self.reason}"


@attrs.frozen
class CannotListen(TransportError):
    """The caller asked for a door that cannot be opened here: taken, not allowed, or not safe."""

    place: str
    """A host and port, or a path."""
    reason: str

    def __str__(self) -> str:
        return f"cannot listen on {self.place}: {self.reason}"


@attrs.frozen
class HandshakeRefused(TransportError):
    """The server was reached and said no: ``status`` is of HTTP (401: the token is missing or wrong)."""

    status: int
    reason: str

    def __str__(self) -> str:
        return f"the server refused the connection ({self.status}): {self.reason}"


@attrs.frozen
class ProtocolError(TransportError):
    """The peer sent something that the wire does not allow; its connection ends, nobody else's does."""

    reason: str

    def __str__(self) -> str:
        return f"the peer broke the protocol: {self.reason}"


@attrs.frozen
class LimitExceeded(TransportError):
    """Whoever asked wanted more than the limit ``name`` (a field of `Limits`) allows; nothing changed."""

    name: str
    limit: float

    def __str__(self) -> str:
        return f"over the limit {self.name} = {self.limit:g}; transport.Limits says what it bounds, and can raise it"


class RequestError(TransportError):
    """The peer answered a request with one of JSON-RPC's own errors."""


@attrs.frozen
class ParseError(RequestError):
    """The caller's frame was no JSON, or no msgpack."""

    reason: str

    def __str__(self) -> str:
        return f"unreadable document: {self.reason}"


@attrs.frozen
class InvalidRequest(RequestError):
    """The caller's document was no request: malformed, a batch, or an id that cannot be used."""

    reason: str

    def __str__(self) -> str:
        return f"invalid request: {self.reason}"


@attrs.frozen
class MethodNotFound(RequestError):
    """The caller asked for a method that the peer does not have (or not before the connection is opened)."""

    method: str

    def __str__(self) -> str:
        return f"no such method: {self.method}; is the other end of another version?"


@attrs.frozen
class NotPermitted(RequestError):
    """The caller may only read, and asked for a method that changes something; it was not run."""

    method: str

    def __str__(self) -> str:
        return f"this connection may only read, and {self.method} changes something: bring the token for control"


@attrs.frozen
class InvalidParams(RequestError):
    """The caller's parameters do not fit the method; it was not run."""

    method: str
    reason: str

    def __str__(self) -> str:
        return f"{self.method}: {self.reason}"


@attrs.frozen
class RequestCancelled(RequestError):
    """The request was cancelled by its own caller while it waited; only a raw client sees this."""

    def __str__(self) -> str:
        return "the request was cancelled by its caller"


@attrs.frozen
class RemoteError(TransportError):
    """The peer raised an error whose class this end does not know: ``type`` is its name on the wire."""

    code: int
    type: str
    message: str
    fields: Any = None

    def __str__(self) -> str:
        return f"{self.type}: {self.message}"


class Undecodable(Exception):
    """Bytes from the peer do not have the shape that was asked for. Never leaves this package."""
