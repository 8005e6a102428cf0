"""What an attempt to change the graph came to.

Truth is reserved for the two outcomes that changed the topology, so that ``if dag.add_edge(...)`` asks the
question most callers have. This file knows nothing of how edges are kept.
"""

import enum

import attrs

from graphmeta._names import Edge


class Outcome(enum.Enum):
    """What became of one edge; true exactly when the topology changed (`ADDED`, `REMOVED`)."""

    ADDED = "added"
    """The edge is new."""
    SHARED = "shared"
    """Another owner had the edge already; now this owner holds it as well."""
    ALREADY_OWNED = "already_owned"
    """This owner had the edge already; nothing changed."""
    REMOVED = "removed"
    """The edge is gone: this owner was its last."""
    RELEASED = "released"
    """This owner let go; others still hold the edge."""
    NOT_OWNER = "not_owner"
    """This owner did not hold the edge, or there is no such edge; nothing changed."""

    def __bool__(self) -> bool:
        return self is Outcome.ADDED or self is Outcome.REMOVED


@attrs.frozen
class Removal:
    """What the end of an owner came to: the edges that it held, sorted, each in one of the two tuples."""

    removed: tuple[Edge, ...]
    """These fell with it."""
    released: tuple[Edge, ...]
    """These stand, held by others."""

    def __bool__(self) -> bool:
        return bool(self.removed)
