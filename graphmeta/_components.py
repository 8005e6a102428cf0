"""Units and collections: what their authors declare, and what each instance has of its own.

Ports and components on a class are templates. An instance gets ports of its own, its children's among them,
and an address when it is bound. This file runs nothing and knows no graph.
"""

from collections.abc import Collection as AbstractCollection
from collections.abc import Iterable
from typing import Any, Final, Protocol, Self, TypeVar, cast

from ._checks import INPUT_SETTINGS as INPUT_SETTINGS
from ._checks import check_collection, check_component, check_unit, is_unfilled
from ._declared import TaskSpec, declared, specs
from ._errors import InvalidComponent, InvalidSettings
from ._settings import default_settings
from ._streams import Port

_MISSING: Final = object()

S = TypeVar("S", covariant=True)


class _WithSettings(Protocol[S]):
    @property
    def SETTINGS(self) -> type[S]: ...  # noqa: N802 - ezmsg's name for it.


class _WithState(Protocol[S]):
    @property
    def STATE(self) -> type[S]: ...  # noqa: N802 - ezmsg's name for it.


class _Current:
    """``SETTINGS`` and ``STATE`` of a class: the declared class there, the current object on an instance."""

    def __init__(self, declared: type, lower: str) -> None:
        self.declared: Final = declared
        self._lower: Final = lower

    def __get__(self, component: object, owner: type) -> Any:
        return self.declared if component is None else getattr(component, self._lower)


class Component:
    """What units and collections have in common; inherit from those.

    ``settings`` is an instance of the class that ``SETTINGS`` names, or left out: then they are the defaults, made
    when they are first asked for, or what `apply_settings` gives. Instead of settings, their fields can be given.
    """

    SETTINGS: Any = None
    STATE: Any = None

    _args: tuple[Any, ...]
    _fields: dict[str, Any]
    _settings: Any = _MISSING
    _state: Any = _MISSING
    _address: str | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not is_unfilled(cls):
            cls._check()
        for name in ("SETTINGS", "STATE"):
            if vars(cls).get(name) is not None:
                setattr(cls, name, _Current(vars(cls)[name], name.lower()))

    def __new__(cls, *args: Any, **fields: Any) -> Self:
        """Make an instance with ports of its own, whatever its ``__init__`` does."""
        self = super().__new__(cls)
        self._args, self._fields = args, fields
        vars(self).update({name: port._own(cls.__qualname__, name) for name, port in declared(cls, Port).items()})
        return self

    def __init__(self, *args: Any, settings: Any = None, **fields: Any) -> None:
        given = [*args, *([settings] if settings is not None else []), *([fields] if fields else [])]
        if len(given) > 1:
            raise InvalidComponent(type(self).__qualname__, "SETTINGS", "settings are given twice")
        if fields:
            self.apply_settings(type(self).SETTINGS(**fields))
        elif given and given[0] is not None:
            self.apply_settings(given[0])

    @classmethod
    def _check(cls) -> None:
        """Raise `InvalidComponent` for what the class declares wrongly."""
        check_component(cls, Component)

    @property
    def address(self) -> str | None:
        """Its slash path in the graph; None before it is bound."""
        return self._address

    @property
    def name(self) -> str | None:
        """The last segment of its address; None before it is bound."""
        return None if self._address is None else self._address.rpartition("/")[2]

    @property
    def settings(self: _WithSettings[S]) -> S:
        """The settings; raises `InvalidComponent` while there are none and no defaults."""
        return cast("S", _settings(self))

    @property
    def state(self: _WithState[S]) -> S:
        """The state of this instance, made from ``STATE`` when it is first asked for."""
        return cast("S", _state(self))

    def apply_settings(self, settings: Any) -> None:
        """Replace the settings; raises `InvalidComponent` if they are of another class than ``SETTINGS``."""
        expected = type(self).SETTINGS
        if expected is None:
            raise InvalidComponent(type(self).__qualname__, "SETTINGS", "is not declared, so it takes no settings")
        if not isinstance(settings, expected):
            reason = f"takes {expected.__qualname__}, not {type(settings).__qualname__}"
            raise InvalidComponent(type(self).__qualname__, "SETTINGS", reason)
        self._settings = settings


def _settings(component: Any) -> Any:
    if component._settings is _MISSING:
        expected = type(component).SETTINGS
        try:
            component._settings = None if expected is None else default_settings(expected)
        except InvalidSettings as error:
            where = component._address or type(component).__qualname__
            raise InvalidComponent(where, "SETTINGS", f"none were given, and there are no defaults: {error}") from error
    return component._settings


def _state(component: Any) -> Any:
    if component._state is _MISSING:
        declared_state = type(component).STATE
        component._state = None if declared_state is None else declared_state()
    return component._state


class Unit(Component):
    """A step of the graph: tasks that take messages from its input streams and publish on its output streams."""

    @classmethod
    def _check(cls) -> None:
        super()._check()
        check_unit(cls, Component)

    async def initialize(self) -> None:
        """Called once, after the endpoints are open and before any task; does nothing unless overridden."""

    async def shutdown(self) -> None:
        """Called when the unit ends, however it ends; does nothing unless overridden."""


class Collection(Component):
    """Components, and how they are connected."""

    @classmethod
    def _check(cls) -> None:
        super()._check()
        check_collection(cls, Component)

    def __new__(cls, *args: Any, **fields: Any) -> Self:
        """Make an instance with children of its own."""
        self = super().__new__(cls, *args, **fields)
        vars(self).update({name: _again(child) for name, child in declared(cls, Component).items()})
        return self

    def configure(self) -> None:
        """Called when the collection has its address, before its children's: the place to give them settings."""

    def network(self) -> Iterable[tuple[Any, Any]]:
        """Return the connections: pairs of ports, or of topics as texts."""
        return ()

    def process_components(self) -> AbstractCollection[Component]:
        """Return the components below that run in worker processes of their own, one each."""
        return ()


def streams_of(component: Component) -> dict[str, Port[Any]]:
    """Return the ports of *component* by name, inherited ones first."""
    return {name: getattr(component, name) for name in declared(type(component), Port)}


def components_of(component: Component) -> dict[str, Component]:
    """Return the children of *component* by name, inherited ones first; a unit has none."""
    return {name: getattr(component, name) for name in declared(type(component), Component)}


def tasks_of(unit: Unit) -> tuple[TaskSpec, ...]:
    """Return what *unit* does: its tasks, main function and threads, inherited ones first."""
    return tuple(specs(unit))


def _again(template: Component) -> Component:
    """Return a component made as *template* was, with the settings that it and its children have by now."""
    made: Component = type(template)(*template._args, **template._fields)
    _take_settings(made, template)
    return made


def _take_settings(component: Component, template: Component) -> None:
    component._settings = template._settings
    theirs = components_of(template)
    for name, child in components_of(component).items():
        _take_settings(child, theirs[name])
