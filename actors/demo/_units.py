"""The demo's units: source -> band-pass -> R peaks -> heart rate -> alarm, in nested collections.

A unit here is thin: it hands messages to the signal processing next door and sends on what comes of them.
"""

from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

import attrs
import trio
from attrs.validators import gt, le

from actors import (
    Collection,
    InputStream,
    InputTopic,
    OutputStream,
    OutputTopic,
    Unit,
    crawl_components,
    publisher,
    subscriber,
)
from graphmeta import streams_of

from ._heart_rate import RateMeter
from ._messages import AlarmState, Beat, Filtered, HeartRate, Samples
from ._record import DEFAULT_RATE, check_rate, replay
from ._steps import FilterStep, PeakStep

ROOT: Final = "DEMO"
"""The name under which the demo runs; its addresses begin with it."""


@attrs.frozen
class DemoSettings:
    """Settings of the whole demo."""

    rate: float = attrs.field(
        default=DEFAULT_RATE,
        converter=check_rate,
        metadata={"description": "samples a second that the record is taken to have; an assumption"},
    )


@attrs.frozen
class AlarmSettings:
    """Settings of the alarm; they can change while it runs."""

    threshold: float = attrs.field(
        default=100.0,
        validator=[gt(0.0), le(300.0)],
        metadata={"description": "beats a minute above which the alarm is on"},
    )


class Source(Unit):
    """Replays the record in real time, in blocks."""

    SETTINGS = DemoSettings
    OUTPUT = OutputStream(Samples)

    @publisher(OUTPUT)
    async def replay(self) -> AsyncIterator[tuple[OutputStream[Samples], Samples]]:
        """Send each block when its last sample would have been taken."""
        rate = self.settings.rate
        started = trio.current_time()
        for first, values in replay(rate):
            # A deadline, not a pause: what a block takes to process does not add up over the day.
            await trio.sleep_until(started + (first + len(values)) / rate)
            yield self.OUTPUT, Samples(first, values, rate)


class Filter(Unit):
    """Passes the band that holds the QRS complex."""

    STATE = FilterStep
    INPUT = InputStream(Samples)
    OUTPUT = OutputStream(Filtered)

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def filter(self, samples: Samples) -> AsyncIterator[tuple[OutputStream[Filtered], Filtered]]:
        """Send the samples filtered."""
        yield self.OUTPUT, self.state.feed(samples)


class RPeaks(Unit):
    """Finds the R peaks."""

    STATE = PeakStep
    INPUT = InputStream(Filtered)
    OUTPUT = OutputStream(Beat)

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def find(self, filtered: Filtered) -> AsyncIterator[tuple[OutputStream[Beat], Beat]]:
        """Send a beat for every R peak that these samples complete."""
        for beat in self.state.feed(filtered):
            yield self.OUTPUT, beat


class Rate(Unit):
    """Turns beats into heart rates."""

    STATE = RateMeter
    INPUT = InputStream(Beat)
    OUTPUT = OutputStream(HeartRate)

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def measure(self, beat: Beat) -> AsyncIterator[tuple[OutputStream[HeartRate], HeartRate]]:
        """Send the heart rate as of this beat, from the second beat on."""
        rate = self.state.feed(beat)
        if rate is not None:
            yield self.OUTPUT, rate


@attrs.define
class LastRate:
    """What the alarm judges."""

    mean_bpm: float | None = None


class Alarm(Unit):
    """Judges every heart rate, and the last one again when the threshold changes."""

    SETTINGS = AlarmSettings
    STATE = LastRate
    INPUT = InputStream(HeartRate)
    INPUT_SETTINGS = InputStream(AlarmSettings)
    OUTPUT = OutputStream(AlarmState)

    @subscriber(INPUT)
    @publisher(OUTPUT)
    async def judge(self, rate: HeartRate) -> AsyncIterator[tuple[OutputStream[AlarmState], AlarmState]]:
        """Send the judgement of this heart rate."""
        self.state.mean_bpm = rate.mean_bpm
        yield self.OUTPUT, self._judgement()

    @subscriber(INPUT_SETTINGS)
    @publisher(OUTPUT)
    async def obey(self, settings: AlarmSettings) -> AsyncIterator[tuple[OutputStream[AlarmState], AlarmState]]:
        """Take new settings, and send what they make of the last heart rate at once."""
        self.apply_settings(settings)
        yield self.OUTPUT, self._judgement()

    def _judgement(self) -> AlarmState:
        mean, threshold = self.state.mean_bpm, self.settings.threshold
        return AlarmState(mean is not None and mean > threshold, mean, threshold)


class Detection(Collection):
    """From samples to beats."""

    INPUT = InputTopic(Samples)
    OUTPUT = OutputTopic(Beat)
    BAND_PASS = Filter()
    R_PEAKS = RPeaks()

    def network(self) -> Iterable[tuple[Any, Any]]:
        """Connect the filter with the detector."""
        return (
            (self.INPUT, self.BAND_PASS.INPUT),
            (self.BAND_PASS.OUTPUT, self.R_PEAKS.INPUT),
            (self.R_PEAKS.OUTPUT, self.OUTPUT),
        )


class Demo(Collection):
    """The whole pipeline."""

    SETTINGS = DemoSettings
    SOURCE = Source()
    DETECTION = Detection()
    HEART_RATE = Rate()
    ALARM = Alarm()

    def configure(self) -> None:
        """Hand the assumed rate down to the source; the others take it from its messages."""
        self.SOURCE.apply_settings(self.settings)

    def network(self) -> Iterable[tuple[Any, Any]]:
        """Connect everything in a row."""
        return (
            (self.SOURCE.OUTPUT, self.DETECTION.INPUT),
            (self.DETECTION.OUTPUT, self.HEART_RATE.INPUT),
            (self.HEART_RATE.OUTPUT, self.ALARM.INPUT),
        )


def demo_system(rate: float = DEFAULT_RATE) -> Demo:
    """Return the demo's pipeline, for a record of *rate* samples a second; run it as `ROOT`.

    Raises `InvalidRate` for a rate at which the record is no heartbeat.
    """
    return Demo(DemoSettings(rate))


def output_topics(system: Demo) -> tuple[str, ...]:
    """Return the topics that the units of a bound *system* publish on: each message comes on exactly one."""
    return tuple(
        port.address
        for component in crawl_components(system)
        if isinstance(component, Unit)
        for port in streams_of(component).values()
        if isinstance(port, OutputStream)
    )
