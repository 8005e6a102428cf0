"""Draw what was measured: medians with their middle halves, curves, and how far each target was passed or missed.

The same records give the same bytes, so that a picture changes only when a figure does. This file reads records only.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

from ._records import Curve, Result, Run

mpl.use("svg")
mpl.rcParams.update({"svg.hashsalt": "trellis", "svg.fonttype": "none", "font.size": 8, "axes.grid": True})
mpl.rcParams.update({"axes.axisbelow": True, "grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False})

from matplotlib import pyplot  # noqa: E402  the backend is chosen first

OURS, OTHERS, MISSED = "C0", ("C1", "C2", "C4", "C5", "C6"), "C3"
WIDTH = 8.5
"""Inches; as wide as a page of text shows."""


def of_run(folder: Path, run: Run) -> list[str]:
    """Draw a benchmark's cases and curves, and return the names of the pictures."""
    names = []
    for kind, draw, what in (("", _results, run.results), ("-curves", _curves, run.curves)):
        if what:
            names.append(f"{run.name}{kind}.svg")
            _save(draw(what), folder / names[-1])
    return names


def of_targets(folder: Path, runs: Sequence[Run]) -> None:
    """Draw every target that is a time: right of the line it is passed, left of it missed."""
    rows = [
        (f"{result.name} / {seen.target.than or 'bound'}", seen.target.at_most / seen.reached)
        for run in runs
        for result in run.results
        for seen in result.verdicts
        if seen.target.at_most
    ]
    if not rows:
        return
    figure, axes = pyplot.subplots(figsize=(WIDTH, 0.6 + 0.2 * len(rows)))
    for number, (_, margin) in enumerate(rows):
        left, right = sorted((1.0, margin))
        axes.barh(number, right - left, left=left, color=OURS if margin >= 1 else MISSED)
    axes.axvline(1, color="black", linewidth=1)
    _dress(axes, [name for name, _ in rows], "how many times faster than the target asks (left of 1: missed)")
    _save(figure, folder / "targets.svg")


def _results(results: Sequence[Result]) -> Any:
    rows = [(result, timing) for result in results for timing in result.timings]
    figure, axes = pyplot.subplots(figsize=(WIDTH, 0.6 + 0.16 * len(rows)))
    for number, (result, timing) in enumerate(rows):
        colour = OURS if timing is result.timings[0] else OTHERS[0]
        axes.plot([timing.low * 1e6, timing.high * 1e6], [number, number], color=colour, linewidth=3, alpha=0.4)
        axes.plot(timing.median * 1e6, number, "o", color=colour, markersize=4)
    labels = [f"{result.name}: {t.name}" if t is result.timings[0] else t.name for result, t in rows]
    _dress(axes, labels, "median and middle half, µs")
    return figure


def _curves(curves: Sequence[Curve]) -> Any:
    count = -(-len(curves) // 2)
    figure, grid = pyplot.subplots(count, 2, figsize=(WIDTH, 2.8 * count), squeeze=False)
    for axes, curve in zip(grid.flat, curves, strict=False):
        for line, colour in zip(curve.lines, (OURS, *OTHERS), strict=False):
            xs = [point.x for point in line.points]
            axes.plot(xs, [p.median * 1e6 for p in line.points], "o-", color=colour, markersize=3, label=line.name)
            axes.fill_between(
                xs,
                [p.low * 1e6 for p in line.points],
                [p.high * 1e6 for p in line.points],
                color=colour,
                alpha=0.2,
                linewidth=0,
            )
        axes.set(title=curve.name, xlabel=curve.x, ylabel="µs", xscale="log", yscale="log")
        # Whole decades: what is flat should look flat.
        low, high = (math.log10(limit) for limit in axes.get_ylim())
        axes.set_ylim(10 ** math.floor(low), 10 ** math.ceil(high))
        axes.legend(frameon=False)
    for axes in grid.flat[len(curves) :]:
        axes.remove()
    figure.tight_layout()
    return figure


def _dress(axes: Any, labels: Sequence[str], title: str) -> None:
    axes.set(xscale="log", xlabel=title, yticks=range(len(labels)), ylim=(len(labels) - 0.5, -0.5))
    axes.set_yticklabels(labels, fontsize=6)


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
