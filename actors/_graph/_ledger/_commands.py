"""What can be asked of the ledger: one record per command.

A command never says who sends it: identity comes with the call, from the server's own task. The records are of the
kind that is made quickest, since they live for one step.
"""

from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

from graphmeta import Edge, Endpoint, GraphMetadata, Seeds

from ._results import EdgeResult

R = TypeVar("R")


class Command(msgspec.Struct, Generic[R], eq=False):
    """What is asked; ``R`` is what the answer will be."""


class Open(Command[None]):
    """Begin the session that sends this."""

    name: str
    peer: str


class End(Command[None]):
    """End the session that sends this; everything it owned goes in the same step."""

    reason: str
    by: UUID | None = None
    """The session that asked for it, when it was another one."""


class Connect(Command[tuple[EdgeResult, ...]]):
    """Hold these edges, all or none."""

    edges: tuple[Edge, ...]
    scope: str = ""
    persistent: bool = False


class Disconnect(Command[tuple[EdgeResult, ...]]):
    """Let go of these edges, all or none."""

    edges: tuple[Edge, ...]
    scope: str = ""
    persistent: bool = False


class Revert(Command[tuple[Edge, ...]]):
    """Go back to the persistent edges that are stored; returns those that a cycle keeps from coming back."""

    gone: tuple[Edge, ...]
    back: tuple[Edge, ...]


class Clear(Command[None]):
    """Let go of every edge of this scope and of the scopes inside it."""

    scope: str = ""


class OpenScope(Command[None]):
    """Open an ownership scope."""

    scope: str


class CloseScope(Command[None]):
    """Close a scope, with the scopes inside it and everything they hold."""

    scope: str


class Register(Command[None]):
    """Replace the session's metadata as a whole; None withdraws it. `ready_slices` makes it, for it takes long."""

    metadata: GraphMetadata | None
    encoded: bytes
    """The same, as `encode_metadata` makes it."""
    addresses: frozenset[str]
    """Those of its components."""
    seeds: Seeds


class OpenEndpoint(Command[Endpoint]):
    """Declare a publisher or a subscriber."""

    topic: str
    direction: str
    message_type: str
    leaky: bool = False
    max_queue: int = 32
    number: int | None = None
    """What it should be called within its session; None: the next number."""


class CloseEndpoint(Command[None]):
    """Withdraw a publisher or a subscriber by its number."""

    endpoint: int


class Delegate(Command[None]):
    """Let another session report the settings of a component of this one, as a worker process does."""

    address: str
    session: UUID


class ReportSettings(Command[None]):
    """Say what a running component's settings are now."""

    address: str
    readable: Any
