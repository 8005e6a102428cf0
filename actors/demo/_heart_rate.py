"""Heart rate from R peaks: one figure from the last interval, one from the mean of the last few.

This file knows sample numbers only, no unit and no clock.
"""

from collections import deque
from typing import Final

from ._messages import Beat, HeartRate

MEAN_OF: Final = 6
"""Intervals in the mean: enough to steady it, few enough to follow."""


def beats_a_minute(interval: float, rate: float) -> float:
    """Return the heart rate of R peaks that stand *interval* samples apart, at *rate* samples a second."""
    return 60.0 * rate / interval


class RateMeter:
    """Turns beats, in order, into heart rates."""

    def __init__(self) -> None:
        self._peaks: deque[int] = deque(maxlen=MEAN_OF + 1)

    def feed(self, beat: Beat) -> HeartRate | None:
        """Take the next beat; return the heart rate as of it, None for the first one."""
        self._peaks.append(beat.sample)
        if len(self._peaks) < 2:
            return None
        mean = (self._peaks[-1] - self._peaks[0]) / (len(self._peaks) - 1)
        bpm, mean_bpm = (beats_a_minute(interval, beat.rate) for interval in (self._peaks[-1] - self._peaks[-2], mean))
        return HeartRate(beat.sample, bpm, mean_bpm)
