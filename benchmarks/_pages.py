"""Keep what was measured: JSON, a page and plots for each benchmark, and one table over all of them.

JSON is what counts; all else is made from it again whenever something is written, the table in README too. So no page
can say what was not seen. Only whole runs come here, and each replaces its own benchmark only.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from . import _plots
from ._records import Result, Run, Target, from_json, to_json
from ._report import amount, duration, limits, machine, page, ratio, said, table, target, verdict

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
"""Between these lines of README stands what is generated."""


def write(folder: Path, run: Run, order: Sequence[str]) -> None:
    """Put *run* into *folder*, and make the table over all benchmarks that are there again, in this *order*."""
    folder.mkdir(parents=True, exist_ok=True)
    plots = _plots.of_run(folder, run)
    (folder / f"{run.name}.md").write_text(page(run, plots), encoding="utf-8")
    # The JSON comes last and in one step: whoever stops us in between has the old figures still.
    fresh = folder / f"{run.name}.json.part"
    fresh.write_bytes(to_json(run))
    fresh.replace(folder / f"{run.name}.json")
    _refresh(folder, [from_json((folder / f"{name}.json").read_bytes()) for name in _present(folder, order)])


def _present(folder: Path, order: Sequence[str]) -> list[str]:
    return [name for name in order if (folder / f"{name}.json").exists()]


def _refresh(folder: Path, runs: Sequence[Run]) -> None:
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.exists() else f"# Benchmarks\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    _plots.of_targets(folder, runs)
    readme.write_text(f"{before}{BEGIN}\n{_figures(runs)}\n{END}{after}", encoding="utf-8")


def _figures(runs: Sequence[Run]) -> str:
    """Return what README says of all runs: how many targets were met, on what, and every target."""
    rows = [row for run in runs for row in _rows(run)]
    judged = [row for row in rows if row[-1]]
    met = sum(row[-1] == said(True) for row in judged)
    head = ("workload", "ours", "beside it", "ours is", "target", "")
    parts = [
        f"{met} of {len(judged)} targets are met.",
        "\n".join(f"* [{run.title}]({run.name}.md): {', '.join(machine(run))}" for run in runs),
        "![How far each target is passed or missed](targets.svg)",
        table([head, *rows]),
    ]
    return "\n\n".join(parts)


def _rows(run: Run) -> Iterator[tuple[str, ...]]:
    for result in run.results:
        yield from _result_rows(result)
    for curve in run.curves:
        if curve.at_most is not None:
            first, last = curve.lines[0].points[0], curve.lines[0].points[-1]
            name = f"{curve.name}, from {first.x:,.0f} to {last.x:,.0f} {curve.x}"
            grown = f"{curve.lines[0].growth:.3g} times as long at the end"
            yield name, duration(last.median), "", grown, f"at most {curve.at_most:g} times", said(curve.met)
    for fact in run.facts:
        if fact.judged:
            yield fact.name, amount(fact), "", "", limits(fact), said(fact.met)


def _result_rows(result: Result) -> Iterator[tuple[str, ...]]:
    for seen in result.verdicts:
        ours = result.timing(seen.target.of)
        name = f"{result.name}: {ours.name}" if seen.target.of else result.name
        compared = "" if seen.target.than is None else ratio(seen.reached)
        yield name, duration(ours.median), _beside(result, seen.target), compared, target(seen.target), verdict(seen)


def _beside(result: Result, aim: Target) -> str:
    return "" if aim.than is None else f"{aim.than}: {duration(result.timing(aim.than).median)}"
