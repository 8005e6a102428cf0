"""From components to metadata: walking a tree, and describing what it is made of.

This file knows declarations and records; it neither binds nor runs anything.
"""

from collections.abc import Generator, Iterator
from typing import Any

import attrs

from graphmeta._errors import InvalidComponent
from graphmeta._records._metadata import (
    NO_DYNAMIC_SETTINGS,
    CollectionMetadata,
    DynamicSettingsMetadata,
    GraphMetadata,
    InitialSettings,
    InputStreamMetadata,
    OutputStreamMetadata,
    RelayMetadata,
    TaskMetadata,
    TopicMetadata,
    UnitMetadata,
)
from graphmeta._settings import capture, settings_schema
from graphmeta._settings._annotations import type_text

from ._components import (
    INPUT_SETTINGS,
    Collection,
    Component,
    Unit,
    components_of,
)
from ._declared import TaskForm, declared, forms
from ._streams import InputStream, InputTopic, OutputStream, OutputTopic, Port, Relay


def crawl_components(root: Component) -> Iterator[Component]:
    """Yield *root* and all components below it: each before its children, these in order of declaration."""
    yield root
    for child in components_of(root).values():
        yield from crawl_components(child)


def describe(*roots: Component) -> GraphMetadata:
    """Return the metadata of *roots* and all components below them.

    A root that is not bound yet is described under the name of its class. Settings that cannot be pickled are
    described with the reason. Raises `InvalidComponent` when two roots have one address.
    """
    slices = describe_slices(*roots)
    while True:
        try:
            next(slices)
        except StopIteration as end:
            metadata: GraphMetadata = end.value
            return metadata


def describe_slices(*roots: Component) -> Generator[str, None, GraphMetadata]:
    """Do as `describe`, yielding the address of each component once it is described.

    Whoever drives it can let others run there. Its return value is the whole.
    """
    crawl = _Crawl()
    components: dict[str, Component] = {}
    for address, component in (pair for root in roots for pair in crawl.addressed(_address(root), root)):
        if components.setdefault(address, component) is not component:
            raise InvalidComponent(address, "name", "two components have this address; bind them to different names")
    units: dict[str, UnitMetadata] = {}
    collections: dict[str, CollectionMetadata] = {}
    for address, component in components.items():
        if isinstance(component, Unit):
            units[address] = crawl.unit(address, component)
        elif isinstance(component, Collection):
            collections[address] = crawl.collection(address, component)
        yield address
    return GraphMetadata(_address(roots[0]) if len(roots) == 1 else "", units, collections)


def _address(root: Component) -> str:
    return root.address or type(root).__name__


@attrs.frozen
class _Declared:
    """What a class declares, by name."""

    ports: tuple[str, ...]
    children: tuple[str, ...]
    tasks: tuple[TaskForm, ...]

    @classmethod
    def by(cls, component: type[Component]) -> "_Declared":
        tasks = tuple(forms(component)) if issubclass(component, Unit) else ()
        return cls(tuple(declared(component, Port)), tuple(declared(component, Component)), tasks)


@attrs.define
class _Crawl:
    """One description in the making. What thousands of instances have in common is looked up once."""

    _classes: dict[type, _Declared] = attrs.field(factory=dict)
    _texts: dict[int, tuple[object, str]] = attrs.field(factory=dict)
    """Types as texts, by identity: some have no hash. They are kept, lest another takes the identity."""

    def addressed(self, address: str, component: Component) -> Iterator[tuple[str, Component]]:
        yield address, component
        for name in self._declared(component).children:
            yield from self.addressed(f"{address}/{name}", getattr(component, name))

    def unit(self, address: str, unit: Unit) -> UnitMetadata:
        ports, tasks = self._ports(unit), self._declared(unit).tasks
        return UnitMetadata(
            **self._common(address, unit),
            input_streams={
                name: InputStreamMetadata(*self._port(address, port), port.leaky, port.max_queue)
                for name, port in ports.items()
                if isinstance(port, InputStream)
            },
            output_streams={
                name: OutputStreamMetadata(*self._port(address, port))
                for name, port in ports.items()
                if isinstance(port, OutputStream)
            },
            tasks=tuple(
                TaskMetadata(
                    task.name,
                    () if task.subscribes is None else (f"{address}/{ports[task.subscribes].name}",),
                    tuple(f"{address}/{ports[name].name}" for name in task.publishes),
                )
                for task in tasks
                if task.kind == "task"
            ),
            main=next((task.name for task in tasks if task.kind == "main"), None),
            threads=tuple(task.name for task in tasks if task.kind == "thread"),
        )

    def collection(self, address: str, collection: Collection) -> CollectionMetadata:
        ports = self._ports(collection)
        return CollectionMetadata(
            **self._common(address, collection),
            children=tuple(f"{address}/{name}" for name in self._declared(collection).children),
            topics={
                name: TopicMetadata(*self._port(address, port), _direction(port))
                for name, port in ports.items()
                if not isinstance(port, Relay)
            },
            relays={
                name: RelayMetadata(
                    *self._port(address, port), _direction(port), port.leaky, port.max_queue, port.copy_on_forward
                )
                for name, port in ports.items()
                if isinstance(port, Relay)
            },
        )

    def _declared(self, component: Component) -> _Declared:
        cls = type(component)
        if cls not in self._classes:
            self._classes[cls] = _Declared.by(cls)
        return self._classes[cls]

    def _ports(self, component: Component) -> dict[str, Port[Any]]:
        return {name: getattr(component, name) for name in self._declared(component).ports}

    def _common(self, address: str, component: Component) -> dict[str, Any]:
        return {
            "address": address,
            "name": address.rpartition("/")[2],
            "component_type": self._text(type(component)),
            "dynamic_settings": self._dynamic(address, component),
            **self._settings(component),
        }

    def _settings(self, component: Component) -> dict[str, Any]:
        declared_type = type(component).SETTINGS
        if declared_type is None:
            return {}
        try:
            settings = component.settings
        except InvalidComponent as error:  # Not bound yet, so there may still come some.
            initial, schema = InitialSettings(reason=error.reason), settings_schema(declared_type)
        else:
            initial, schema = capture(settings), settings_schema(settings)
        return {"settings_type": self._text(declared_type), "initial_settings": initial, "settings_schema": schema}

    def _dynamic(self, address: str, component: Component) -> DynamicSettingsMetadata:
        if not isinstance(component, Unit) or INPUT_SETTINGS not in self._declared(component).ports:
            return NO_DYNAMIC_SETTINGS
        port = getattr(component, INPUT_SETTINGS)
        return DynamicSettingsMetadata(True, f"{address}/{INPUT_SETTINGS}", self._text(port.message_type))

    def _port(self, address: str, port: Port[Any]) -> tuple[str, str, str]:
        """Return what all ports have: a name, an address and a type."""
        return port.name, f"{address}/{port.name}", self._text(port.message_type)

    def _text(self, annotation: object) -> str:
        known = self._texts.get(id(annotation))
        if known is None:
            known = self._texts[id(annotation)] = (annotation, type_text(annotation))
        return known[1]


def _direction(port: Port[Any]) -> str:
    if isinstance(port, InputTopic | InputStream):
        return "input"
    return "output" if isinstance(port, OutputTopic | OutputStream) else "both"
