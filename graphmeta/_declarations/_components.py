"""Units and collections: what their authors declare, and what each instance has of its own.

Ports and components on a class are templates. An instance gets ports of its own, its children's among them,
and an address when it is bound. This file runs nothing and knows no graph.
"""

import enum
from collections.abc import Collection as AbstractCollection
from collections.abc import Iterable
from typing import Any, Final, Protocol, Self, TypeVar, cast

import attrs

from graphmeta._errors import InvalidComponent, InvalidSettings
from graphmeta._settings import default_settings

from ._checks import INPUT_SETTINGS as INPUT_SETTINGS
from ._checks import Restart, check_collection, check_component, check_unit, is_unfilled
from ._declared import TaskSpec, declared, specs
from ._refusal import refuse
from ._streams import Port

S = TypeVar("S", covariant=True)


class _Missing(enum.Enum):
    """What an instance does not have yet; an enum, so that it stays itself in another process."""

    MISSING = enum.auto()


MISSING: Final = _Missing.MISSING

_UNDECLARED: Any = None
"""Gives `Component` its ``SETTINGS`` without annotating them: pyright would hold every subclass to the annotation."""


class _WithSettings(Protocol[S]):
    @property
    def SETTINGS(self) -> type[S]: ...  # noqa: N802 - ezmsg's name for it.


class _WithState(Protocol[S]):
    @property
    def STATE(self) -> type[S]: ...  # noqa: N802 - ezmsg's name for it.


class _Current:
    """``SETTINGS`` or ``STATE``: on the class what was declared, on an instance what it has now."""

    def __init__(self, name: str, declared: type) -> None:
        self.name: Final = name
        self.declared: Final = declared

    def __get__(self, component: object, owner: type) -> Any:
        return self.declared if component is None else getattr(component, self.name.lower())

    def __set__(self, component: "Component", value: Any) -> None:
        if self.name == "SETTINGS":
            component.apply_settings(value)
        else:
            component._trellis.state = value


@attrs.define(eq=False)
class _Own:
    """What an instance has of its own; one attribute of it, so that authors have all other names."""

    args: tuple[Any, ...]
    """What it was made with: a template's copies are made with the same."""
    fields: dict[str, Any]
    settings: Any = MISSING
    state: Any = MISSING
    address: str | None = None


class Component:
    """What units and collections have in common; inherit from those.

    It is made with settings, an instance of the class that ``SETTINGS`` names, or with some of their fields.
    Without either they are what `apply_settings` gives, or else the defaults.
    """

    SETTINGS = _UNDECLARED
    STATE = _UNDECLARED
    RESTART: Restart = "never"
    """What happens when it fails: ``never`` ends the whole run with its error; ``temporary`` does without it;
    ``transient`` begins it anew; ``permanent`` also when all of its tasks have ended. Of a collection, it holds when
    the collection has a worker process of its own."""
    PROCESS: bool = False
    """Whether it, with all below it, runs in a worker process of its own."""

    _trellis: _Own

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not is_unfilled(cls):
            cls._check()
        for name in ("SETTINGS", "STATE"):
            if isinstance(vars(cls).get(name), type):
                setattr(cls, name, _Current(name, vars(cls)[name]))

    def __new__(cls, *args: Any, **fields: Any) -> Self:
        """Make an instance with ports of its own, whatever its ``__init__`` does."""
        self = super().__new__(cls)
        self._trellis = _Own(args, fields)
        vars(self).update({name: port._own(cls.__qualname__, name) for name, port in declared(cls, Port).items()})
        return self

    def __init__(self, *args: Any, settings: Any = None, **fields: Any) -> None:
        given = [each for each in (*args, settings, fields or None) if each is not None]
        if len(given) > 1:
            refuse(type(self), "SETTINGS", "settings are given twice")
        if fields:
            self.apply_settings(_settings_type(self)(**fields))
        elif given:
            self.apply_settings(given[0])

    @classmethod
    def _check(cls) -> None:
        """Raise `InvalidComponent` for what the class declares wrongly."""
        refuse(cls, "__bases__", "a component is a Unit or a Collection")

    @property
    def address(self) -> str | None:
        """Its slash path in the graph; None before it is bound."""
        return self._trellis.address

    @property
    def name(self) -> str | None:
        """The last segment of its address; None before it is bound."""
        return None if self.address is None else self.address.rpartition("/")[2]

    @property
    def settings(self: _WithSettings[S]) -> S:
        """The settings; raises `InvalidComponent` when none were given and there are no defaults."""
        return cast("S", _settings(cast("Component", self)))

    @property
    def state(self: _WithState[S]) -> S:
        """The state of this instance, made from ``STATE`` when it is first asked for."""
        return cast("S", _state(cast("Component", self)))

    def apply_settings(self, settings: Any) -> None:
        """Replace the settings; raises `InvalidComponent` if they are of another class than ``SETTINGS``."""
        expected = _settings_type(self)
        if not isinstance(settings, expected):
            refuse(type(self), "SETTINGS", f"takes {expected.__qualname__}, not {type(settings).__qualname__}")
        self._trellis.settings = settings


def _settings_type(component: Component) -> type:
    declared_type = type(component).SETTINGS
    if declared_type is None:
        refuse(type(component), "SETTINGS", "is not declared, so it takes no settings")
    return cast("type", declared_type)


def _settings(component: Component) -> Any:
    own, declared_type = component._trellis, type(component).SETTINGS
    if own.settings is MISSING:
        try:
            own.settings = None if declared_type is None else default_settings(declared_type)
        except InvalidSettings as error:
            reason = f"none were given, and there are no defaults: {error}"
            raise InvalidComponent(own.address or type(component).__qualname__, "SETTINGS", reason) from error
    return own.settings


def _state(component: Component) -> Any:
    own, declared_type = component._trellis, type(component).STATE
    if own.state is MISSING:
        own.state = None if declared_type is None else declared_type()
    return own.state


class Unit(Component):
    """A step of the graph: tasks that take messages from its input streams and publish on its output streams."""

    @classmethod
    def _check(cls) -> None:
        check_component(cls, Component)
        check_unit(cls, Component)

    async def initialize(self) -> None:
        """Called once, when the endpoints are open and before any task; does nothing unless overridden."""

    async def shutdown(self) -> None:
        """Called when the unit ends, however it ends; does nothing unless overridden."""


class Collection(Component):
    """Components, and how they are connected."""

    @classmethod
    def _check(cls) -> None:
        check_component(cls, Component)
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


def forget_state(component: Component) -> None:
    """Have the state of *component* made anew when it is next asked for: its life begins again."""
    component._trellis.state = MISSING


def _again(template: Component) -> Component:
    """Return a component made as *template* was, with the settings that it and its children have by now."""
    own = template._trellis
    made = type(template)(*own.args, **own.fields)
    _take_settings(made, template)
    return made


def _take_settings(component: Component, template: Component) -> None:
    component._trellis.settings = template._trellis.settings
    theirs = components_of(template)
    for name, child in components_of(component).items():
        _take_settings(child, theirs[name])
