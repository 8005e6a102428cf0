"""The runner: brings a tree of components to life under a session of its own, and takes it down again."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from actors._floor import ActorError, ActorRef, open_actor_nursery
from actors._graph import Graph, Session, SettingsRefused, open_graph, open_session
from graphmeta import (
    Component,
    InvalidComponent,
    Relay,
    Unit,
    bind_all,
    collect_edges,
    crawl_components,
    describe,
    streams_of,
    tasks_of,
)

from ._progress import Progress
from ._relay_actor import RelayActor
from ._unit_actor import UnitActor


class Runner:
    """A pipeline that runs. Made by `open_runner`."""

    def __init__(self, session: Session, graph: Graph | str, progress: Progress) -> None:
        self.session: Final = session
        """The session that owns the network's edges and the metadata."""
        self.graph: Final = graph
        """The graph it runs in, as `open_session` takes it."""
        self._progress: Final = progress

    def __repr__(self) -> str:
        state = "done" if self._progress.done.is_set() else "running"
        return f"<runner {self.session.name!r} {state}, {self._progress.running} tasks>"

    async def wait(self) -> None:
        """Wait until every task has ended, or one of them raised `NormalTermination`."""
        await self._progress.done.wait()


@asynccontextmanager
async def open_runner(
    components: Mapping[str, Component] | None = None,
    *,
    graph: Graph | str | None = None,
    token: str | None = None,
    connections: Iterable[tuple[Any, Any]] = (),
    name: str = "runner",
    **named: Component,
) -> AsyncIterator[Runner]:
    """Run components, given by name, for the length of a block.

    They run in *graph* (what `open_graph` yields, or a URL with its *token*), or in a graph of their own. All
    endpoints are open before the first message is sent. A unit's error ends the block and leaves as itself, with the
    unit's address as a note. Raises `CycleError` naming the path for a cyclic network, `InvalidComponent`, or
    `AddressTaken`; then nothing has started. ::

        async with open_runner(SYS=System()) as runner:
            await runner.wait()
    """
    roots = {**(components or {}), **named}
    bind_all(roots)
    _refuse_main(roots)
    edges = collect_edges(roots, connections)
    async with AsyncExitStack() as stack:
        if graph is None:
            graph = await stack.enter_async_context(open_graph())
        session = await stack.enter_async_context(open_session(graph, name=name, token=token))
        await session.register_metadata(describe(*roots.values()))
        await session.connect_many(edges)
        async with _running(session, roots) as progress:
            yield Runner(session, graph, progress)


def _refuse_main(roots: Mapping[str, Component]) -> None:
    for root in roots.values():
        for component in crawl_components(root):
            mains = [task for task in tasks_of(component) if task.kind == "main"] if isinstance(component, Unit) else []
            if mains:
                reason = "main functions are not run yet; @thread runs a function beside the loop"
                raise InvalidComponent(type(component).__qualname__, mains[0].name, reason)


@asynccontextmanager
async def _running(session: Session, roots: Mapping[str, Component]) -> AsyncIterator[Progress]:
    progress = Progress()
    units: dict[str, ActorRef[UnitActor]] = {}

    async def take_settings(address: str, values: dict[str, Any]) -> Any:
        if address not in units:
            raise SettingsRefused(address, "it is a collection, and only units take settings while they run")
        try:
            return await units[address].call(UnitActor.take_settings, values)
        except ActorError:
            # The unit's own end is told to whoever runs it, not to whoever happened to ask.
            raise SettingsRefused(address, "its unit has stopped") from None

    async with open_actor_nursery("units") as nursery:
        for root in roots.values():
            for component in crawl_components(root):
                if isinstance(component, Unit):
                    address = str(component.address)
                    units[address] = await nursery.start(UnitActor, component, session, progress, name=address)
                for port in streams_of(component).values():
                    if isinstance(port, Relay):
                        await nursery.start(RelayActor, port, session, progress, name=port.address)
        session._take_settings(take_settings)
        progress.start()
        yield progress
