"""What would go if a session ended now. Only reads."""

from collections.abc import Iterable
from uuid import UUID

from actors._graph._errors import UnknownSession
from actors._graph._ledger._ledger import Ledger
from actors._graph._ledger._results import Impact


def impact_of(session: UUID, ledger: Ledger) -> Impact:
    """Return what the end of *session* would take with it; `UnknownSession`."""
    record = ledger.record(session)
    if record is None:
        raise UnknownSession(str(session))
    edges = ledger.dag.impact(record.holders())
    heads = {edge.to_topic for edge in edges}
    reached = heads.union(ledger.dag.downstream(*heads))
    return Impact(record.id, record.name, edges, _subscribed(reached, ledger), tuple(sorted(record.addresses)))


def _subscribed(topics: Iterable[str], ledger: Ledger) -> tuple[str, ...]:
    open_now = {
        endpoint.topic
        for record in ledger.records()
        for endpoint in record.endpoints.values()
        if endpoint.direction == "subscriber"
    }
    return tuple(sorted(open_now.intersection(topics)))
