"""What the graph answers: frozen records that cross the wire as they are."""

from typing import Literal
from uuid import UUID

import attrs
import msgspec

from graphmeta import Edge, Outcome

Role = Literal["control", "read"]
"""Whether a session may change the graph or only look at it."""


class EdgeResult(msgspec.Struct, frozen=True):  # The quickest kind of record: one call may be answered with thousands.
    """What a connect or disconnect did to one edge; true exactly when the topology changed."""

    edge: Edge
    outcome: Outcome
    revision: int
    """The revision as of which this holds: the change's own, or the current one if nothing changed."""

    def __bool__(self) -> bool:
        return bool(self.outcome)


@attrs.frozen
class Impact:
    """What would go if a session ended now."""

    session: UUID
    name: str
    edges: tuple[Edge, ...]
    """Edges that nobody else holds."""
    cut: tuple[str, ...]
    """Topics with an open subscriber that would hear from fewer topics."""
    components: tuple[str, ...]
    """Addresses that the session has declared."""


@attrs.frozen(order=True)
class TypeClash:
    """A stream that hears from another one whose messages it cannot take: their types have nothing in common."""

    sender: str
    """The topic of a publisher."""
    sent: str
    """The type of its messages, as a text."""
    receiver: str
    """The topic of a subscriber."""
    taken: str


@attrs.frozen
class SessionInfo:
    """One session as an operator sees it; ages are seconds."""

    id: UUID
    name: str
    peer: str
    since: float
    """Unix time, seconds."""
    age: float
    edges: int
    """Edges that it and its scopes hold, each once for every holder, as the limit counts them."""
    components: int
    endpoints: int
    silent: float
    """Seconds since the link was last heard; 0 in process."""
    software: str
    """What its process runs, as it says itself."""
    role: Role
