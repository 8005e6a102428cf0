"""What follows from an ending: the decision tables of supervision, pure and synchronous.

Knows neither trio nor actors. Time comes in as numbers, chance as a function that a test can replace.
"""

import enum
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar, get_args

import attrs

Strategy = Literal["one_for_one", "one_for_all", "rest_for_one"]
Restart = Literal["permanent", "transient", "temporary", "never"]
RESTARTS = get_args(Restart)

Member = TypeVar("Member")


class Ended(enum.Enum):
    """How one life of an actor ended."""

    RETURNED = "returned"
    """it ended itself"""
    CRASHED = "crashed"
    """an error escaped: from start-up, a message, a background task or ``stopping``"""
    CANCELLED = "cancelled"
    """its own scope was cancelled from inside; like a return, this is no failure"""
    OBEYED = "obeyed"
    """it was told to end, and did"""
    OVERRAN = "overran"
    """``stopping`` was cut short when its grace was over"""


class Told(enum.Enum):
    """What an actor was told from outside before it ended."""

    NOTHING = "nothing"
    STOP = "stop"
    """to end for good, by whoever holds its ref"""
    CANCEL = "cancel"
    """to end for good, because its nursery ends"""
    RESTART = "restart"
    """to end and begin anew, because a sibling crashed"""


class Verdict(enum.Enum):
    """What a nursery does about an ending."""

    GONE = "gone"
    RESTART = "restart"
    ESCALATE = "escalate"


_ON_ITS_OWN: dict[tuple[Restart, bool], Verdict] = {
    # (restart type, was it a failure): what follows when nobody told the actor to end
    ("permanent", False): Verdict.RESTART,
    ("permanent", True): Verdict.RESTART,
    ("transient", False): Verdict.GONE,
    ("transient", True): Verdict.RESTART,
    ("temporary", False): Verdict.GONE,
    ("temporary", True): Verdict.GONE,
    ("never", False): Verdict.GONE,
    ("never", True): Verdict.ESCALATE,
}


def verdict(restart: Restart, ended: Ended, told: Told) -> Verdict:
    """Decide about one ending, before intensity has its say.

    An actor that was told to end for good is not restarted, whatever its type. If it crashes on the way out
    there is nobody else to take the error, so it escalates, except from a temporary actor, whose crashes are
    only told.
    """
    if told is Told.NOTHING:
        return _ON_ITS_OWN[restart, ended in (Ended.CRASHED, Ended.OVERRAN)]
    if told is Told.RESTART and restart in ("permanent", "transient"):
        return Verdict.RESTART
    if ended is Ended.CRASHED and restart != "temporary":
        return Verdict.ESCALATE
    return Verdict.GONE


def affected(strategy: Strategy, members: Sequence[Member], crashed: Member) -> list[Member]:
    """Those who are restarted when one crashed, in the order in which they start."""
    if strategy == "one_for_one":
        return [crashed]
    first = 0 if strategy == "one_for_all" else members.index(crashed)
    return list(members[first:])


def restarts_in_words(number: int) -> str:
    """``1 restart``, ``2 restarts``."""
    return f"{number} restart{'' if number == 1 else 's'}"


class Intensity:
    """How many restarts a nursery puts up with: at most ``limit`` within any ``within`` seconds."""

    __slots__ = ("_times", "limit", "total", "within")

    def __init__(self, limit: int, within: float) -> None:
        self.limit = limit
        self.within = within
        self._times: deque[float] = deque()
        self.total = 0

    def admits(self, now: float) -> bool:
        """Count one restart if it is still within bounds; else say no."""
        while self._times and self._times[0] <= now - self.within:
            self._times.popleft()
        if len(self._times) >= self.limit:
            return False
        self._times.append(now)
        self.total += 1
        return True


@attrs.frozen
class Backoff:
    """Wait before the n-th restart in a row: ``first * factor ** (n - 1)`` seconds, ``cap`` at most.

    Each wait is shortened by up to ``jitter`` (a fraction), so that what fell together does not rise
    together. ``chance`` gives numbers in [0, 1); a test passes its own.
    """

    first: float = attrs.field(default=0.05, validator=attrs.validators.ge(0))
    factor: float = attrs.field(default=2.0, validator=attrs.validators.ge(1))
    cap: float = attrs.field(default=10.0, validator=attrs.validators.ge(0))
    jitter: float = attrs.field(default=0.1, validator=[attrs.validators.ge(0), attrs.validators.le(1)])
    chance: Callable[[], float] = random.random

    def delay(self, attempt: int) -> float:
        """Seconds to wait before restart number ``attempt`` in a row, counted from 1."""
        # past 64 doublings any cap is reached, and a float would overflow
        whole = min(self.cap, self.first * self.factor ** min(attempt - 1, 64))
        return whole * (1 - self.jitter * self.chance())


@attrs.frozen
class Supervision:
    """How a nursery looks after its actors; an Actor class may carry one for its own children."""

    strategy: Strategy = attrs.field(default="one_for_one", validator=attrs.validators.in_(get_args(Strategy)))
    max_restarts: int = attrs.field(default=3, validator=attrs.validators.ge(0))
    within: float = attrs.field(default=5.0, validator=attrs.validators.gt(0))
    backoff: Backoff = attrs.field(factory=Backoff)
