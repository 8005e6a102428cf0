"""What every unit, collection, stream and task of a session is: frozen records, validated when they are made.

The names follow ezmsg's session-scoped graph metadata. Units stand apart from collections, inputs apart from
outputs, so that typed decoders need no unions. This file knows records only: the crawl makes them.
"""

from typing import Any, Final

import attrs

SCHEMA_VERSION: Final = 1
"""The version of these records; a peer with another major version is refused."""


@attrs.frozen
class InitialSettings:
    """Settings as they were given: opaque bytes for those who have the classes, a readable form for all."""

    readable: Any = None
    """JSON-safe plain data, bounded in depth and size, secrets redacted."""
    pickled: bytes | None = None
    """cloudpickle; opaque to every part of Trellis but `load`."""
    reason: str | None = None
    """Why there are no bytes: ``holds secrets``, or what cloudpickle said."""


@attrs.frozen
class SettingsField:
    """One field of a component's settings."""

    path: str
    """Dotted: ``band.low``."""
    type: str
    required: bool = False
    default: Any = None
    """Readable form; meaningless while ``required``."""
    description: str = ""
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: bool = False
    exclusive_maximum: bool = False
    choices: tuple[Any, ...] = ()
    secret: bool = False


@attrs.frozen
class DynamicSettingsMetadata:
    """Whether a component takes settings while it runs, and where."""

    enabled: bool = False
    input_topic: str | None = None
    settings_type: str | None = None


@attrs.frozen
class StreamMetadata:
    """A port of a component: ``address`` is its topic."""

    name: str
    address: str
    message_type: str


@attrs.frozen
class InputStreamMetadata(StreamMetadata):
    """A port that messages arrive at."""

    leaky: bool = False
    max_queue: int = 32


@attrs.frozen
class OutputStreamMetadata(StreamMetadata):
    """A port that messages leave by."""


@attrs.frozen
class TopicMetadata(StreamMetadata):
    """A pass-through port of a collection: ``direction`` is ``input``, ``output`` or ``both``."""

    direction: str = "both"


@attrs.frozen
class RelayMetadata(StreamMetadata):
    """A port of a collection that forwards messages by a task of its own."""

    direction: str = "input"
    leaky: bool = False
    max_queue: int = 32
    copy_on_forward: bool = True


@attrs.frozen
class TaskMetadata:
    """A coroutine of a unit: the topics that it takes from and publishes on."""

    name: str
    subscribes: tuple[str, ...] = ()
    publishes: tuple[str, ...] = ()


@attrs.frozen
class ComponentMetadata:
    """What units and collections have in common."""

    address: str
    name: str
    component_type: str
    settings_type: str | None = None
    initial_settings: InitialSettings | None = None
    settings_schema: tuple[SettingsField, ...] = ()
    dynamic_settings: DynamicSettingsMetadata = DynamicSettingsMetadata()


@attrs.frozen
class UnitMetadata(ComponentMetadata):
    """A unit: its ports by name and its tasks."""

    input_streams: dict[str, InputStreamMetadata] = attrs.field(factory=dict)
    output_streams: dict[str, OutputStreamMetadata] = attrs.field(factory=dict)
    tasks: tuple[TaskMetadata, ...] = ()
    main: str | None = None
    threads: tuple[str, ...] = ()


@attrs.frozen
class CollectionMetadata(ComponentMetadata):
    """A collection: the addresses of its children and its own ports."""

    children: tuple[str, ...] = ()
    topics: dict[str, TopicMetadata] = attrs.field(factory=dict)
    relays: dict[str, RelayMetadata] = attrs.field(factory=dict)


@attrs.frozen
class GraphMetadata:
    """Everything that one session declares about its components, by address."""

    root_name: str = ""
    """The address of the root component; empty when there are several."""
    units: dict[str, UnitMetadata] = attrs.field(factory=dict)
    collections: dict[str, CollectionMetadata] = attrs.field(factory=dict)
    schema_version: int = SCHEMA_VERSION

    @property
    def components(self) -> dict[str, ComponentMetadata]:
        """All components by address."""
        return {**self.collections, **self.units}
