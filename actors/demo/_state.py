"""What the demo shows at one moment, and how it comes from the messages that its units send.

Time is an argument here: this file knows no clock, no runtime and nothing of how the state is drawn.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Final

import attrs
import numpy as np

from graphmeta import GraphSnapshot

from ._messages import AlarmState, Beat, HeartRate, Samples, Signal

SHOWN: Final = 6.0
"""Seconds of signal that a state holds."""
COUNTED: Final = 3.0
"""Seconds over which messages are counted."""


@attrs.frozen
class DemoState:
    """Everything that a view of the demo shows."""

    rate: float
    """Samples a second, as assumed."""
    threshold: float
    """The alarm's, in beats a minute."""
    address: str = ""
    """Where the graph is served."""
    seconds: float = 0.0
    """Since the start."""
    bpm: float | None = None
    """The last interval's heart rate; None before there is one."""
    mean_bpm: float | None = None
    beats: int = 0
    since_beat: float | None = None
    """Seconds since the last beat was reported; None before the first."""
    alarm: bool = False
    messages: int = 0
    messages_per_second: float = 0.0
    first: int = 0
    """The running number of the first sample in ``signal``."""
    signal: Signal = attrs.field(factory=lambda: np.empty(0), eq=attrs.cmp_using(eq=np.array_equal))
    """The newest samples of the source, at most `SHOWN` seconds."""
    peaks: tuple[int, ...] = ()
    """Running numbers of the R peaks that were found in ``signal``."""
    snapshot: GraphSnapshot | None = None
    alone: bool = True
    """Whether no other graph ran on this host at the start, so that commands find this one by themselves."""


class Monitor:
    """Takes every message that the demo's units publish, in any order of topics, and sums them up."""

    def __init__(self, rate: float, threshold: float, *, address: str = "", alone: bool = True, at: float) -> None:
        self._started = at
        self._state = DemoState(rate, threshold, address, alone=alone)
        self._beat_at: float | None = None
        self._arrivals: deque[float] = deque()

    def take(self, message: object, *, at: float) -> None:
        """Take one message that came at the time *at*, in seconds; one that is not the demo's only counts."""
        self._arrivals.append(at)
        self._state = attrs.evolve(self._state, messages=self._state.messages + 1)
        if isinstance(message, Beat):
            self._beat_at = at
        change = _CHANGES.get(type(message))
        if change is not None:
            self._state = attrs.evolve(self._state, **change(self._state, message))

    def state(self, snapshot: GraphSnapshot | None = None, *, at: float) -> DemoState:
        """Return what is so at the time *at*, beside the graph as *snapshot* shows it."""
        while self._arrivals and self._arrivals[0] <= at - COUNTED:
            self._arrivals.popleft()
        seconds = at - self._started
        return attrs.evolve(
            self._state,
            seconds=seconds,
            since_beat=None if self._beat_at is None else at - self._beat_at,
            messages_per_second=len(self._arrivals) / min(max(seconds, 1.0), COUNTED),
            snapshot=snapshot,
        )


def _with_samples(state: DemoState, message: Samples) -> dict[str, Any]:
    # A view may miss a message; numbers that do not follow begin a new signal.
    follows = message.first == state.first + len(state.signal)
    joined = np.concatenate((state.signal, message.values)) if follows else message.values
    signal = joined[-round(SHOWN * message.rate) :]
    first = message.first + len(message.values) - len(signal)
    return {"signal": signal, "first": first, "peaks": tuple(peak for peak in state.peaks if peak >= first)}


def _with_beat(state: DemoState, message: Beat) -> dict[str, Any]:
    return {"beats": state.beats + 1, "peaks": (*state.peaks, message.sample)}


def _with_heart_rate(_: DemoState, message: HeartRate) -> dict[str, Any]:
    return {"bpm": message.bpm, "mean_bpm": message.mean_bpm}


def _with_alarm(_: DemoState, message: AlarmState) -> dict[str, Any]:
    return {"alarm": message.on, "threshold": message.threshold}


_CHANGES: Final[dict[type, Callable[[DemoState, Any], dict[str, Any]]]] = {
    Samples: _with_samples,
    Beat: _with_beat,
    HeartRate: _with_heart_rate,
    AlarmState: _with_alarm,
}
