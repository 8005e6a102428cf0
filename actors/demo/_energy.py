"""The energy of a band-passed electrocardiogram, and its crests: what a beat is recognised by.

Everything remembers where it was, so that the result does not depend on how the signal is cut into blocks.
This file does not know which crest is a beat.
"""

from typing import Final, NamedTuple

import numpy as np

from ._messages import Signal

QRS_WIDTH: Final = 0.15
"""Seconds: the widest QRS complex."""
SLOPE: Final = np.array([2.0, 1.0, 0.0, -1.0, -2.0]) / 8.0
"""The slope of a signal at its third newest sample, as Pan and Tompkins take it."""


class _Convolution:
    """A weighted sum of the newest samples, for each sample; before the first one there were zeros."""

    def __init__(self, weights: Signal) -> None:
        self._weights = weights
        self._before = np.zeros(len(weights) - 1)

    def __call__(self, values: Signal) -> Signal:
        joined = np.concatenate((self._before, values))
        self._before = joined[len(values) :]
        return np.convolve(joined, self._weights, "valid")


class Energy:
    """The squared slope of a signal of *rate* samples a second, averaged over the last `QRS_WIDTH`."""

    def __init__(self, rate: float) -> None:
        self.width: Final = round(QRS_WIDTH * rate)
        self.reach: Final = self.width + len(SLOPE) - 1
        """How many samples one energy is made of."""
        self._slope = _Convolution(SLOPE)
        self._mean = _Convolution(np.full(self.width, 1.0 / self.width))

    def __call__(self, values: Signal) -> Signal:
        """Return the energies of the next block, which is not empty: one a sample."""
        return self._mean(self._slope(values) ** 2)


class Crest(NamedTuple):
    """A peak of the energy."""

    at: int
    """The running number of the sample."""
    energy: float


class Crests:
    """Crests, found as they pass: one is over when half of it is gone, or *patience* samples later.

    The next one begins where the energy has doubled.
    """

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._rising = True
        self._extreme = Crest(0, 0.0)

    def passed(self, at: int, energy: float) -> Crest | None:
        """Take the next energy, that of sample *at*; return the crest that is now over, if one is."""
        crest = self._extreme
        if self._rising and (energy < crest.energy / 2 or at - crest.at > self._patience):
            self._rising, self._extreme = False, Crest(at, energy)
            return crest
        if not self._rising and energy > crest.energy * 2:
            self._rising = True
        if energy > crest.energy if self._rising else energy < crest.energy:
            self._extreme = Crest(at, energy)
        return None
