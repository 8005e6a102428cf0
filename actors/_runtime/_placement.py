"""Where each component runs: in the runner's process, or in a worker process of its own. Pure."""

from collections.abc import Collection as AbstractCollection
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from graphmeta import Collection, Component, InvalidComponent, Unit, components_of, crawl_components, tasks_of

Components = AbstractCollection[Component]


@attrs.frozen(eq=False)
class Crew:
    """What runs together in one worker process: a component and all below it, but for what has a crew of its own."""

    root: Component
    members: tuple[Component, ...]

    @property
    def address(self) -> str:
        """The root's."""
        return str(self.root.address)

    @property
    def addresses(self) -> frozenset[str]:
        """The members'."""
        return frozenset(str(each.address) for each in self.members)

    def member(self, address: str) -> Component:
        """The member at *address*."""
        return next(each for each in self.members if each.address == address)


@attrs.frozen(eq=False)
class Placement:
    """What runs where."""

    order: tuple[Component | Crew, ...]
    """What the runner starts, in this order: what runs in its own process, and crews."""

    @property
    def crews(self) -> tuple[Crew, ...]:
        """What runs in worker processes."""
        return tuple(each for each in self.order if isinstance(each, Crew))


def place(
    roots: Iterable[Component], *, apart: Components = (), single: bool = False, main_thread: bool = False
) -> Placement:
    """Decide where everything below *roots* runs.

    In workers of their own run the components in *apart*, those that a collection's ``process_components`` returns,
    and those whose ``PROCESS`` is true; with *single*, none. *main_thread* says whether a main function can run here.
    Raises `InvalidComponent` for one that is not there, and for a main function that cannot have the main thread of
    its process.
    """
    roots = tuple(roots)
    marked = set() if single else {id(each) for each in (*_given(roots, apart), *_marked(roots))}
    order: list[Component | tuple[Component, list[Component]]] = []
    for root in roots:
        _walk(root, order, order, marked)
    placement = Placement(tuple(Crew(each[0], tuple(each[1])) if isinstance(each, tuple) else each for each in order))
    _check_mains((each for each in placement.order if isinstance(each, Component)), main_thread)
    for crew in placement.crews:
        _check_mains(crew.members, main_thread=True)
    return placement


def _walk(component: Component, here: list[Any], order: list[Any], marked: set[int]) -> None:
    if id(component) in marked:
        here = []
        order.append((component, here))
    here.append(component)
    for child in components_of(component).values():
        _walk(child, here, order, marked)


def _given(roots: Iterable[Component], apart: Components) -> Iterator[Component]:
    everything = {id(each) for root in roots for each in crawl_components(root)}
    for component in apart:
        if id(component) not in everything:
            raise InvalidComponent("run", "process_components", f"{component!r:.80} is not among the components")
        yield component


def _marked(roots: Iterable[Component]) -> Iterator[Component]:
    for component in (each for root in roots for each in crawl_components(root)):
        if component.PROCESS:
            yield component
        if isinstance(component, Collection):
            below = {id(each) for each in crawl_components(component)}
            for each in component.process_components():
                if id(each) not in below:
                    reason = f"{each!r:.80} is no component of this collection: use self.COMPONENT"
                    raise InvalidComponent(type(component).__qualname__, "process_components", reason)
                yield each


def has_main(components: Iterable[Component]) -> bool:
    """Whether one of *components* has a main function."""
    return any(True for _ in _mains(components))


def _mains(components: Iterable[Component]) -> Iterator[tuple[Unit, str]]:
    for unit in components:
        if isinstance(unit, Unit):
            yield from ((unit, task.name) for task in tasks_of(unit) if task.kind == "main")


def _check_mains(components: Iterable[Component], main_thread: bool) -> None:
    mains = list(_mains(components))
    if mains and not main_thread:
        unit, name = mains[0]
        reason = "needs the main thread, which Trio has here; use run(), or give the unit a worker process"
        raise InvalidComponent(type(unit).__qualname__, name, reason)
    if len(mains) > 1:
        unit, name = mains[1]
        reason = f"needs the main thread, which {mains[0][0].address} has; a process has one: use a worker process"
        raise InvalidComponent(type(unit).__qualname__, name, reason)
