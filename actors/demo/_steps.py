"""The signal processing as steps from message to message, each made for the rate of the first one that comes.

This file knows neither units nor time; `RateMeter` is a step already.
"""

from ._band_pass import BandPass
from ._detection import RPeakDetector
from ._messages import Beat, Filtered, Samples


class FilterStep:
    """From samples to samples in the band of the QRS complex."""

    def __init__(self) -> None:
        self._band_pass: BandPass | None = None

    def feed(self, samples: Samples) -> Filtered:
        """Take the next samples; return as many, filtered."""
        if self._band_pass is None:
            self._band_pass = BandPass(samples.rate)
        return Filtered(samples.first, self._band_pass(samples.values), samples.rate, self._band_pass.lag)


class PeakStep:
    """From filtered samples to beats."""

    def __init__(self) -> None:
        self._detector: RPeakDetector | None = None
        self._first = 0

    def feed(self, filtered: Filtered) -> list[Beat]:
        """Take the next samples; return the beats found, where they stand in the source's signal."""
        if self._detector is None:
            self._detector, self._first = RPeakDetector(filtered.rate), filtered.first
        found = self._detector.feed(filtered.values)
        return [Beat(self._first + peak - filtered.lag, filtered.rate) for peak in found]
