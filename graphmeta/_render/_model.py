"""What is drawn: a tree of places and the links between them, the same for every format.

A place is a component, a topic, or just a step in a slash path: graphs without metadata are grouped by path. Deep
paths are honest input, so nothing here recurses.
"""

import enum
from collections import Counter
from collections.abc import Iterable, Iterator
from uuid import UUID

import attrs

from .._metadata import GraphMetadata, StreamMetadata
from .._snapshot import GraphSnapshot


@attrs.define
class Place:
    """One step in a slash path. A path can be a topic and hold others at the same time."""

    path: str
    name: str
    note: str = ""
    """What it is, for the eye: a component's or a port's type."""
    topic: bool = False
    children: "dict[str, Place]" = attrs.field(factory=dict)

    def at(self, path: str) -> "Place":
        """The place at *path* below this one, made when it is not there."""
        place = self
        for name in path.split("/"):
            below = f"{place.path}/{name}" if place.path else name
            place = place.children.setdefault(name, Place(below, name))
        return place


@attrs.frozen
class Link:
    """An edge as drawn; ``owners`` are names."""

    source: str
    target: str
    owners: tuple[str, ...] = ()


@attrs.frozen
class Diagram:
    """Everything that a format needs."""

    places: Place
    """The nameless root."""
    links: tuple[Link, ...]
    """Sorted."""
    ports: frozenset[str]
    """Topics that are a unit's own."""
    sessions: tuple[str, ...] = ()
    """One line per session, when asked for."""


class Visit(enum.Enum):
    """Where a walk is: a place with children is entered and left, any other is met."""

    ENTER = enum.auto()
    LEAVE = enum.auto()
    MEET = enum.auto()


def walk(root: Place) -> Iterator[tuple[Visit, Place]]:
    """Visit everything below *root*, by name, depth first."""
    pending = _visits(root)
    while pending:
        visit, place = pending.pop()
        yield visit, place
        if visit is Visit.ENTER:
            pending.append((Visit.LEAVE, place))
            pending.extend(_visits(place))


def _visits(place: Place) -> list[tuple[Visit, Place]]:
    children = (place.children[name] for name in sorted(place.children, reverse=True))
    return [(Visit.ENTER if child.children else Visit.MEET, child) for child in children]


def build(snapshot: GraphSnapshot) -> Diagram:
    """Draw up everything that *snapshot* holds."""
    root = Place("", "")
    ports: set[str] = set()
    for session in snapshot.sessions.values():
        if session.metadata is not None:
            ports |= _place_components(root, session.metadata)
    for topic in snapshot.graph:
        root.at(topic).topic = True
    names = owner_names(snapshot)
    links = (
        Link(*edge, tuple(sorted(names[owner] for owner in owners)))
        for edge, owners in snapshot.edge_owners.items()
    )
    return Diagram(root, tuple(links), frozenset(ports), tuple(_session_lines(snapshot, names)))


def owner_names(snapshot: GraphSnapshot) -> dict[UUID | None, str]:
    """A name for every owner; sessions that share one are told apart by the start of their id."""
    taken = Counter(session.name for session in snapshot.sessions.values())
    names: dict[UUID | None, str] = {None: "persistent"}
    for id_, session in snapshot.sessions.items():
        unique = taken[session.name] == 1 and session.name != "persistent"
        names[id_] = session.name if unique else f"{session.name} ({str(id_)[:8]})"
    return names


def _place_components(root: Place, metadata: GraphMetadata) -> set[str]:
    """Place the components and their ports; return the units' ports."""
    ports: set[str] = set()
    for unit in metadata.units.values():
        root.at(unit.address).note = f"unit {unit.component_type}"
        _place_ports(root, unit.input_streams.values())
        _place_ports(root, unit.output_streams.values())
        ports.update(port.address for port in (*unit.input_streams.values(), *unit.output_streams.values()))
    for collection in metadata.collections.values():
        root.at(collection.address).note = f"collection {collection.component_type}"
        _place_ports(root, collection.topics.values())
        _place_ports(root, collection.relays.values())
    return ports


def _place_ports(root: Place, ports: Iterable[StreamMetadata]) -> None:
    for port in ports:
        place = root.at(port.address)
        place.topic, place.note = True, port.message_type


def _session_lines(snapshot: GraphSnapshot, names: dict[UUID | None, str]) -> Iterator[str]:
    for id_, session in snapshot.sessions.items():
        components = len(session.metadata.components) if session.metadata else 0
        held = len(set(session.owned))
        yield f"{names[id_]} ({session.peer}): {_count(held, 'edge')}, {_count(components, 'component')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
