"""Binding: a tree of components gets its names and addresses, and its collections configure their children.

An instance is bound once, because it runs once; what was bound and never ran can be unbound. This file knows nothing
of edges or metadata.
"""

from collections.abc import Mapping
from typing import TypeVar

from graphmeta._errors import InvalidComponent
from graphmeta._names import check_topic

from ._components import Collection, Component, components_of, streams_of

C = TypeVar("C", bound=Component)


def bind(name: str, component: C) -> C:
    """Give *component* the address *name*, bind all below it, and return it.

    Collections are configured from the top down. Raises `InvalidComponent` for an instance that is bound
    already, and for a component without settings; `InvalidTopic` for a name that is none. Then nothing is bound.
    """
    bind_all({name: component})
    return component


def bind_all(components: Mapping[str, C]) -> dict[str, C]:
    """Bind several roots, by name, and return them.

    Raises as `bind` does, and `InvalidComponent` for a root that is no instance of a component, or that would lie
    inside another one.
    """
    _refuse_strangers(components)
    _refuse_nested(components)
    bound: list[Component] = []
    try:
        for name, component in components.items():
            _bind(check_topic(name), component, bound)
    except BaseException:
        for each in bound:
            _unbind(each)
        raise
    return dict(components)


def unbind(component: Component) -> None:
    """Take back the addresses of *component* and of all below it: what never ran can be bound anew."""
    _unbind(component)
    for child in components_of(component).values():
        unbind(child)


def _refuse_strangers(components: Mapping[str, object]) -> None:
    for name, component in components.items():
        if isinstance(component, type) and issubclass(component, Component):
            # It has the attributes of its instances, so that what is said of them would be said of it.
            reason = f"is a class; make an instance of it: {component.__name__}(...)"
            raise InvalidComponent(component.__qualname__, name, reason)
        if not isinstance(component, Component):
            raise InvalidComponent(type(component).__qualname__, name, "is neither a unit nor a collection")


def _refuse_nested(components: Mapping[str, Component]) -> None:
    for name, component in components.items():
        for other in components:
            if name.startswith(f"{other}/"):
                raise InvalidComponent(type(component).__qualname__, name, f"its name lies inside of {other}")


def _bind(address: str, component: Component, bound: list[Component]) -> None:
    if component.address is not None:
        reason = f"this instance is {component.address} already, and an instance runs once"
        raise InvalidComponent(type(component).__qualname__, address, reason)
    bound.append(component)
    component._trellis.address = address
    for port in streams_of(component).values():
        port._bind(address)
    if isinstance(component, Collection):
        component.configure()
    for name, child in components_of(component).items():
        _bind(f"{address}/{name}", child, bound)
    component.settings  # noqa: B018 - it raises when there are none.


def _unbind(component: Component) -> None:
    component._trellis.address = None
    for port in streams_of(component).values():
        port._bind(None)
