"""The ledger against an independent reference: naive sets, one dictionary of holders per edge, and a replica.

After every step the graph is acyclic, the owners are those of the reference, and a replica that only ever applied
changes equals the snapshot.
"""

import os
from uuid import UUID

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from actors._graph._errors import AddressTaken, ScopeTaken, SessionEnded, UnknownComponent, UnknownScope
from actors._graph._ledger import _commands as ask
from actors._graph._ledger._ledger import Ledger
from actors._graph._ledger._registration import ready_slices
from graphmeta import (
    CycleError,
    Edge,
    GraphMetadata,
    InitialSettings,
    Outcome,
    UnitMetadata,
    at_once,
    dump_snapshot,
    load_snapshot,
)
from transport import Limits

FULL = os.environ.get("TRELLIS_CAMPAIGN") == "full"
"""Where this runs its 100,000 steps: 2,500 lives of 42 on average."""
CI = os.environ.get("CI") == "true"
LIVES = 2500 if FULL else 300 if CI else 100
STEPS = 50
"""Long lives rather than many: a hundred of 50 steps find an end that leaves its edges, and a hundred of 30 do not."""
TOPICS = [f"T{n}" for n in range(7)]
SESSIONS = [UUID(int=n) for n in range(1, 5)]
SCOPES = ["", "s", "s/t", "u"]

sessions = st.sampled_from(SESSIONS)
# Weighted, so that most of what is asked can be done: refusals change nothing, and find little.
scopes = st.sampled_from(["", "", "", *SCOPES])
persistence = st.sampled_from([False, False, False, True])
edges = st.lists(st.tuples(st.sampled_from(TOPICS), st.sampled_from(TOPICS)), min_size=1, max_size=4).map(
    lambda pairs: tuple(Edge(*pair) for pair in pairs)
)
addresses = st.sets(st.sampled_from(["SYS/A", "SYS/B", "SYS/C"]))


def ready(metadata: GraphMetadata) -> ask.Register:
    return at_once(ready_slices(metadata, freeze=False))


def reaches(graph: set[Edge], start: str, goal: str) -> bool:
    seen, todo = {start}, [start]
    while todo:
        here = todo.pop()
        if here == goal:
            return True
        new = {edge.to_topic for edge in graph if edge.from_topic == here} - seen
        seen |= new
        todo += new
    return False


class LedgerModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.ledger = Ledger(UUID(int=99), lambda: self.now, Limits())
        self.replica = self.ledger.snapshot()
        self.holders: dict[Edge, set[tuple[UUID, str] | None]] = {}
        self.open: dict[UUID, set[str]] = {}
        self.components: dict[UUID, set[str]] = {}
        self.delegates: dict[str, UUID] = {}

    def submit(self, session: UUID | None, command: ask.Command):
        self.now += 1.0
        decision = self.ledger.decide(session, command)
        if decision.change is not None:
            assert decision.change.revision == self.replica.revision + 1
            self.replica = self.replica.apply(decision.change)
        return decision

    def refused(self, session: UUID | None, command: ask.Command, *errors: type[Exception]) -> None:
        before = self.ledger.snapshot()
        try:
            self.ledger.decide(session, command)
        except errors:
            assert self.ledger.snapshot() is before
        else:
            raise AssertionError(f"{command} was not refused")

    @initialize()
    def some_are_there(self) -> None:
        for session in SESSIONS[:3]:
            self.begin(session)

    @rule(session=sessions)
    def begin(self, session: UUID) -> None:
        if session not in self.open:
            self.submit(session, ask.Open("name", "peer"))
            self.open[session] = {""}
            self.components[session] = set()

    @rule(session=sessions)
    def end(self, session: UUID) -> None:
        if session not in self.open:
            self.refused(session, ask.End("closed"), SessionEnded)
            return
        decision = self.submit(session, ask.End("closed"))
        assert [entry.session for entry in decision.change.ended] == [session]
        self.forget(session, SCOPES)
        self.undelegate(self.components[session])
        del self.open[session], self.components[session]

    def undelegate(self, addresses: set[str]) -> None:
        self.delegates = {path: session for path, session in self.delegates.items() if path not in addresses}

    def forget(self, session: UUID, paths: list[str]) -> None:
        for holders in self.holders.values():
            holders.difference_update((session, path) for path in paths)
        self.holders = {edge: holders for edge, holders in self.holders.items() if holders}

    @rule(session=sessions, scope=scopes, edges=edges, persistent=persistence)
    def connect(self, session: UUID, scope: str, edges: tuple[Edge, ...], persistent: bool) -> None:
        command = ask.Connect(edges, scope, persistent)
        if session not in self.open:
            return self.refused(session, command, SessionEnded)
        if scope not in self.open[session] and not persistent:
            return self.refused(session, command, UnknownScope)
        graph = set(self.holders)
        for edge in edges:
            if reaches(graph, edge.to_topic, edge.from_topic):
                return self.refused(session, command, CycleError)
            graph.add(edge)
        holder = None if persistent else (session, scope)
        results = self.submit(session, command).result
        for edge, result in zip(edges, results, strict=True):
            held = self.holders.setdefault(edge, set())
            expected = Outcome.ALREADY_OWNED if holder in held else Outcome.SHARED if held else Outcome.ADDED
            assert result.outcome is expected
            assert result.revision == self.ledger.revision
            held.add(holder)
        return None

    @rule(session=sessions, scope=scopes, edges=edges, persistent=persistence)
    def disconnect(self, session: UUID, scope: str, edges: tuple[Edge, ...], persistent: bool) -> None:
        command = ask.Disconnect(edges, scope, persistent)
        if session not in self.open:
            return self.refused(session, command, SessionEnded)
        if scope not in self.open[session] and not persistent:
            return self.refused(session, command, UnknownScope)
        holder = None if persistent else (session, scope)
        results = self.submit(session, command).result
        for edge, result in zip(edges, results, strict=True):
            held = self.holders.get(edge, set())
            expected = Outcome.NOT_OWNER
            if holder in held:
                held.discard(holder)
                expected = Outcome.RELEASED if held else Outcome.REMOVED
            assert result.outcome is expected
            if not held:
                self.holders.pop(edge, None)
        return None

    @rule(edges=edges)
    def revert(self, edges: tuple[Edge, ...]) -> None:
        """As when persistent edges could not be stored: those that are there go, the others come back."""
        here = dict.fromkeys(edge for edge in edges if None in self.holders.get(edge, ()))
        back = [edge for edge in dict.fromkeys(edges) if edge not in here]
        barred = self.submit(None, ask.Revert(tuple(here), tuple(back))).result
        for edge in here:
            self.holders[edge].discard(None)
        self.holders = {edge: holders for edge, holders in self.holders.items() if holders}
        for edge in back:
            closes = reaches(set(self.holders), edge.to_topic, edge.from_topic)
            assert closes == (edge in barred)
            if not closes:
                self.holders.setdefault(edge, set()).add(None)

    @rule(session=sessions, scope=st.sampled_from(SCOPES[1:]))
    def open_scope(self, session: UUID, scope: str) -> None:
        command = ask.OpenScope(scope)
        if session not in self.open:
            return self.refused(session, command, SessionEnded)
        if scope in self.open[session]:
            return self.refused(session, command, ScopeTaken)
        if scope.rpartition("/")[0] not in self.open[session]:
            return self.refused(session, command, UnknownScope)
        self.submit(session, command)
        self.open[session].add(scope)
        return None

    def inside(self, session: UUID, scope: str) -> list[str]:
        return [path for path in self.open[session] if not scope or path == scope or path.startswith(scope + "/")]

    @precondition(lambda self: self.open)
    @rule(data=st.data(), close=st.booleans())
    def clear_or_close(self, data: st.DataObject, close: bool) -> None:
        session = data.draw(st.sampled_from(sorted(self.open, key=str)))
        scope = data.draw(st.sampled_from(sorted(self.open[session])))
        inside = self.inside(session, scope)
        if close and scope:
            self.submit(session, ask.CloseScope(scope))
            self.open[session].difference_update(inside)
        else:
            self.submit(session, ask.Clear(scope))
        self.forget(session, inside)

    @rule(session=sessions, wanted=addresses)
    def register(self, session: UUID, wanted: set[str]) -> None:
        initial = InitialSettings(readable={"a": self.now})
        units = {path: UnitMetadata(path, path[-1], "t.U", initial_settings=initial) for path in wanted}
        metadata = GraphMetadata(units=units)
        command = ready(metadata)
        if session not in self.open:
            return self.refused(session, command, SessionEnded)
        others = set().union(*(held for other, held in self.components.items() if other != session))
        if others & wanted:
            return self.refused(session, command, AddressTaken)
        self.submit(session, command)
        self.undelegate(self.components[session] - wanted)
        self.components[session] = wanted
        return None

    @precondition(lambda self: self.open)
    @rule(data=st.data(), address=st.sampled_from(["SYS/A", "SYS/B", "SYS/C", "SYS/D"]))
    def report(self, data: st.DataObject, address: str) -> None:
        session = data.draw(st.sampled_from(sorted(self.open, key=str)))
        said = {"a": self.now}
        command = ask.ReportSettings(address, said)
        holder = next((other for other, held in self.components.items() if address in held), None)
        if holder is None:
            return self.refused(session, command, UnknownComponent)
        if session not in (holder, self.delegates.get(address)):
            self.refused(session, command, AddressTaken)
            self.submit(holder, ask.Delegate(address, session))
            self.delegates[address] = session
        self.submit(session, command)
        assert self.ledger.snapshot().settings[address].readable == said
        return None

    @precondition(lambda self: self.open)
    @rule(data=st.data(), topic=st.sampled_from(TOPICS))
    def open_endpoint(self, data: st.DataObject, topic: str) -> None:
        session = data.draw(st.sampled_from(sorted(self.open, key=str)))
        endpoint = self.submit(session, ask.OpenEndpoint(topic, "subscriber", "float")).result
        assert endpoint in self.ledger.snapshot().sessions[session].endpoints

    @precondition(lambda self: any(s.endpoints for s in self.ledger.snapshot().sessions.values()))
    @rule(data=st.data())
    def close_endpoint(self, data: st.DataObject) -> None:
        held = [(key, e) for key, s in self.ledger.snapshot().sessions.items() for e in s.endpoints]
        session, endpoint = data.draw(st.sampled_from(held))
        self.submit(session, ask.CloseEndpoint(endpoint.id))
        assert endpoint not in self.ledger.snapshot().sessions[session].endpoints

    @invariant()
    def owners_are_those_of_the_reference(self) -> None:
        owners = {edge: {holder and holder[0] for holder in holders} for edge, holders in self.holders.items()}
        snapshot = self.ledger.snapshot()
        assert {edge: set(held) for edge, held in snapshot.edge_owners.items()} == owners
        assert set(snapshot.sessions) == set(self.open)
        assert {key: set(s.scopes) | {""} for key, s in snapshot.sessions.items()} == self.open

    @invariant()
    def what_nobody_sees_is_that_of_the_reference_too(self) -> None:
        """The topology, from which cycles and outcomes are told, the addresses, and the bytes that are counted."""
        assert self.ledger.dag.edge_owners == self.holders
        assert set(self.ledger.addresses()) == set().union(*self.components.values())
        records, books = list(self.ledger.records()), self.ledger._components
        assert books._metadata_bytes == sum(len(record.sealed_metadata) for record in records)
        assert books._settings_bytes == sum(sum(record.reported.values()) for record in records)
        assert all(record.held == sum(map(len, map(self.ledger.dag.owned_by, record.holders()))) for record in records)

    @invariant()
    def the_graph_is_acyclic(self) -> None:
        graph = set(self.holders)
        assert not any(reaches(graph, edge.to_topic, edge.from_topic) for edge in graph)

    @invariant()
    def a_replica_that_applied_every_change_equals_the_snapshot(self) -> None:
        assert self.replica == self.ledger.snapshot()

    @invariant()
    def settings_belong_to_somebody_who_is_there(self) -> None:
        for address, value in self.ledger.snapshot().settings.items():
            assert value.session in self.open
            assert value.reported or address in self.components[value.session]

    def teardown(self) -> None:
        assert load_snapshot(dump_snapshot(self.ledger.snapshot())) == self.ledger.snapshot()


LedgerModel.TestCase.settings = settings(max_examples=LIVES, stateful_step_count=STEPS, deadline=None)
test_ledger = LedgerModel.TestCase
