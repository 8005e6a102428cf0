"""``run``: the plain way to run components from a script."""

import os
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import trio

from actors._floor import Supervision
from graphmeta import Component, crawl_components

from ._main_thread import MainThread
from ._placement import Components, has_main
from ._runner import Connections, Order, by_name, opened_runner

VARIABLE = "TRELLIS_GRAPH"
"""The environment variable that names the graph to join."""


def run(
    components: Mapping[str, Component] | None = None,
    *,
    connections: Connections = (),
    process_components: Components = (),
    force_single_process: bool = False,
    graph: str | None = None,
    serve: bool = True,
    supervision: Supervision | None = None,
    name: str = "runner",
    **named: Component,
) -> None:
    """Run components until they are done, fail, or Ctrl-C is pressed (then the exit code is 130).

    They join the graph at the URL *graph*, or the one that the environment variable ``TRELLIS_GRAPH`` names; if it is
    served on this host, its Unix socket and its token are found. Without either they run in a graph of their own, which
    is served to this host, so that the command ``trellis`` finds it; not with ``serve=False``. Where it is, is said on
    standard error.

    A main function runs in this very thread, which must be the main one, while Trio runs in another. A unit's error
    is raised here as itself. Other arguments are those of `open_runner`: *name* is what its session is called. Inside
    Trio, use that. ::

        run(SYS=System())
    """
    order = Order(
        by_name(components, named),
        connections=connections,
        process_components=process_components,
        force_single_process=force_single_process,
        supervision=supervision or Supervision(),
        name=name,
    )
    try:
        _run(partial(_run_until_done, order, graph or os.environ.get(VARIABLE), serve), order)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _run(until_done: Callable[[MainThread | None], Awaitable[None]], order: Order) -> None:
    everything = (component for root in order.roots.values() for component in crawl_components(root))
    if threading.current_thread() is threading.main_thread() and has_main(everything):
        main_thread = MainThread()
        main_thread.host(until_done, main_thread)
    else:
        trio.run(until_done, None)


async def _run_until_done(order: Order, url: str | None, serve: bool, main_thread: MainThread | None) -> None:
    async with opened_runner(order, graph=url, serve=serve and url is None, main_thread=main_thread) as it:
        if it.address is not None:
            print(f"graph server: {it.address} (look at it with: trellis graph)", file=sys.stderr)
        await it.wait()
