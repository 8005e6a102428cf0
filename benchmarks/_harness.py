"""Measure ours beside a peer, so that the figures survive a machine whose speed swings.

The contenders of a case take turns, A B A B, and ratios are taken within a turn: what slows the machine slows
both. Before a figure counts, the work is checked: every contender must come to the same proof. A contender
runs once and says how long it took; `timed` makes one of plain functions, and whoever needs an event loop
writes the function that returns a `Sample` himself. This file knows nothing of what is measured.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from statistics import median, quantiles
from time import thread_time
from typing import TypeVar

import attrs

from ._interrupts import collect_garbage
from ._records import Curve, Line, Point, Result, Target, Timing, Verdict

S = TypeVar("S")
R = TypeVar("R")

Watch = Callable[[str, int, int], None]
"""Is told, before each turn, whose it is, the turn's number and how many there are."""


@attrs.frozen
class Sample:
    """One run of one contender."""

    seconds: Mapping[str, float] = attrs.field(converter=lambda told: told if isinstance(told, dict) else {"": told})
    """What it took; by figure, if one run comes to several."""
    proof: object
    """What the work came to; equal for all contenders of a case, or they did not do the same."""


@attrs.frozen
class Contender:
    """One way to do the work of a case."""

    name: str
    run: Callable[[], Sample]
    rounds: int | None = None
    """Take part in the first so many rounds only: for peers that take a minute."""


@attrs.frozen
class Case:
    """The same work, done by several contenders; the first is ours."""

    name: str
    contenders: Sequence[Contender]
    targets: Sequence[Target] = ()
    rounds: int = 9


@attrs.frozen
class Sweep:
    """A case at several places of a scale; its contenders run at each of them, and may be fewer where it is large."""

    name: str
    x: str
    """What grows along the scale."""
    cases: Iterable[tuple[float, Case]]
    """The places, each made when the one before it has been measured."""
    at_most: float | None = None
    """How many times as much our last place may cost as our first, if it should not grow."""


def timed(
    name: str,
    setup: Callable[[], S],
    work: Callable[[S], R],
    proof: Callable[[R], object],
    rounds: int | None = None,
) -> Contender:
    """Return a contender that does *work* on what *setup* made; *setup* and *proof* are off the clock.

    The clock is the processor time of this thread: such work waits for nothing, and what other programs do on
    the same machine is none of its doing.
    """

    def run() -> Sample:
        prepared = setup()
        collect_garbage()
        start = thread_time()
        done = work(prepared)
        seconds = thread_time() - start
        return Sample(seconds, proof(done))

    return Contender(name, run, rounds)


def measure(case: Case, watch: Watch) -> list[Result]:
    """Let the contenders of *case* take turns; raise ValueError if they did not do the same work."""
    samples: dict[str, list[Sample]] = {contender.name: [] for contender in case.contenders}
    proof: list[object] = []
    for number in range(case.rounds):
        for contender in case.contenders:
            if contender.rounds is None or number < contender.rounds:
                watch(contender.name, number + 1, case.rounds)
                sample = contender.run()
                samples[contender.name].append(sample)
                proof = proof or [sample.proof]
                if sample.proof != proof[0]:
                    raise ValueError(f"{case.name}: {contender.name} did not do the same work as the others")
    return list(_results(case, samples))


def sweep(sweep: Sweep, watch: Watch) -> Curve:
    """Measure a case at every place of its scale."""
    points: dict[str, list[Point]] = {}
    for x, case in sweep.cases:
        (result,) = measure(case, watch)
        for timing in result.timings:
            points.setdefault(timing.name, []).append(Point(x, timing.median, timing.low, timing.high))
    lines = [Line(name, along) for name, along in points.items()]
    return Curve(sweep.name, sweep.x, lines, sweep.at_most)


def _results(case: Case, samples: Mapping[str, Sequence[Sample]]) -> Iterator[Result]:
    """Make a result of every figure."""
    first = case.contenders[0].name
    for figure in samples[first][0].seconds:
        seconds = {name: [sample.seconds[figure] for sample in taken] for name, taken in samples.items()}
        timings = [_timing(name, seconds[first], theirs) for name, theirs in seconds.items()]
        verdicts = [_verdict(target, seconds, first) for target in case.targets if target.figure == figure]
        yield Result(f"{case.name}, {figure}" if figure else case.name, timings, verdicts)


def _timing(name: str, ours: Sequence[float], theirs: Sequence[float]) -> Timing:
    low, _, high = quantiles(theirs, n=4, method="inclusive") if len(theirs) > 1 else (theirs[0],) * 3
    return Timing(name, median(theirs), low, high, len(theirs), _ratio(ours, theirs))


def _verdict(target: Target, seconds: Mapping[str, Sequence[float]], first: str) -> Verdict:
    ours = seconds[target.of or first]
    return Verdict(target, _ratio(ours, seconds[target.than]) if target.than else median(ours))


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Compare within turns, unless the other took part in a few of them only."""
    if len(ours) != len(theirs):
        return median(ours) / median(theirs)
    return median(our / their for our, their in zip(ours, theirs, strict=True))
