"""Binding: a tree of components gets its names and addresses, and its collections configure their children.

An instance is bound once, because it runs once. This file knows nothing of edges or metadata.
"""

from collections.abc import Mapping
from typing import TypeVar

from ._components import Collection, Component, components_of, streams_of
from ._errors import InvalidComponent
from ._names import check_topic

C = TypeVar("C", bound=Component)


def bind(name: str, component: C) -> C:
    """Give *component* the address *name*, bind all below it, and return it.

    Collections are configured from the top down. Raises `InvalidComponent` for an instance that is bound
    already, and for a component without settings; `InvalidTopic` for a name that is none.
    """
    _bind(check_topic(name), component)
    return component


def bind_all(components: Mapping[str, Component]) -> dict[str, Component]:
    """Bind several roots, by name, and return them.

    Raises as `bind` does, and `InvalidComponent` for a root that would lie inside another one. Then some of
    them may be bound, and none of them is of further use.
    """
    for name, component in components.items():
        for other in components:
            if name.startswith(f"{other}/"):
                raise InvalidComponent(type(component).__qualname__, name, f"its name lies inside of {other}")
    return {name: bind(name, component) for name, component in components.items()}


def _bind(address: str, component: Component) -> None:
    if component.address is not None:
        reason = f"this instance is {component.address} already, and an instance runs once"
        raise InvalidComponent(type(component).__qualname__, address, reason)
    component._trellis.address = address
    for port in streams_of(component).values():
        port._bind(address)
    if isinstance(component, Collection):
        component.configure()
    for name, child in components_of(component).items():
        _bind(f"{address}/{name}", child)
    component.settings  # noqa: B018 - it raises when there are none.
