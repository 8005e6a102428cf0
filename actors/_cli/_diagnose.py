"""What may be wrong with a running graph: plain rules over a snapshot and the list of sessions."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import attrs

from actors._graph import SOFTWARE, SessionInfo
from graphmeta import GraphSnapshot

from ._types import misfits

SILENT: Final = 7.5
"""Seconds without a sign of life after which a session with the default heartbeat of 5 s is worth a look."""


@attrs.frozen
class Finding:
    """One thing worth a look."""

    rule: str
    subject: str
    advice: str
    note: bool = False
    """It may be meant like that: nothing that a monitor should be woken for."""


@attrs.frozen
class Patient:
    """What the rules look at."""

    snapshot: GraphSnapshot
    sessions: tuple[SessionInfo, ...]

    def topics(self, direction: str) -> set[str]:
        """The topics with an open publisher or subscriber."""
        return {
            endpoint.topic
            for session in self.snapshot.sessions.values()
            for endpoint in session.endpoints
            if endpoint.direction == direction
        }

    def described(self) -> set[str]:
        """The topics that some component's metadata speaks of."""
        found: set[str] = set()
        for session in self.snapshot.sessions.values():
            if session.metadata is not None:
                for unit in session.metadata.units.values():
                    found.update(s.address for s in (*unit.input_streams.values(), *unit.output_streams.values()))
                for collection in session.metadata.collections.values():
                    found.update(s.address for s in (*collection.topics.values(), *collection.relays.values()))
        return found

    def known(self) -> set[str]:
        """The topics that somebody speaks of, or that join edges to others."""
        edges = self.snapshot.edge_owners
        joints = {edge.to_topic for edge in edges} & {edge.from_topic for edge in edges}
        return joints | self.described() | self.topics("publisher") | self.topics("subscriber")

    def types(self, direction: str) -> dict[str, str]:
        """What is sent by the publishers, or taken by the subscribers, as they said: types by topic."""
        return {
            endpoint.topic: endpoint.message_type
            for session in self.snapshot.sessions.values()
            for endpoint in session.endpoints
            if endpoint.direction == direction
        }

    def heard(self) -> set[str]:
        """The topics that somebody publishes, or that hear from one of those."""
        targets: dict[str, list[str]] = {}
        for edge in self.snapshot.edge_owners:
            targets.setdefault(edge.from_topic, []).append(edge.to_topic)
        found = self.topics("publisher")
        todo = [*found]
        while todo:
            new = set(targets.get(todo.pop(), ())) - found
            found |= new
            todo.extend(new)
        return found


def diagnose(patient: Patient) -> tuple[Finding, ...]:
    """Everything that the rules find, in the order of the rules."""
    return tuple(finding for rule in _RULES for finding in rule(patient))


def _dangling(patient: Patient) -> Iterator[Finding]:
    edges, known = patient.snapshot.edge_owners, patient.known()
    for edge in sorted(edges):
        lost = [topic for topic in edge if topic not in known]
        if lost:
            yield Finding("dangling edge", str(edge), nobody_knows(lost))


def nobody_knows(topics: Sequence[str]) -> str:
    """What is said of topics that may be misspelt."""
    return f"no component and no endpoint knows {' or '.join(topics)}"


def _unheard(patient: Patient) -> Iterator[Finding]:
    for topic in sorted(patient.topics("subscriber") - patient.heard()):
        if not topic.endswith("/INPUT_SETTINGS"):
            yield Finding("nobody publishes", topic, "its subscribers wait for ever; connect it, or start its source")


def _colliding(patient: Patient) -> Iterator[Finding]:
    """Addresses inside a component of another session: each is free, together they mislead."""
    owners = {
        address: (session.name, owner)
        for owner, session in patient.snapshot.sessions.items()
        if session.metadata is not None
        for address in session.metadata.components
    }
    for address in sorted(owners):
        parent = address.rpartition("/")[0]
        if parent in owners and owners[parent] != owners[address]:
            (inner, _), (outer, _) = owners[address], owners[parent]
            yield Finding("mixed address", address, f"{inner} holds it inside {parent} of {outer}")


def _skewed(patient: Patient) -> Iterator[Finding]:
    for session in patient.sessions:
        if session.software.startswith("trellis ") and session.software != SOFTWARE:
            yield Finding("version skew", session.name, f"it runs {session.software}, this is {SOFTWARE}")


def _silent(patient: Patient) -> Iterator[Finding]:
    for session in patient.sessions:
        if session.silent > SILENT:
            yield Finding("silent session", session.name, f"nothing was heard of it for {session.silent:.1f} s")


def _unfit(patient: Patient) -> Iterator[Finding]:
    edges = patient.snapshot.edge_owners
    for each in misfits(patient.types("publisher"), patient.types("subscriber"), edges):
        said = f"{each.sender} sends {each.sent}, and {each.taken} is taken here"
        yield Finding("may not fit", each.receiver, said, note=True)


_RULES: Final[tuple[Callable[[Patient], Iterator[Finding]], ...]] = (
    _dangling,
    _unheard,
    _colliding,
    _skewed,
    _silent,
    _unfit,
)
