"""What can be asked of the ledger: one record per command.

A command never says who sends it: identity comes with the call, from the server's own task. The records are not
frozen, which takes three times as long to make: they live for one step.
"""

from typing import Any, Generic, TypeVar
from uuid import UUID

import attrs

from graphmeta import Edge, Endpoint, GraphMetadata, Seeds

from ._results import EdgeResult

R = TypeVar("R")


class Command(Generic[R]):
    """What is asked; ``R`` is what the answer will be."""

    __slots__ = ()


@attrs.define
class Open(Command[None]):
    """Begin the session that sends this."""

    name: str
    peer: str


@attrs.define
class End(Command[None]):
    """End the session that sends this; everything it owned goes in the same step."""

    reason: str
    by: UUID | None = None
    """The session that asked for it, when it was another one."""


@attrs.define
class Connect(Command[tuple[EdgeResult, ...]]):
    """Hold these edges, all or none."""

    edges: tuple[Edge, ...]
    scope: str = ""
    persistent: bool = False


@attrs.define
class Disconnect(Command[tuple[EdgeResult, ...]]):
    """Let go of these edges, all or none."""

    edges: tuple[Edge, ...]
    scope: str = ""
    persistent: bool = False


@attrs.define
class Revert(Command[tuple[Edge, ...]]):
    """Go back to the persistent edges that are stored; returns those that a cycle keeps from coming back."""

    gone: tuple[Edge, ...]
    back: tuple[Edge, ...]


@attrs.define
class Clear(Command[None]):
    """Let go of every edge of this scope and of the scopes inside it."""

    scope: str = ""


@attrs.define
class OpenScope(Command[None]):
    """Open an ownership scope."""

    scope: str


@attrs.define
class CloseScope(Command[None]):
    """Close a scope, with the scopes inside it and everything they hold."""

    scope: str


@attrs.define
class Register(Command[None]):
    """Replace the session's metadata as a whole; None withdraws it. `ready_slices` makes it, for it takes long."""

    metadata: GraphMetadata | None
    encoded: bytes
    """The same, as `encode_metadata` makes it."""
    addresses: frozenset[str]
    """Those of its components."""
    seeds: Seeds


@attrs.define
class OpenEndpoint(Command[Endpoint]):
    """Declare a publisher or a subscriber."""

    topic: str
    direction: str
    message_type: str
    leaky: bool = False
    max_queue: int = 32
    number: int | None = None
    """What it should be called within its session; None: the next number."""


@attrs.define
class CloseEndpoint(Command[None]):
    """Withdraw a publisher or a subscriber by its number."""

    endpoint: int


@attrs.define
class Delegate(Command[None]):
    """Let another session report the settings of a component of this one, as a worker process does."""

    address: str
    session: UUID


@attrs.define
class ReportSettings(Command[None]):
    """Say what a running component's settings are now."""

    address: str
    readable: Any
