"""``trellis top``: which endpoints are busy, which are full, and who waits for whom, as it changes."""

import argparse
import math
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
import trio

from actors._graph import Rates, Session, rates

from ._numbers import positive
from ._signals import follow
from ._target import add_target, open_target
from ._top_lines import SORTS, plain_lines

if TYPE_CHECKING:
    from ._top_view import TopView

_FIRST: Final = 0.25
"""Seconds until there is something to see."""


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "top",
        help="follow the flow of messages",
        description="Show how much passes through every publisher (>) and subscriber (<), what waits, what was dropped "
        "and who is held up, until Ctrl-C.",
    )
    parser.add_argument("--sort", choices=tuple(SORTS), default="rate", help="what comes first (default: rate)")
    parser.add_argument("--every", type=positive, default=1.0, metavar="SECONDS", help="between pictures (default: 1)")
    parser.add_argument("--seconds", type=positive, default=math.inf, help="stop after so long")
    parser.add_argument("--once", action="store_true", help="print one picture and stop")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for programs")
    add_target(parser)
    parser.set_defaults(command=run)


async def run(args: argparse.Namespace) -> int:
    """Show rates until Ctrl-C or SIGTERM comes, the time is over, or the graph goes away."""
    return await follow(partial(_show, args))


async def _show(args: argparse.Namespace) -> None:
    async with open_target(args, "top") as session:
        with trio.move_on_after(args.seconds):
            if args.once or args.json or not _draws():
                await _repeat(session, args, args.every, partial(_print, args))
                return
            from rich.live import Live  # See `_console`.

            with Live(screen=True, auto_refresh=False) as live:
                await _repeat(session, args, _FIRST, lambda reading: live.update(_view(args, reading), refresh=True))


async def _repeat(session: Session, args: argparse.Namespace, first: float, show: Callable[[Rates], None]) -> None:
    """Show the rates after the *first* seconds, and then whenever it is time."""
    before, wait = await session.statistics(), min(first, args.every)
    while True:
        await trio.sleep(wait)
        now = await session.statistics()
        show(rates(before, now))
        if args.once:
            return
        before, wait = now, args.every


def _print(args: argparse.Namespace, reading: Rates) -> None:
    if args.json:
        print(msgspec.json.encode({"at": time.time(), "rates": reading}).decode(), flush=True)
    elif args.once and _draws():
        from rich.console import Console  # See `_console`.

        Console().print(_view(args, reading))
    else:
        print(*plain_lines(reading, args.sort, time.strftime("%H:%M:%S")), sep="\n", flush=True)


def _draws() -> bool:
    from ._console import Output, draws  # See there.

    return draws(Output())


def _view(args: argparse.Namespace, reading: Rates) -> "TopView":
    from ._top_view import TopView  # See `_console`.

    return TopView(reading, args.sort, time.strftime("%H:%M:%S"))
