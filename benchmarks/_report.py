"""Show what was measured: a table for the eye, Markdown for the documentation, JSON for programs.

A ratio is ours to the other's: 3.2 means that ours takes 3.2 times as long, 1/40 that it is 40 times faster.
"""

import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from os import cpu_count

import attrs

from ._harness import Fact, Result, Timing, Verdict

_UNITS = ((1.0, "s", 1.0), (1e-3, "ms", 1e3), (0.0, "µs", 1e6))


def environment(distributions: Iterable[str]) -> dict[str, str]:
    """Return what the figures depend on: interpreter, processor, and the versions of *distributions*."""
    here = {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {cpu_count()} cores",
    }
    return here | {name: version(name) for name in distributions}


def to_markdown(title: str, intro: str, here: Mapping[str, str], results: Sequence[Result | Fact]) -> str:
    """Return one page: what was measured and on what, a table per case, and the facts."""
    about = ", ".join(f"{name} {value}" for name, value in here.items())
    parts = [f"# {title}", intro.strip(), f"Measured on {about}."]
    parts += [to_table(result) for result in results if isinstance(result, Result)]
    facts = [f"* {fact.name}: {fact.value:,.0f} {fact.unit}" for fact in results if isinstance(fact, Fact)]
    return "\n\n".join([*parts, *(["\n".join(facts)] if facts else [])]) + "\n"


def to_json(here: Mapping[str, str], results: Sequence[Result | Fact]) -> str:
    """Return the same as `to_markdown`, for programs; times in seconds."""
    cases = [_plain(result) for result in results if isinstance(result, Result)]
    facts = [attrs.asdict(fact) for fact in results if isinstance(fact, Fact)]
    return json.dumps({"environment": here, "cases": cases, "facts": facts}, indent=2, ensure_ascii=False) + "\n"


def to_table(result: Result) -> str:
    """Return a case as a Markdown table, one row for each contender."""
    rows: list[tuple[str, ...]] = [("", "median", "middle half", "rounds", "ours to it", "target")]
    rows += [_row(timing, number, result.verdicts) for number, timing in enumerate(result.timings)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join([f"## {result.name}", "", *(f"| {line} |" for line in lines)])


def _row(timing: Timing, number: int, verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    than = timing.name if number else None
    return (
        timing.name,
        _time(timing.median),
        f"{_time(timing.low)} to {_time(timing.high)}",
        str(timing.rounds),
        _ratio(timing.ratio) if number else "",
        ", ".join(_told(verdict) for verdict in verdicts if verdict.target.than == than),
    )


def _told(verdict: Verdict) -> str:
    tell = _ratio if verdict.target.than else _time
    return f"{tell(verdict.target.at_most)}: {'met' if verdict.met else 'MISSED'}"


def _time(seconds: float) -> str:
    unit, factor = next((unit, factor) for least, unit, factor in _UNITS if seconds >= least)
    return f"{seconds * factor:,.3g} {unit}"


def _ratio(ratio: float) -> str:
    return f"{ratio:.2g}" if ratio > 0.5 else f"1/{1 / ratio:,.0f}"


def _plain(result: Result) -> dict[str, object]:
    plain = attrs.asdict(result)
    plain["verdicts"] = [attrs.asdict(verdict) | {"met": verdict.met} for verdict in result.verdicts]
    return plain
