"""What is drawn: a tree of places and the links between them, the same for every format.

A place is a component, a topic, or just a step in a slash path: graphs without metadata are grouped by path. Deep
paths are honest input, so nothing here recurses.
"""

import enum
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

import attrs

from graphmeta._records._down import down_units
from graphmeta._records._metadata import GraphMetadata, StreamMetadata
from graphmeta._records._snapshot import GraphSnapshot

PERSISTENT: Final = "persistent"
"""Stands for the owner of edges that no session owns."""


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


def walk(root: Place) -> Iterator[tuple[Visit, Place, bool]]:
    """Visit everything below *root*, by name, depth first; each visit says whether it is its level's last."""
    pending = _visits(root)
    while pending:
        visit, place, last = pending.pop()
        yield visit, place, last
        if visit is Visit.ENTER:
            pending.append((Visit.LEAVE, place, last))
            pending.extend(_visits(place))


def _visits(place: Place) -> list[tuple[Visit, Place, bool]]:
    """Return the visits to what is inside *place*, last one first."""
    names = sorted(place.children, reverse=True)
    children = [place.children[name] for name in names]
    return [(Visit.ENTER if each.children else Visit.MEET, each, each is children[0]) for each in children]


def build(snapshot: GraphSnapshot) -> Diagram:
    """Return a diagram of everything that *snapshot* holds."""
    root = Place("", "")
    ports: set[str] = set()
    for session in snapshot.sessions.values():
        if session.metadata is not None:
            ports |= _place_components(root, session.metadata)
    for address in down_units(snapshot):
        root.at(address).note += ", down"
    for topic in snapshot.graph:
        root.at(topic).topic = True
    names = owner_names(snapshot)
    links = (
        Link(*edge, tuple(sorted(names[owner] for owner in owners))) for edge, owners in snapshot.edge_owners.items()
    )
    return Diagram(root, tuple(links), frozenset(ports), tuple(_session_lines(snapshot, names)))


def owner_names(snapshot: GraphSnapshot) -> dict[UUID | None, str]:
    """Return a name for every owner; sessions that share one are told apart by the start of their id."""
    taken = Counter(session.name for session in snapshot.sessions.values()) + Counter(("", PERSISTENT))
    names: dict[UUID | None, str] = {None: PERSISTENT}
    for session_id, session in snapshot.sessions.items():
        unique = taken[session.name] == 1
        names[session_id] = session.name if unique else f"{session.name} ({str(session_id)[:8]})".strip()
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
    for session_id, session in snapshot.sessions.items():
        components = session.metadata.components if session.metadata else {}
        parts = (("edge", session.owned), ("component", components), ("endpoint", session.endpoints))
        counts = (f"{len(part)} {noun}{'' if len(part) == 1 else 's'}" for noun, part in parts)
        yield f"{names[session_id]}  {session.peer}  {', '.join(counts)}"
