"""Where each component runs: in the runner's process, or in a worker process of its own. Pure."""

from collections.abc import Collection, Iterable, Iterator

import attrs

from graphmeta import Component, InvalidComponent, Unit, crawl_components, tasks_of

Components = Collection[Component]


@attrs.frozen(eq=False)
class Placement:
    """What runs where."""

    home: tuple[Component, ...]
    """What runs in the runner's own process, in the order in which it starts."""


def place(roots: Iterable[Component], main_thread: bool) -> Placement:
    """Decide where everything below *roots* runs; *main_thread* says whether a main function can run here.

    Raises `InvalidComponent` for a main function that cannot have the main thread of its process.
    """
    home = tuple(component for root in roots for component in crawl_components(root))
    _check_mains(home, main_thread)
    return Placement(home)


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
