"""``run``: the plain way to run components from a script."""

import sys
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import trio

from actors._graph import open_graph, open_task_nursery, serve_host
from graphmeta import Component

from ._runner import open_runner

Connections = Iterable[tuple[Any, Any]]


def run(
    components: Mapping[str, Component] | None = None,
    *,
    connections: Connections = (),
    serve: bool = True,
    **named: Component,
) -> None:
    """Run components until they are done, fail, or Ctrl-C is pressed (then the exit code is 130).

    A unit's error is raised here as itself. Their graph is served to this host, so that the command ``trellis`` finds
    it, and where is said on standard error; not with ``serve=False``. Inside Trio, use `open_runner`. ::

        run(SYS=System())
    """
    roots = {**(components or {}), **named}
    try:
        trio.run(_run_until_done, roots, connections, serve)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


async def _run_until_done(roots: Mapping[str, Component], connections: Connections, serve: bool) -> None:
    async with open_graph() as graph, open_task_nursery() as nursery:
        if serve:
            host = await nursery.start(partial(serve_host, graph))
            print(f"graph server: {host.url} (look at it with: trellis graph)", file=sys.stderr)
        async with open_runner(roots, graph=graph, connections=connections) as runner:
            await runner.wait()
