"""From components to metadata: walking a tree, and describing what it is made of.

This file knows declarations and records; it neither binds nor runs anything.
"""

from collections.abc import Iterator
from typing import Any

from ._components import (
    INPUT_SETTINGS,
    Collection,
    Component,
    Unit,
    components_of,
    streams_of,
    tasks_of,
)
from ._errors import InvalidComponent
from ._metadata import (
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
from ._settings import capture, settings_schema
from ._settings._annotations import type_text
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
    components: dict[str, Component] = {}
    for address, component in (pair for root in roots for pair in _addressed(_address(root), root)):
        if components.setdefault(address, component) is not component:
            raise InvalidComponent(address, "name", "two components have this address; bind them to different names")
    return GraphMetadata(
        root_name=_address(roots[0]) if len(roots) == 1 else "",
        units={address: _unit(address, each) for address, each in components.items() if isinstance(each, Unit)},
        collections={
            address: _collection(address, each) for address, each in components.items() if isinstance(each, Collection)
        },
    )


def _address(root: Component) -> str:
    return root.address or type(root).__name__


def _addressed(address: str, component: Component) -> Iterator[tuple[str, Component]]:
    yield address, component
    for name, child in components_of(component).items():
        yield from _addressed(f"{address}/{name}", child)


def _unit(address: str, unit: Unit) -> UnitMetadata:
    ports, tasks = streams_of(unit), tasks_of(unit)
    return UnitMetadata(
        **_common(address, unit),
        input_streams={
            name: InputStreamMetadata(**_port(address, port), leaky=port.leaky, max_queue=port.max_queue)
            for name, port in ports.items()
            if isinstance(port, InputStream)
        },
        output_streams={
            name: OutputStreamMetadata(**_port(address, port))
            for name, port in ports.items()
            if isinstance(port, OutputStream)
        },
        tasks=tuple(
            TaskMetadata(
                task.name,
                () if task.subscribes is None else (f"{address}/{task.subscribes.name}",),
                tuple(f"{address}/{port.name}" for port in task.publishes),
            )
            for task in tasks
            if task.kind == "task"
        ),
        main=next((task.name for task in tasks if task.kind == "main"), None),
        threads=tuple(task.name for task in tasks if task.kind == "thread"),
    )


def _collection(address: str, collection: Collection) -> CollectionMetadata:
    ports = streams_of(collection)
    return CollectionMetadata(
        **_common(address, collection),
        children=tuple(f"{address}/{name}" for name in components_of(collection)),
        topics={
            name: TopicMetadata(**_port(address, port), direction=_direction(port))
            for name, port in ports.items()
            if not isinstance(port, Relay)
        },
        relays={
            name: RelayMetadata(
                **_port(address, port),
                direction=_direction(port),
                leaky=port.leaky,
                max_queue=port.max_queue,
                copy_on_forward=port.copy_on_forward,
            )
            for name, port in ports.items()
            if isinstance(port, Relay)
        },
    )


def _common(address: str, component: Component) -> dict[str, Any]:
    return {
        "address": address,
        "name": address.rpartition("/")[2],
        "component_type": type_text(type(component)),
        "dynamic_settings": _dynamic(address, component),
        **_settings(component),
    }


def _settings(component: Component) -> dict[str, Any]:
    declared = type(component).SETTINGS
    if declared is None:
        return {}
    try:
        settings = component.settings
    except InvalidComponent as error:  # Not bound yet, so there may still come some.
        initial, schema = InitialSettings(reason=error.reason), settings_schema(declared)
    else:
        initial, schema = capture(settings), settings_schema(settings)
    return {"settings_type": type_text(declared), "initial_settings": initial, "settings_schema": schema}


def _dynamic(address: str, component: Component) -> DynamicSettingsMetadata:
    port = streams_of(component).get(INPUT_SETTINGS)
    if not isinstance(component, Unit) or not isinstance(port, InputStream):
        return DynamicSettingsMetadata()
    return DynamicSettingsMetadata(True, f"{address}/{INPUT_SETTINGS}", type_text(port.message_type))


def _port(address: str, port: Port[Any]) -> dict[str, Any]:
    return {
        "name": port.name,
        "address": f"{address}/{port.name}",
        "message_type": type_text(port.message_type),
    }


def _direction(port: Port[Any]) -> str:
    if isinstance(port, InputTopic | InputStream):
        return "input"
    return "output" if isinstance(port, OutputTopic | OutputStream) else "both"
