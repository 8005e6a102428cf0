"""``trellis demo``: a real signal through real units, served so that a second terminal can watch."""

import argparse
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import trio

from actors._graph import Graph, Session, open_graph, open_session, open_task_nursery, serve_host, tickets
from actors._runtime import open_runner

from ._errors import MissingExtra, UsageError
from ._numbers import port, positive
from ._signals import hear_signals, wait_told

if TYPE_CHECKING:
    from actors.demo import Monitor  # it needs NumPy, which only the extra brings

_PICTURES: Final = 10
"""Pictures a second in a terminal."""
_LINE_SECONDS: Final = 1.0
"""Between two lines without a terminal."""


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "demo",
        help="run a real pipeline to look at",
        description="Find the heart rate in a real electrocardiogram, live, until Ctrl-C.",
    )
    parser.add_argument("--rate", type=float, default=360.0, help="assumed samples a second (default: 360)")
    parser.add_argument("--seconds", type=positive, default=math.inf, help="stop after so long")
    parser.add_argument("--port", type=port, default=0, help="serve on this port (default: a free one)")
    parser.set_defaults(command=run)


async def run(args: argparse.Namespace) -> int:
    """Run the demo until a signal comes or its time is over."""
    _check(args.rate)
    with hear_signals() as signals:
        async with open_graph() as graph, open_task_nursery() as nursery:
            host = await nursery.start(partial(serve_host, graph, port=args.port, title="trellis demo"))
            async with _show(graph, host.url, args.rate):
                return await _wait_told(graph, signals, args.seconds)


def _check(rate: float) -> None:
    try:
        from actors.demo import InvalidRate, check_rate
    except ImportError as error:
        if error.name is None or error.name.partition(".")[0] not in ("numpy", "scipy", "pywt"):
            raise
        raise MissingExtra("demo", "NumPy, SciPy and PyWavelets") from None
    try:
        check_rate(rate)
    except InvalidRate as error:
        raise UsageError(str(error)) from None


@asynccontextmanager
async def _show(graph: Graph, url: str, rate: float) -> AsyncIterator[None]:
    """The pipeline and the view on it, each a session of its own."""
    from actors.demo import ROOT, AlarmSettings, Monitor, demo_system, output_topics

    from ._console import Output, draws  # See there.

    system = demo_system(rate)
    alone = len(tickets()) == 1
    monitor = Monitor(rate, AlarmSettings().threshold, address=url, alone=alone, at=trio.current_time())
    async with (
        open_runner({ROOT: system}, graph=graph, name="demo"),
        open_session(graph, name="demo view") as session,
        open_task_nursery() as nursery,
    ):
        for topic in output_topics(system):
            nursery.start_soon(_listen, session, topic, monitor)
        nursery.start_soon(_draw if draws(Output()) else _print, graph, monitor)
        yield


async def _listen(session: Session, topic: str, monitor: "Monitor") -> None:
    # Leaky: a slow terminal must not hold the heart back. Edges are not needed to hear a topic itself.
    async with session.subscriber(topic, leaky=True) as messages:
        async for message in messages:
            monitor.take(message, at=trio.current_time())


async def _draw(graph: Graph, monitor: "Monitor") -> None:
    from rich.console import Console  # See `_console`.
    from rich.live import Live

    from actors.demo import live_view

    console = Console()
    live = Live(console=console, screen=True, auto_refresh=False)
    try:
        await _written(live.start)
        while True:
            picture = live_view(monitor.state(graph.snapshot(), at=trio.current_time()))
            await _written(partial(live.update, picture, refresh=True))
            await trio.sleep(1 / _PICTURES)
    finally:
        live.stop()


async def _print(graph: Graph, monitor: "Monitor") -> None:
    from actors.demo import opening_lines, plain_line

    lines = [*opening_lines(monitor.state(graph.snapshot(), at=trio.current_time()))]
    while True:
        await _written(partial(print, *lines, sep="\n", flush=True))
        await trio.sleep(_LINE_SECONDS)
        lines = [plain_line(monitor.state(graph.snapshot(), at=trio.current_time()))]


async def _written(write: Callable[[], None]) -> None:
    """Let a terminal or a pipe that nobody reads, as after Ctrl-S, hold up nothing but its picture."""
    await trio.to_thread.run_sync(write)


async def _wait_told(graph: Graph, signals: AsyncIterator[int], seconds: float) -> int:
    """Wait for a signal, a shutdown, or for the time to be over; returns the exit code."""
    with trio.move_on_after(seconds):
        return await wait_told(graph, signals)
    return 0
