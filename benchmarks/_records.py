"""What a run leaves: plain records that go to JSON and come back, so that every page is made from what was seen.

A ratio is ours to the other's time: 0.25 is four times faster, 1.7 takes 1.7 times as long. Times are in seconds.
This file knows neither how things are measured nor how they are shown.
"""

import attrs
import msgspec


@attrs.frozen
class Target:
    """What must be reached: at most so many times as long as the contender *than*, or so many seconds."""

    at_most: float | None
    """None: there is nothing to reach, and the ratio is reported."""
    than: str | None = None
    of: str | None = None
    """The contender that must reach it; the first if None."""
    figure: str = ""
    """The figure that it is about, for a case that comes to several."""


@attrs.frozen
class Timing:
    """What was measured of one contender."""

    name: str
    median: float
    low: float
    """The first quartile."""
    high: float
    """The third quartile."""
    rounds: int
    ratio: float
    """The first contender's time to this one's, the median over the turns that both took; 1 for the first."""


@attrs.frozen
class Verdict:
    """How far a contender came with a target: its time, or its ratio to the other's."""

    target: Target
    reached: float

    @property
    def met(self) -> bool:
        return self.target.at_most is None or self.reached <= self.target.at_most


@attrs.frozen
class Result:
    """All that was measured of one case."""

    name: str
    timings: list[Timing]
    verdicts: list[Verdict]

    def timing(self, name: str | None) -> Timing:
        """Return what was measured of a contender, the first if None."""
        return next(timing for timing in self.timings if name in (None, timing.name))


@attrs.frozen
class Fact:
    """A figure that was seen once, such as bytes per edge."""

    name: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None

    @property
    def judged(self) -> bool:
        return self.least is not None or self.most is not None

    @property
    def met(self) -> bool:
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)


@attrs.frozen
class Point:
    """A curve at one place."""

    x: float
    median: float
    low: float
    high: float


@attrs.frozen
class Line:
    """One contender's part of a curve."""

    name: str
    points: list[Point]

    @property
    def growth(self) -> float:
        """How many times as much the last point costs as the first."""
        return self.points[-1].median / self.points[0].median


@attrs.frozen
class Curve:
    """What something costs as something else grows; the first line is ours."""

    name: str
    x: str
    lines: list[Line]
    at_most: float | None = None
    """How many times as much our last point may cost as our first, if it should not grow."""

    @property
    def met(self) -> bool:
        return self.at_most is None or self.lines[0].growth <= self.at_most


@attrs.frozen
class Run:
    """One benchmark, run to its end."""

    name: str
    title: str
    about: str
    environment: dict[str, str]
    seconds: float
    results: list[Result]
    curves: list[Curve]
    facts: list[Fact]

    @property
    def missed(self) -> list[str]:
        """The names of all that did not reach a target."""
        late = [result.name for result in self.results if not all(verdict.met for verdict in result.verdicts)]
        return late + [one.name for one in (*self.curves, *self.facts) if not one.met]


def to_json(run: Run) -> bytes:
    return msgspec.json.format(msgspec.json.encode(run), indent=1) + b"\n"


def from_json(data: bytes) -> Run:
    """Return what `to_json` wrote; raise `msgspec.DecodeError` for anything else."""
    return msgspec.json.decode(data, type=Run)
