"""What every unit, collection, stream and task of a session is: frozen records, validated when they are made.

The names follow ezmsg's session-scoped graph metadata. Units stand apart from collections, inputs apart from
outputs, so that typed decoders need no unions. Whatever contradicts itself raises `InvalidMetadata`. This
file knows records only: the crawl makes them.
"""

from collections.abc import Mapping
from typing import Final

import attrs

from graphmeta._errors import InvalidMetadata

from ._record_types import Record, check_address
from ._settings_records import DynamicSettingsMetadata as DynamicSettingsMetadata
from ._settings_records import InitialSettings as InitialSettings
from ._settings_records import SettingsField as SettingsField

SCHEMA_VERSION: Final = 1
"""The version of these records; what has another version is refused."""

NO_DYNAMIC_SETTINGS: Final = DynamicSettingsMetadata()

MAX_QUEUE: Final = 2**31 - 1
"""The longest queue that a port can have, in messages; every reader has integers for that."""

DIRECTIONS: Final = ("input", "output", "both")


@attrs.frozen
class StreamMetadata(Record):
    """A port of a component: ``address`` is its topic."""

    name: str
    address: str
    message_type: str

    def __attrs_post_init__(self) -> None:
        check_address(self.address, self.name)


@attrs.frozen
class InputStreamMetadata(StreamMetadata):
    """A port that messages arrive at."""

    leaky: bool = False
    max_queue: int = 32

    def __attrs_post_init__(self) -> None:
        check_address(self.address, self.name)
        _check_queue(self.address, self.max_queue)


@attrs.frozen
class OutputStreamMetadata(StreamMetadata):
    """A port that messages leave by."""


@attrs.frozen
class TopicMetadata(StreamMetadata):
    """A pass-through port of a collection: ``direction`` is ``input``, ``output`` or ``both``."""

    direction: str = "both"

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        _check_direction(self.address, self.direction, DIRECTIONS)


@attrs.frozen
class RelayMetadata(StreamMetadata):
    """A port of a collection that forwards messages by a task of its own.

    ``address`` is its topic on the outer side of the collection; the inner side is ``address/inside``.
    """

    direction: str = "input"
    leaky: bool = False
    max_queue: int = 32
    copy_on_forward: bool = True

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        _check_queue(self.address, self.max_queue)
        _check_direction(self.address, self.direction, DIRECTIONS[:2])


@attrs.frozen
class TaskMetadata(Record):
    """A coroutine of a unit: the topics that it takes from and publishes on."""

    name: str
    subscribes: tuple[str, ...] = ()
    publishes: tuple[str, ...] = ()


@attrs.frozen
class ComponentMetadata(Record):
    """What units and collections have in common."""

    address: str
    name: str
    component_type: str
    settings_type: str | None = None
    initial_settings: InitialSettings | None = None
    settings_schema: tuple[SettingsField, ...] = ()
    dynamic_settings: DynamicSettingsMetadata = NO_DYNAMIC_SETTINGS

    def __attrs_post_init__(self) -> None:
        check_address(self.address, self.name)


@attrs.frozen
class UnitMetadata(ComponentMetadata):
    """A unit: its ports by name and its tasks."""

    input_streams: dict[str, InputStreamMetadata] = attrs.field(factory=dict)
    output_streams: dict[str, OutputStreamMetadata] = attrs.field(factory=dict)
    tasks: tuple[TaskMetadata, ...] = ()
    main: str | None = None
    threads: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_address(self.address, self.name)
        inputs = _check_ports(self.address, self.input_streams)
        outputs = _check_ports(self.address, self.output_streams)
        if not inputs.isdisjoint(outputs):
            raise InvalidMetadata(self.address, "one name is an input and an output")
        if self.dynamic_settings.enabled and self.dynamic_settings.input_topic not in inputs:
            raise InvalidMetadata(self.address, "its settings come by a topic that is no input of it")
        self._check_tasks(inputs, outputs)

    def _check_tasks(self, inputs: set[str], outputs: set[str]) -> None:
        for task in self.tasks:
            if not inputs.issuperset(task.subscribes) or not outputs.issuperset(task.publishes):
                raise InvalidMetadata(self.address, f"its task {task.name!r:.80} uses streams that it does not have")
        names = [*self.threads, *[task.name for task in self.tasks]]
        if self.main is not None:
            names.append(self.main)
        if len(set(names)) < len(names):
            raise InvalidMetadata(self.address, "two of its tasks have one name")


@attrs.frozen
class CollectionMetadata(ComponentMetadata):
    """A collection: the addresses of its children and its own ports."""

    children: tuple[str, ...] = ()
    topics: dict[str, TopicMetadata] = attrs.field(factory=dict)
    relays: dict[str, RelayMetadata] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if not _check_ports(self.address, self.topics).isdisjoint(_check_ports(self.address, self.relays)):
            raise InvalidMetadata(self.address, "one name is a topic and a relay")
        if len(set(self.children)) < len(self.children):
            raise InvalidMetadata(self.address, "it lists a child twice")
        for child in self.children:
            if child.rpartition("/")[0] != self.address:
                raise InvalidMetadata(self.address, f"{child!r:.80} cannot be a child of it")


@attrs.frozen
class GraphMetadata(Record):
    """Everything that one session declares about its components, by address."""

    root_name: str = ""
    """The address of the root component; empty when there are several."""
    units: dict[str, UnitMetadata] = attrs.field(factory=dict)
    collections: dict[str, CollectionMetadata] = attrs.field(factory=dict)
    schema_version: int = SCHEMA_VERSION

    def __attrs_post_init__(self) -> None:
        check_version(self.schema_version)
        components = self.components
        if len(components) < len(self.units) + len(self.collections):
            raise InvalidMetadata("metadata", "one address is a unit and a collection")
        if self.root_name and components and self.root_name not in components:
            raise InvalidMetadata("root_name", f"{self.root_name!r:.80} is none of its components")
        _check_keys(components)
        _check_tree(components, self.collections)

    @property
    def components(self) -> dict[str, ComponentMetadata]:
        """All components by address."""
        return {**self.collections, **self.units}


def check_version(version: int) -> None:
    """Raise `InvalidMetadata` for records of another version than ours."""
    if version != SCHEMA_VERSION:
        raise InvalidMetadata("schema_version", f"it is {version}, and this is a reader of {SCHEMA_VERSION}")


def _check_queue(where: str, max_queue: int) -> None:
    if not 1 <= max_queue <= MAX_QUEUE:
        raise InvalidMetadata(where, f"its queue holds {max_queue:.3g} messages, not 1 to {MAX_QUEUE}")


def _check_direction(where: str, direction: str, allowed: tuple[str, ...]) -> None:
    if direction not in allowed:
        raise InvalidMetadata(where, f"its direction is none of {', '.join(allowed)}")


def _check_ports(component: str, ports: Mapping[str, StreamMetadata]) -> set[str]:
    """Return the ports' addresses."""
    addresses = set()
    for name, port in ports.items():
        address = f"{component}/{name}"
        if port.name != name or port.address != address:
            raise InvalidMetadata(address[:160], f"what is listed there is {port.address!r:.160}")
        addresses.add(address)
    return addresses


def _check_keys(components: Mapping[str, ComponentMetadata]) -> None:
    for address, component in components.items():
        if component.address != address:
            raise InvalidMetadata(address[:80], f"what is listed there is {component.address!r:.80}")


def _check_tree(components: Mapping[str, ComponentMetadata], collections: Mapping[str, CollectionMetadata]) -> None:
    """Hold collections and their children against each other, in both directions."""
    listed = {child for collection in collections.values() for child in collection.children}
    for child in listed - components.keys():
        raise InvalidMetadata(child.rpartition("/")[0], f"its child {child!r:.80} is not there")
    for address in components.keys() - listed:
        if address.rpartition("/")[0] in components:
            raise InvalidMetadata(address, "the component that it is in does not list it among its children")
