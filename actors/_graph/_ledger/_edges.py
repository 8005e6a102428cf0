"""Edges and ownership scopes, one book of the ledger: which holder gains and loses what. Pure.

Knows the records of sessions, but not who is among them: what comes here has passed the ledger's fence. What is wrong
in several ways is refused for the first of: its form (`InvalidTopic`), its scope, a limit, a cycle.
"""

from collections.abc import Sequence
from itertools import repeat
from typing import Final
from uuid import UUID

from actors._graph._errors import ScopeTaken, UnknownScope
from graphmeta import DAG, CycleError, Edge, Outcome, ScopeChanged, check_edges, check_topic
from transport import Limits

from . import _bounds as bounds
from . import _commands as ask
from ._draft import Draft, Holder
from ._record import Record
from ._results import EdgeResult

# In Python 3.11 looking up a member of an enumeration takes longer than looking up an edge.
ADDED, ALREADY_OWNED = Outcome.ADDED, Outcome.ALREADY_OWNED
REMOVED, NOT_OWNER = Outcome.REMOVED, Outcome.NOT_OWNER


class EdgeBook:
    """The topology and its holders."""

    def __init__(self, limits: Limits) -> None:
        self.dag: Final = DAG()
        self._limits: Final = limits

    def connect(self, record: Record | None, command: ask.Connect, draft: Draft) -> tuple[EdgeResult, ...]:
        """Hold edges, all or none."""
        edges = command.edges
        check_edges(edges)
        holder = self._holder(record, command)
        bounds.check_topics(self._limits, edges)
        self._check_room(record if holder else None, holder, edges)
        outcomes = self.dag.add_edges(edges, holder)
        results, gained, added = _sorted_out(edges, outcomes, draft.revision, ALREADY_OWNED, ADDED)
        draft.gain(holder, gained, added)
        if record is not None and holder is not None:
            record.held += len(gained)
        return results

    def disconnect(self, record: Record | None, command: ask.Disconnect, draft: Draft) -> tuple[EdgeResult, ...]:
        """Let go of edges, all or none."""
        edges = command.edges
        check_edges(edges)
        holder = self._holder(record, command)
        outcomes = self.dag.remove_edges(edges, holder)
        results, lost, removed = _sorted_out(edges, outcomes, draft.revision, NOT_OWNER, REMOVED)
        draft.lose(holder, lost, removed)
        if record is not None and holder is not None:
            record.held -= len(lost)
        return results

    def revert(self, record: Record | None, command: ask.Revert, draft: Draft) -> tuple[Edge, ...]:
        """Let persistent edges go, and hold others again, as far as no cycle bars their way."""
        lost = [edge for edge in command.gone if self.dag.owns(None, edge)]
        removed = [edge for edge in lost if self.dag.remove_edge(*edge)]
        draft.lose(None, lost, removed)
        outcomes = {edge: self._outcome(edge) for edge in command.back}
        draft.gain(
            None,
            [edge for edge, outcome in outcomes.items() if outcome is not None],
            [edge for edge, outcome in outcomes.items() if outcome],
        )
        return tuple(edge for edge, outcome in outcomes.items() if outcome is None)

    def _outcome(self, edge: Edge) -> Outcome | None:
        try:
            return self.dag.add_edge(*edge)
        except CycleError:
            return None

    def clear(self, record: Record, command: ask.Clear, draft: Draft) -> None:
        """Let go of what a scope and the scopes inside it hold."""
        _check_scope(record, command.scope)
        self._release(record, record.holders(command.scope), draft)

    def release(self, record: Record, draft: Draft) -> None:
        """Let go of everything, because the session ends."""
        self._release(record, record.holders(), draft)

    def open_scope(self, record: Record, command: ask.OpenScope, draft: Draft) -> None:
        """Begin an ownership scope."""
        parent, _, name = command.scope.rpartition("/")
        _check_scope(record, parent)
        if command.scope in record.scopes or not name.strip():
            raise ScopeTaken(command.scope)
        check_topic(name)
        bounds.check("topic_length", self._limits, len(command.scope))
        bounds.check("scopes_per_session", self._limits, len(record.scopes) + 1)
        record.scopes.add(command.scope)
        draft.scopes.append(ScopeChanged(record.id, command.scope, True))

    def close_scope(self, record: Record, command: ask.CloseScope, draft: Draft) -> None:
        """End a scope, with the scopes inside it and everything they hold."""
        if not command.scope:
            raise UnknownScope(command.scope)
        _check_scope(record, command.scope)
        holders = record.holders(command.scope)
        self._release(record, holders, draft)
        for _, path in holders:
            record.scopes.discard(path)
            draft.scopes.append(ScopeChanged(record.id, path, False))

    def _holder(self, record: Record | None, command: ask.Connect | ask.Disconnect) -> Holder:
        if record is None or command.persistent:
            return None
        _check_scope(record, command.scope)
        return record.id, command.scope

    def _check_room(self, record: Record | None, holder: Holder, edges: tuple[Edge, ...]) -> None:
        """Bound the edges of a session and of the whole graph; what is there already needs no room."""
        limits, held = self._limits, record.held if record else 0
        if len(self.dag) + len(edges) <= limits.edges and held + len(edges) <= limits.edges_per_session:
            return
        # Only near a limit is it worth looking at each.
        new = {edge for edge in edges if not self.dag.owns(holder, edge)}
        bounds.check("edges", limits, len(self.dag) + sum(edge not in self.dag for edge in new))
        if record is not None:
            bounds.check("edges_per_session", limits, held + len(new))

    def _release(self, record: Record, holders: list[tuple[UUID, str]], draft: Draft) -> None:
        for holder in holders:
            removal = self.dag.remove_owner(holder)
            record.held -= len(removal.removed) + len(removal.released)
            draft.lose(holder, removal.removed + removal.released, removal.removed)


def _sorted_out(
    edges: tuple[Edge, ...], outcomes: tuple[Outcome, ...], revision: int, nothing: Outcome, all_of_it: Outcome
) -> tuple[tuple[EdgeResult, ...], Sequence[Edge], Sequence[Edge]]:
    """Give the results, the edges that a holder gained or lost, and those of them that changed the topology."""
    as_of = revision - (outcomes.count(nothing) == len(outcomes))
    results = tuple(map(EdgeResult, edges, outcomes, repeat(as_of)))
    if outcomes.count(all_of_it) == len(outcomes):  # Most often; and then there is nothing to sort out.
        return results, edges, edges
    touched = [edge for edge, outcome in zip(edges, outcomes, strict=True) if outcome is not nothing]
    changed = [edge for edge, outcome in zip(edges, outcomes, strict=True) if outcome is all_of_it]
    return results, touched, changed


def _check_scope(record: Record, scope: str) -> None:
    if scope and scope not in record.scopes:
        raise UnknownScope(scope)
