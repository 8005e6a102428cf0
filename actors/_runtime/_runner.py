"""The runner: brings a tree of components to life under a session of its own, and takes it down again."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, Final

import attrs
import trio

from actors._floor import ActorTree, Supervision
from actors._graph import Graph, Session, in_slices, open_graph, open_session, open_task_nursery, serve_host
from graphmeta import Component, bind_all, collect_edges, describe_slices, unbind

from ._company import Company, open_company
from ._failures import Failure
from ._main_thread import MainThread
from ._placement import Components, Placement, place
from ._progress import Progress
from ._stage import Stage
from ._worker_actor import Terms
from ._worker_process import open_pool

Connections = Iterable[tuple[Any, Any]]


class Runner:
    """A pipeline that runs. Made by `open_runner`."""

    def __init__(self, session: Session, graph: Graph | str, address: str | None, progress: Progress) -> None:
        self.session: Final = session
        """The session that owns the network's edges and the metadata."""
        self.graph: Final = graph
        """The graph it runs in, as `open_session` takes it."""
        self.address: Final = address
        """The URL where its graph is served: its own door, or the one it joined; None when it knows of none."""
        self._progress: Final = progress
        self._stopping: Final = trio.Event()
        self._stopped: Final = trio.Event()
        self._company: Company | None = None

    def __repr__(self) -> str:
        state = "stopped" if self._stopped.is_set() else "done" if self._progress.done.is_set() else "running"
        return f"<runner {self.session.name!r} {state}, {self._progress.busy} at work>"

    @property
    def failures(self) -> tuple[Failure, ...]:
        """What failed so far, oldest first; restarted units too. The newest 128 are kept."""
        return tuple(self._progress.failures)

    def tree(self) -> ActorTree:
        """Its units as actors, with their states, restarts and last errors; ``print`` it."""
        assert self._company is not None
        return self._company.tree()

    async def wait(self) -> None:
        """Wait until every unit has done its work, one of them raised `NormalTermination`, or `stop` was called."""
        await self._progress.done.wait()

    async def stop(self) -> None:
        """Stop the units, the last started first, and return when they have shut down.

        Their endpoints are closed then; edges and metadata stay until the block ends. Calling again changes nothing.
        """
        self._stopping.set()
        self._progress.end()
        await self._stopped.wait()

    async def _live(
        self,
        placement: Placement,
        stage: Stage,
        terms: Terms,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        graph = self.graph if isinstance(self.graph, Graph) else None
        async with (
            open_pool(graph, [crew.address for crew in placement.crews]) as pool,
            open_company(stage, placement.order, terms.supervision, (pool, terms)) as company,
        ):
            self._company = company
            self.session._take_settings(company.take_settings)
            stage.progress.start()
            task_status.started()
            await self._stopping.wait()
        self._stopped.set()


@attrs.frozen(eq=False)
class Order:
    """What to run, and how: what does not depend on where."""

    roots: Mapping[str, Component]
    connections: Connections = ()
    process_components: Components = ()
    force_single_process: bool = False
    supervision: Supervision = attrs.field(factory=Supervision)
    name: str = "runner"


def open_runner(
    components: Mapping[str, Component] | None = None,
    *,
    graph: Graph | str | None = None,
    token: str | None = None,
    insecure: bool = False,
    serve: bool = False,
    connections: Connections = (),
    process_components: Components = (),
    force_single_process: bool = False,
    supervision: Supervision | None = None,
    name: str = "runner",
    **named: Component,
) -> AbstractAsyncContextManager[Runner]:
    """Run components, given by name, for the length of a block.

    They run in *graph* (what `open_graph` yields, or a URL; *token* and *insecure* as in `open_session`), or in a graph
    of their own, which is served to this host with ``serve=True``. All endpoints are open before the first unit is
    initialized, and all units are initialized before the first message is sent.

    The components in *process_components*, those that a collection's ``process_components`` returns and those whose
    ``PROCESS`` is true run in worker processes of their own, each with all below it; with *force_single_process*, none.

    When a unit fails, its ``RESTART`` says what follows; *supervision* says how many restarts are too many, and what
    else is restarted with it. By default the error ends the block and leaves as itself, with unit, task and message
    type as a note; several causes leave in one group. Raises `CycleError` naming the path for a cyclic network,
    `InvalidComponent`, or `AddressTaken` naming the holder; then nothing has started, and the same components can run
    elsewhere. ::

        async with open_runner(SYS=System()) as runner:
            await runner.wait()
    """
    roots = by_name(components, named)
    order = Order(roots, connections, process_components, force_single_process, supervision or Supervision(), name)
    return opened_runner(order, graph=graph, token=token, insecure=insecure, serve=serve)


def by_name(components: Mapping[str, Component] | None, named: Mapping[str, Component]) -> dict[str, Component]:
    """All components by name. `TypeError` for one that was given without, which is easily done."""
    if isinstance(components, Component):
        raise TypeError(f"a component is given by a name, as in SYS={type(components).__name__}()")
    return {**(components or {}), **named}


@asynccontextmanager
async def opened_runner(
    order: Order,
    *,
    graph: Graph | str | None,
    token: str | None = None,
    insecure: bool = False,
    serve: bool,
    main_thread: MainThread | None = None,
) -> AsyncIterator[Runner]:
    """Run an order for the length of a block; with *main_thread*, main functions too."""
    roots = bind_all(order.roots)
    progress = Progress()
    try:
        placement = place(
            roots.values(),
            apart=order.process_components,
            single=order.force_single_process,
            main_thread=main_thread is not None,
        )
        edges = collect_edges(roots, order.connections)
        async with AsyncExitStack() as stack:
            title = f"{order.name} of {', '.join(order.roots)}"
            graph, address = await _graph_for(graph, serve, title, stack)
            terms = Terms(order.name, order.supervision, graph, token, insecure)
            joined = open_session(graph, name=order.name, token=token, insecure=insecure)
            session = await stack.enter_async_context(joined)
            await session.register_metadata(await in_slices(describe_slices(*roots.values())))
            await session.connect_many(edges)
            runner = Runner(session, graph, address, progress)
            nursery = await stack.enter_async_context(open_task_nursery())
            for crew in placement.crews:
                terms.check(crew)
            await nursery.start(runner._live, placement, Stage(session, progress, main_thread), terms)
            yield runner
            await runner.stop()
    except BaseException:
        if not progress.begun:
            for root in roots.values():
                unbind(root)
        raise


async def _graph_for(
    graph: Graph | str | None, serve: bool, title: str, stack: AsyncExitStack
) -> tuple[Graph | str, str | None]:
    """The graph to run in, and where it is served."""
    if isinstance(graph, str):
        if serve:
            raise ValueError(f"the graph at {graph} is served already; serve=True is for a graph of this process")
        return graph, graph
    if graph is None:
        graph = await stack.enter_async_context(open_graph())
    if not serve:
        return graph, None
    doors = await stack.enter_async_context(open_task_nursery())
    host = await doors.start(partial(serve_host, graph, title=title))
    return graph, host.url
