"""Run benchmarks by name, or all; print a table for each case, and keep the figures.

A whole run goes to ``docs/benchmarks``, a quick one beside it into ``quick``, which is not kept under version control;
so a quick run, and one that was interrupted, never replaces whole figures. The exit code is 1 if a target was missed,
2 for a wrong name or without the peers (extra ``bench``), 130 after Ctrl-C.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from ._harness import Case, Sweep, measure, sweep
from ._progress import Screen
from ._records import Curve, Fact, Result, Run
from ._report import environment

BENCHMARKS = {
    "actors": "messages and lives of actors, beside bare Trio and pykka",
    "dag": "the graph with owners, beside networkx, rustworkx and ezmsg",
    "sessions": "sessions of a graph in process and over wires, beside bare Trio, trio-websocket and ezmsg",
    "data": "messages from publishers to subscribers in process, beside ezmsg",
    "units": "messages from unit to unit in process, beside ezmsg",
    "growth": "what grows with the graph, with sessions and with messages",
    "memory": "memory of what a graph holds",
    "lag": "how late the event loop is under full load",
    "processes": "messages from one process to another, beside ezmsg and zenoh",
}
"""The modules of this package that measure; each has ``PEERS`` (distributions) and ``cases(quick)``."""

PAGES = Path(__file__).parent.parent / "docs" / "benchmarks"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in BENCHMARKS]:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    try:
        modules = {
            name: import_module(f".{name}", __package__)
            for name in BENCHMARKS
            if name in options.names or not options.names
        }
        pages = import_module("._pages", __package__)
    except ModuleNotFoundError as error:
        parser.error(f"{error.name} is not installed; the peers come with: pip install -e '.[bench]'")
    folder = options.into or (PAGES / "quick" if options.quick else PAGES)
    runs: list[Run] = []
    with Screen() as screen:
        # Out of an event loop a Ctrl-C may come in a group.
        try:
            for number, (name, module) in enumerate(modules.items(), 1):
                screen.benchmark(name, number, len(modules))
                runs.append(_run(name, module, options.quick, screen))
                pages.write(folder, runs[-1], list(BENCHMARKS))
        except* KeyboardInterrupt:
            pass
    return _tell(runs, list(modules)[len(runs) :])


def _parser() -> argparse.ArgumentParser:
    names = "\n".join(f"  {name}: {what}" for name, what in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        "python -m benchmarks",
        description=__doc__,
        epilog=f"benchmarks:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="all, if none")
    quick = "less work, fewer rounds and no targets, to see that it runs"
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--into", metavar="FOLDER", type=Path, help="put JSON, pages and plots there instead")
    return parser


def _run(name: str, module: ModuleType, quick: bool, screen: Screen) -> Run:
    here = environment(module.PEERS)
    start = time.monotonic()
    seen: list[Result | Curve | Fact] = []
    with closing(module.cases(quick)) as cases:
        for case in cases:
            for one in _measured(_shortened(case) if quick else case, screen):
                screen.print(one)
                seen.append(one)
    return Run(
        name,
        BENCHMARKS[name],
        (module.__doc__ or "").strip(),
        here,
        time.monotonic() - start,
        [one for one in seen if isinstance(one, Result)],
        [one for one in seen if isinstance(one, Curve)],
        [one for one in seen if isinstance(one, Fact)],
    )


def _measured(case: Case | Sweep | Fact, screen: Screen) -> list[Any]:
    if isinstance(case, Fact):
        return [case]
    screen.case(case.name)
    return measure(case, screen.turn) if isinstance(case, Case) else [sweep(case, screen.turn)]


def _shortened(case: Case | Sweep | Fact) -> Case | Sweep | Fact:
    """Take the targets away, and all rounds but two: so little says nothing about them."""
    if isinstance(case, Case):
        return attrs.evolve(case, rounds=2, targets=())
    if isinstance(case, Sweep):
        cases = ((x, attrs.evolve(one, rounds=1)) for x, one in case.cases)
        return attrs.evolve(case, cases=cases, at_most=None)
    return attrs.evolve(case, least=None, most=None)


def _tell(runs: Sequence[Run], left: Sequence[str]) -> int:
    """Say what was missed or left out, and return the exit code."""
    missed = [f"missed in {run.name}: {name}" for run in runs for name in run.missed]
    print(*missed, sep="\n", end="\n" if missed else "", file=sys.stderr)
    if left:
        print(f"interrupted; go on with: python -m benchmarks {' '.join(left)}", file=sys.stderr)
        return 130
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
