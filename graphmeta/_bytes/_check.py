"""Whether a snapshot that came from outside can be one: what its records alone cannot know.

Applying changes relies on this, above all on sorted edges. This file knows finished snapshots, no encoding.
"""

import math
from collections.abc import Iterable
from itertools import pairwise

from graphmeta._errors import InvalidSnapshot
from graphmeta._names import check_topic
from graphmeta._records._holding import Held
from graphmeta._records._snapshot import GraphSnapshot, SnapshotSession


def checked(snapshot: GraphSnapshot) -> GraphSnapshot:
    """Return *snapshot* if it is consistent; raise `InvalidSnapshot` or `InvalidTopic` otherwise."""
    _require(0 <= snapshot.revision < 2**63, "its revision is none")
    holdings = [snapshot.persistent]
    for session in snapshot.sessions.values():
        _check_session(session)
        holdings += [session.edges, *session.scopes.values()]
    _check_holdings(holdings)
    _require(all(math.isfinite(value.at) for value in snapshot.settings.values()), "a setting has no time")
    return snapshot


def _check_session(session: SnapshotSession) -> None:
    _require(math.isfinite(session.since), "a session has no time")
    ids = [endpoint.id for endpoint in session.endpoints]
    _require(all(one < next_ for one, next_ in pairwise(ids)), "endpoints are not in order")


def _check_holdings(holdings: Iterable[Held]) -> None:
    topics: set[str] = set()
    for held in holdings:
        _require(all(one < next_ for one, next_ in pairwise(held)), "edges are not in order")
        topics.update(topic for edge in held for topic in edge)
    for topic in topics:
        check_topic(topic)


def _require(fits: bool, reason: str) -> None:
    if not fits:
        raise InvalidSnapshot(reason)
