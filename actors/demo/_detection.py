"""R peaks of an electrocardiogram, found while it runs, after Pan and Tompkins (IEEE Trans. BME 32, 1985).

A crest of the energy is a beat if it rises over a threshold that follows what beats and noise have lately
been like. This file knows no unit, no clock and no filter.
"""

from typing import Final

import attrs
import numpy as np

from ._energy import Crest, Crests, Energy
from ._messages import Signal

LEARNING: Final = 2.0
"""Seconds of signal that set the first threshold; beats in them are reported late, not lost."""
REFRACTORY: Final = 0.2
"""Seconds after a beat in which no heart beats again."""
PATIENCE: Final = 2.0
"""Seconds without a beat that bring the threshold down, again and again: one artefact must not deafen."""
SILENCE: Final = 1e-12
"""Energies below are rounding errors, whether the signal counts volts or the steps of a converter."""

_FOLLOW: Final = 1 / 8


@attrs.define
class Levels:
    """What beats and noise have lately been like, as energies."""

    beat: float
    noise: float

    @property
    def threshold(self) -> float:
        """The energy from which on a crest is a beat."""
        return max(SILENCE, self.noise + (self.beat - self.noise) / 4)

    def follow(self, energy: float) -> bool:
        """Take a crest into account; tell whether it is a beat."""
        if energy < self.threshold:
            self.noise += _FOLLOW * (energy - self.noise)
            return False
        self.beat += _FOLLOW * (energy - self.beat)
        return True


class RPeakDetector:
    """Finds R peaks in a band-passed electrocardiogram of *rate* samples a second, fed in blocks of any size.

    Upright R waves only. A peak is reported about a quarter of a second after it came in; those of the first
    `LEARNING` seconds when these are over.
    """

    def __init__(self, rate: float) -> None:
        self._learning = round(LEARNING * rate)
        self._refractory = round(REFRACTORY * rate)
        self._patience = round(PATIENCE * rate)
        self._energy = Energy(rate)
        self._crests = Crests(2 * self._energy.width)
        self._levels: Levels | None = None
        self._waiting = np.empty(0)
        """Energies that nobody has judged yet."""
        self._recent = np.empty(0)
        """The newest signal, back to where the R peak of the oldest crest that can still end may stand."""
        self._count = 0
        self._last = -self._refractory
        self._lowered = 0

    def feed(self, values: Signal) -> list[int]:
        """Take the next block; return the R peaks found, numbered from the first sample ever fed."""
        if not len(values):
            return []
        self._count += len(values)
        self._recent = np.concatenate((self._recent, values))
        self._waiting = np.concatenate((self._waiting, self._energy(values)))
        while self._levels is None and len(self._waiting) >= self._learning:
            self._learn()
        peaks = [] if self._levels is None else self._judge_waiting(self._levels)
        self._recent = self._recent[-(len(self._waiting) + self._energy.reach + 3 * self._energy.width) :]
        return peaks

    def _learn(self) -> None:
        heard = self._waiting[: self._learning]
        if heard.max() > SILENCE:
            self._levels = Levels(float(heard.max()), float(heard.mean()))
        else:
            self._waiting = self._waiting[self._learning :]

    def _judge_waiting(self, levels: Levels) -> list[int]:
        start = self._count - len(self._waiting)
        found = (self._judge(levels, at, energy) for at, energy in enumerate(self._waiting.tolist(), start))
        peaks = [peak for peak in found if peak is not None]
        self._waiting = np.empty(0)
        return peaks

    def _judge(self, levels: Levels, at: int, energy: float) -> int | None:
        if at - max(self._last, self._lowered) > self._patience:
            levels.beat /= 4
            self._lowered = at
        crest = self._crests.passed(at, energy)
        if crest is None or crest.at - self._last < self._refractory or not levels.follow(crest.energy):
            return None
        self._last = crest.at
        return self._peak_before(crest)

    def _peak_before(self, crest: Crest) -> int:
        oldest = self._count - len(self._recent)
        start = max(crest.at - self._energy.reach + 1, oldest)
        return start + int(self._recent[start - oldest : crest.at - oldest + 1].argmax())
