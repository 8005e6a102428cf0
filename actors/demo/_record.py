"""The electrocardiogram that PyWavelets ships, replayed without an end.

PyWavelets says nothing about where the record comes from, nor how fast it was sampled: the rate is an
assumption of ours, and whoever shows a heart rate says so. This file knows no unit and no clock.
"""

from collections.abc import Iterator
from functools import cache
from typing import Final

import attrs
import numpy as np
import pywt.data

from ._messages import Signal

DEFAULT_RATE: Final = 360.0
"""Assumed samples a second: customary for such records, and it gives a heart at rest."""
LOWEST_RATE: Final = 150.0
HIGHEST_RATE: Final = 1000.0
BLOCK_SECONDS: Final = 0.05
"""How much signal one message carries."""

_BEATS: Final = 3
"""R peaks of the record: at 190, 518 and 848."""


@attrs.frozen
class InvalidRate(ValueError):
    """The caller assumed a sampling rate at which the record is no heartbeat any more."""

    rate: float

    def __str__(self) -> str:
        return (
            f"the rate must be {LOWEST_RATE:g} to {HIGHEST_RATE:g} samples a second, not {self.rate:g}:"
            " otherwise the record's beats are too slow or too fast for a heart"
        )


def check_rate(rate: float) -> float:
    """Return *rate* if the record can be a heartbeat at it; raise `InvalidRate` otherwise."""
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:  # also refuses what is not a number
        raise InvalidRate(rate)
    return float(rate)


def record_bpm(rate: float) -> float:
    """Return the record's mean heart rate, taken at *rate*: three beats in each turn, the seam included."""
    return 60.0 * rate * _BEATS / len(record())


def assumption(rate: float) -> str:
    """Return the sentence that goes with every heart rate that is shown."""
    return f"{rate:g} Hz is an assumption (--rate): PyWavelets states none"


@cache
def record() -> Signal:
    """Return the record: 1,024 samples without a unit, read-only."""
    # PyWavelets hands the same array to everybody who asks, so nobody may write into it: this is a copy.
    samples = np.array(pywt.data.ecg(), dtype=np.float64)
    samples.flags.writeable = False
    return samples


def replay(rate: float) -> Iterator[tuple[int, Signal]]:
    """Yield the record in blocks, over and over: the running number of the first sample, and the samples.

    A block holds `BLOCK_SECONDS` of signal at *rate*. Numbers run on over the seam.
    """
    samples, size, first = record(), round(rate * BLOCK_SECONDS), 0
    while True:
        yield first, samples[np.arange(first, first + size) % len(samples)]
        first += size
