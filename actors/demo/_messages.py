"""What the demo's units tell each other: frozen records that one process passes by reference.

A record says which sample of the replayed signal it speaks of, and at how many samples a second, so that no
unit shares a clock or a setting with another. This file knows NumPy's arrays, not what is done with them.
"""

from typing import TypeAlias

import attrs
import numpy as np
from numpy.typing import NDArray

Signal: TypeAlias = NDArray[np.float64]


def _sealed(values: Signal) -> Signal:
    """Return a read-only view: subscribers share a message, and none may change it for the others."""
    view = values.view()
    view.flags.writeable = False
    return view


@attrs.frozen(eq=False)
class Samples:
    """A stretch of signal. Two are never compared: arrays have no single truth."""

    first: int
    """The running number of the first sample."""
    values: Signal = attrs.field(converter=_sealed)
    rate: float
    """Samples a second."""


@attrs.frozen(eq=False)
class Filtered(Samples):
    """A stretch of signal that a filter has passed, sample by sample, and delayed."""

    lag: int
    """By how many samples a peak shows later here than in the signal that went in."""


@attrs.frozen
class Beat:
    """One heartbeat: its R peak."""

    sample: int
    """Where the R peak stands in the source's signal."""
    rate: float
    """Samples a second."""


@attrs.frozen
class HeartRate:
    """How fast the heart beats, as of one beat."""

    sample: int
    """The R peak that ended the interval."""
    bpm: float
    """Beats a minute, from the last interval alone."""
    mean_bpm: float
    """Beats a minute, from the mean of the last intervals."""


@attrs.frozen
class AlarmState:
    """The alarm's judgement of one heart rate under one threshold."""

    on: bool
    mean_bpm: float | None
    """None before there is one; then the alarm is off."""
    threshold: float
    """Beats a minute."""
