"""Run benchmarks by name, or all; show a table for each case and say which targets were missed.

``python -m benchmarks [--quick] [--write] [NAME ...]``; the peers come with the extra ``bench``. The exit code is 1
if a target was missed. ``--write`` puts the figures into ``docs/benchmarks``.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import attrs

from ._harness import Case, Fact, Result, measure
from ._report import environment, to_json, to_markdown, to_table

BENCHMARKS = {
    "actors": "messages and lives of actors, beside bare Trio and pykka",
    "dag": "the graph with owners, beside networkx, rustworkx and ezmsg",
    "sessions": "sessions of a graph in process and over wires, beside bare Trio, trio-websocket and ezmsg",
    "data": "messages from publishers to subscribers in process, beside ezmsg",
}
"""The modules of this package that measure; each has ``PEERS`` (distributions) and ``cases(quick)``."""

PAGES = Path(__file__).parent.parent / "docs" / "benchmarks"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in BENCHMARKS]:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    missed = [name for name in options.names or BENCHMARKS if not _run(name, options.quick, options.write)]
    if missed:
        print(f"missed a target: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    names = "\n".join(f"  {name}: {what}" for name, what in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        "python -m benchmarks", epilog=names, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="all, if none")
    parser.add_argument(
        "--quick", action="store_true", help="less work, fewer rounds and no targets, to see that it runs"
    )
    parser.add_argument("--write", action="store_true", help="put the figures into docs/benchmarks")
    return parser


def _run(name: str, quick: bool, write: bool) -> bool:
    """Run one benchmark, and tell whether it met all its targets."""
    module = import_module(f".{name}", __package__)
    here = environment(module.PEERS)
    results = list(_measured(module.cases(quick), quick))
    if write:
        PAGES.mkdir(parents=True, exist_ok=True)
        (PAGES / f"{name}.md").write_text(to_markdown(BENCHMARKS[name], module.__doc__ or "", here, results))
        (PAGES / f"{name}.json").write_text(to_json(here, results))
    return all(verdict.met for result in results if isinstance(result, Result) for verdict in result.verdicts)


def _measured(cases: Iterator[Case | Fact], quick: bool) -> Iterator[Result | Fact]:
    for case in cases:
        if quick and isinstance(case, Case):
            case = attrs.evolve(case, rounds=3, targets=())
        result = measure(case) if isinstance(case, Case) else case
        print(to_table(result) if isinstance(result, Result) else f"{result.name}: {result.value:,.0f} {result.unit}")
        print(flush=True)
        yield result


if __name__ == "__main__":
    sys.exit(main())
