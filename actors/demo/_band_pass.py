"""A causal band-pass for a signal that never ends: what comes in leaves in blocks of the same size, later.

The blocks' size makes no difference to the result. This file knows no unit and no beat.
"""

from typing import Final

import numpy as np
from scipy import signal

from ._messages import Signal

QRS_BAND: Final = (5.0, 25.0)
"""Hz. Holds most of the QRS complex; keeps out baseline wander, most of the T wave, and the mains."""
_ORDER: Final = 2


class BandPass:
    """A Butterworth band-pass (*band* in Hz, for *rate* samples a second) that remembers where it was."""

    def __init__(self, rate: float, band: tuple[float, float] = QRS_BAND) -> None:
        self._sections = signal.butter(_ORDER, band, "bandpass", fs=rate, output="sos")
        self._memory: Signal | None = None
        self.lag: Final = _lag(self._sections, rate)
        """By how many samples the peak of a narrow pulse comes out later than it went in."""

    def __call__(self, values: Signal) -> Signal:
        """Return the next block of output for the next block of input."""
        if not len(values):
            return values
        if self._memory is None:
            # As if the signal had always stood at its first value: starting from rest would ring like a beat.
            self._memory = signal.sosfilt_zi(self._sections) * values[0]
        passed, self._memory = signal.sosfilt(self._sections, values, zi=self._memory)
        return passed


def _lag(sections: Signal, rate: float) -> int:
    # Not the group delay: a QRS complex is about as short as the filter's own response, which therefore sets
    # where its peak comes out. The group delay is that of a long wave's envelope, and several times longer.
    impulse = np.zeros(round(rate))
    impulse[0] = 1.0
    return int(signal.sosfilt(sections, impulse).argmax())
