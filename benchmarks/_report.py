"""Say in words and tables what was measured: a table per case for the eye, and a page of Markdown per benchmark."""

import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from ._records import Curve, Fact, Line, Result, Run, Target, Timing, Verdict

_UNITS = ((1.0, "s", 1.0), (1e-3, "ms", 1e3), (0.0, "µs", 1e6))


def environment(distributions: Iterable[str]) -> dict[str, str]:
    """Return what the figures depend on: day, machine and how busy it was, interpreter, versions of *distributions*."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {_processor()}",
        "load before": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
    } | {name: version(name) for name in distributions}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())


# -- words ---------------------------------------------------------------------------------------------------


def duration(seconds: float) -> str:
    unit, factor = next((unit, factor) for least, unit, factor in _UNITS if seconds >= least)
    return f"{_round(seconds * factor)} {unit}"


def ratio(value: float) -> str:
    """Say how ours compares: ``12 times faster``, or ``1.7 times as long``."""
    return f"{_round(1 / value)} times faster" if value < 1 else f"{_round(value)} times as long"


def target(aim: Target) -> str:
    if aim.at_most is None:
        return "none, for comparison"
    if aim.than is None:
        return f"at most {duration(aim.at_most)}"
    if aim.at_most == 1:
        return "at least as fast"
    return ratio(aim.at_most) if aim.at_most < 1 else f"at most {ratio(aim.at_most)}"


def verdict(seen: Verdict) -> str:
    return "" if seen.target.at_most is None else said(seen.met)


def said(met: bool) -> str:
    return "met" if met else "**missed**"


def limits(fact: Fact) -> str:
    least = [] if fact.least is None else [f"at least {fact.least:,g}"]
    return " and ".join(least + ([] if fact.most is None else [f"at most {fact.most:,g}"]))


def amount(fact: Fact) -> str:
    return f"{fact.value:,.3g} {fact.unit}" if fact.value < 100 else f"{fact.value:,.0f} {fact.unit}"


def _round(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


# -- tables --------------------------------------------------------------------------------------------------


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, also good to read as it is; the first row is its head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def show(one: Result | Curve | Fact) -> str:
    """Return what was measured, under its name."""
    if isinstance(one, Fact):
        return f"* {one.name}: {amount(one)}" + (f" ({limits(one)}: {said(one.met)})" if one.judged else "")
    rows = _result_rows(one) if isinstance(one, Result) else _curve_rows(one)
    title = one.name if isinstance(one, Result) else f"{one.name}, by {one.x}"
    return f"## {title}\n\n{table(list(rows))}"


def _result_rows(result: Result) -> Iterator[tuple[str, ...]]:
    yield "", "median", "middle half", "rounds", "the first is", "target"
    for number, timing in enumerate(result.timings):
        yield (
            timing.name,
            duration(timing.median),
            f"{duration(timing.low)} to {duration(timing.high)}",
            str(timing.rounds),
            ratio(timing.ratio) if number else "",
            "; ".join(_aims(result, timing)),
        )


def _aims(result: Result, timing: Timing) -> Iterator[str]:
    """Name each target beside the contender that it is measured by: the other one, or itself where there is none."""
    for seen in result.verdicts:
        who = result.timing(seen.target.of).name
        if timing.name == (seen.target.than or who) and seen.target.at_most is not None:
            whose = f"{who}: " if seen.target.of else ""
            yield f"{whose}{target(seen.target)}: {verdict(seen)}"


def _curve_rows(curve: Curve) -> Iterator[tuple[str, ...]]:
    places = [point.x for point in curve.lines[0].points]
    yield curve.x, *(f"{x:,.0f}" for x in places), "last to first", "target"
    for number, line in enumerate(curve.lines):
        aim = "" if number or curve.at_most is None else f"at most {curve.at_most:g} times: {said(curve.met)}"
        yield line.name, *_along(line, places), f"{_round(line.growth)} times", aim


def _along(line: Line, places: Iterable[float]) -> list[str]:
    there = {point.x: duration(point.median) for point in line.points}
    return [there.get(x, "") for x in places]


def machine(run: Run) -> Iterator[str]:
    """Say when and on what a benchmark was run."""
    for name, value in run.environment.items():
        yield value if name in ("date", "machine") else f"{name} {value}"


# -- a page --------------------------------------------------------------------------------------------------


def page(run: Run, plots: Iterable[str]) -> str:
    """Return the Markdown page of a benchmark."""
    here = ", ".join(machine(run))
    parts = [f"# {run.title[0].upper()}{run.title[1:]}", run.about, f"Measured on {here}. It took {run.seconds:.0f} s."]
    parts += [f"![{run.title}]({name})" for name in plots]
    parts += [show(one) for one in (*run.results, *run.curves)]
    return "\n\n".join([*parts, "\n".join(map(show, run.facts))]).rstrip() + "\n"
