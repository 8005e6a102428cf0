"""Measure ours beside a peer, so that the figures survive a machine whose speed swings.

The contenders of a case take turns, A B A B, and ratios are taken within a turn: what slows the machine slows
both. Before a figure counts, the work is checked: every contender must come to the same proof. A contender
runs once and says how long it took; `timed` makes one of plain functions, and whoever needs an event loop
writes the function that returns a `Sample` himself. This file knows nothing of what is measured.
"""

import gc
from collections.abc import Callable, Sequence
from statistics import median, quantiles
from time import thread_time
from typing import TypeVar

import attrs

S = TypeVar("S")
R = TypeVar("R")


@attrs.frozen
class Sample:
    """One run of one contender."""

    seconds: float
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
class Target:
    """What ours must reach: at most so many times as long as the contender *than*, or as a second."""

    at_most: float
    than: str | None = None


@attrs.frozen
class Case:
    """The same work, done by several contenders; the first is ours."""

    name: str
    contenders: Sequence[Contender]
    targets: Sequence[Target] = ()
    rounds: int = 9


@attrs.frozen
class Fact:
    """A figure that is not a time, such as bytes per edge."""

    name: str
    value: float
    unit: str


@attrs.frozen
class Timing:
    """What was measured of one contender."""

    name: str
    median: float
    low: float
    """The first quartile, in seconds."""
    high: float
    """The third quartile, in seconds."""
    rounds: int
    ratio: float
    """Ours to it, the median over all turns; 1 for ours."""


@attrs.frozen
class Verdict:
    """How far ours came with a target."""

    target: Target
    reached: float

    @property
    def met(self) -> bool:
        return self.reached <= self.target.at_most


@attrs.frozen
class Result:
    """All that was measured of one case."""

    name: str
    timings: tuple[Timing, ...]
    verdicts: tuple[Verdict, ...]


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
        gc.collect()
        start = thread_time()
        done = work(prepared)
        seconds = thread_time() - start
        return Sample(seconds, proof(done))

    return Contender(name, run, rounds)


def measure(case: Case) -> Result:
    """Let the contenders of *case* take turns; raise ValueError if they did not do the same work."""
    seconds: dict[str, list[float]] = {contender.name: [] for contender in case.contenders}
    proofs: list[object] = []
    for number in range(case.rounds):
        for contender in case.contenders:
            if contender.rounds is None or number < contender.rounds:
                sample = contender.run()
                seconds[contender.name].append(sample.seconds)
                proofs.append(sample.proof)
                if sample.proof != proofs[0]:
                    raise ValueError(f"{case.name}: {contender.name} did not do the same work as the others")
    ours = seconds[case.contenders[0].name]
    timings = {name: _timing(name, ours, theirs) for name, theirs in seconds.items()}
    reached = [timings[t.than].ratio if t.than else median(ours) for t in case.targets]
    verdicts = tuple(map(Verdict, case.targets, reached))
    return Result(case.name, tuple(timings.values()), verdicts)


def _timing(name: str, ours: Sequence[float], theirs: Sequence[float]) -> Timing:
    low, _, high = quantiles(theirs, n=4, method="inclusive") if len(theirs) > 1 else (theirs[0],) * 3
    return Timing(name, median(theirs), low, high, len(theirs), _ratio(ours, theirs))


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Compare within turns, unless the other took part in a few of them only."""
    if len(ours) != len(theirs):
        return median(ours) / median(theirs)
    return median(our / their for our, their in zip(ours, theirs, strict=True))
