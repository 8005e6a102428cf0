"""The demo's signal processing: what it finds in the record, and what it makes of records that are worse."""

from collections.abc import Iterable

import numpy as np
import pytest
import pywt.data
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.demo._band_pass import QRS_BAND, BandPass
from actors.demo._detection import Levels, RPeakDetector
from actors.demo._heart_rate import RateMeter, beats_a_minute
from actors.demo._messages import Beat, Filtered, HeartRate, Samples, Signal
from actors.demo._record import (
    DEFAULT_RATE,
    HIGHEST_RATE,
    LOWEST_RATE,
    InvalidRate,
    check_rate,
    record,
    replay,
)
from actors.demo._steps import FilterStep, PeakStep

R_PEAKS = (190, 518, 848)
LENGTH = 1024
LOOPS = 6
RATES = (LOWEST_RATE, 200.0, 250.0, 300.0, DEFAULT_RATE, 500.0, 720.0, 850.0, HIGHEST_RATE)

WITHIN = 2
"""Samples. The band-pass's lag is a whole number, that of an infinitely short pulse; an R wave is about 7
samples wide at half its height, so that its peak comes out up to two samples off. The heart rate takes little
harm: the peaks of one record are off to the same side."""


def peaks_in(values: Signal, rate: float = DEFAULT_RATE, blocks: Iterable[int] = (18,)) -> list[int]:
    """The R peaks that the demo's filter and detector find in *values*, cut into *blocks*, over and over."""
    band_pass, detector, sizes, found, at = BandPass(rate), RPeakDetector(rate), list(blocks), [], 0
    while at < len(values):
        for size in sizes:
            found += detector.feed(band_pass(values[at : at + size]))
            at += size
    return [peak - band_pass.lag for peak in found]


def looped(loops: int = LOOPS) -> Signal:
    return np.tile(record(), loops)


def true_peaks(loops: int = LOOPS) -> list[int]:
    return [loop * LENGTH + peak for loop in range(loops) for peak in R_PEAKS]


def assert_same_peaks(found: list[int], expected: list[int]) -> None:
    assert len(found) == len(expected), (found, expected)
    assert np.abs(np.subtract(found, expected)).max() <= WITHIN, (found, expected)


def after(start: int, peaks: list[int]) -> list[int]:
    return [peak for peak in peaks if peak > start]


# The record


def test_the_record_has_its_r_peaks_where_the_documents_say():
    values = record()
    assert len(values) == LENGTH
    for peak in R_PEAKS:
        assert values[peak] == values[peak - 60 : peak + 61].max()
    assert (values > 150).sum() == sum((values[peak - 8 : peak + 9] > 150).sum() for peak in R_PEAKS)


def test_the_record_is_a_copy_that_nobody_can_write_into():
    assert not np.shares_memory(record(), pywt.data.ecg())
    with pytest.raises(ValueError, match="read-only"):
        record()[0] = 1.0


def test_a_replay_goes_on_over_the_seam_with_running_numbers():
    blocks = replay(DEFAULT_RATE)
    expected = 0
    values = []
    while expected < 3 * LENGTH:
        first, block = next(blocks)
        assert (first, len(block)) == (expected, 18)
        values.append(block)
        expected += len(block)
    assert np.array_equal(np.concatenate(values), record()[np.arange(expected) % LENGTH])


@pytest.mark.parametrize("rate", [LOWEST_RATE, DEFAULT_RATE, HIGHEST_RATE])
def test_a_block_holds_fifty_milliseconds_of_signal(rate):
    _, block = next(replay(rate))
    assert abs(len(block) / rate - 0.05) <= 0.51 / rate


@pytest.mark.parametrize("rate", [0.0, -360.0, 149.9, 1000.1, float("nan"), float("inf")])
def test_a_rate_at_which_the_record_is_no_heartbeat_is_refused(rate):
    with pytest.raises(InvalidRate, match="150 to 1000 samples a second"):
        check_rate(rate)


# The messages


@pytest.mark.parametrize("cls", [Samples, lambda *args: Filtered(*args, lag=3)])
def test_a_message_cannot_be_written_into_by_one_of_its_subscribers(cls):
    values = np.zeros(18)
    message = cls(0, values, DEFAULT_RATE)
    with pytest.raises(ValueError, match="read-only"):
        message.values[0] = 1.0
    values[0] = 1.0  # whoever made the array may go on using it


# The band-pass


def gain(hertz: float) -> float:
    times = np.arange(round(8 * DEFAULT_RATE)) / DEFAULT_RATE
    out = BandPass(DEFAULT_RATE)(np.sin(2 * np.pi * hertz * times))
    return float(np.abs(out[len(out) // 2 :]).max())


def test_the_band_passes_and_the_wander_and_the_mains_do_not():
    assert gain(np.sqrt(QRS_BAND[0] * QRS_BAND[1])) > 0.95
    assert [gain(edge) for edge in QRS_BAND] == pytest.approx([0.707, 0.707], abs=0.02)
    assert gain(0.3) < 0.01
    assert gain(50.0) < 0.25


def test_the_band_pass_starts_without_ringing():
    assert np.abs(BandPass(DEFAULT_RATE)(np.full(720, -86.0))).max() < 1e-9


def test_the_band_pass_takes_an_empty_block_at_any_time():
    band_pass, whole = BandPass(DEFAULT_RATE), BandPass(DEFAULT_RATE)(record())
    parts = [band_pass(values) for values in (record()[:0], record()[:500], record()[:0], record()[500:])]
    assert np.allclose(np.concatenate(parts), whole, atol=1e-9)


@given(st.lists(st.integers(0, 200), min_size=1, max_size=8).filter(any))
@settings(max_examples=25, deadline=None)
def test_how_the_signal_is_cut_makes_no_difference(blocks):
    signal = looped(3)
    assert peaks_in(signal, blocks=blocks) == peaks_in(signal, blocks=[len(signal)])


# The R peaks


@pytest.mark.parametrize("rate", RATES)
def test_every_r_peak_is_found_where_it_stands_at_every_rate(rate):
    assert_same_peaks(peaks_in(looped(LOOPS + 1), rate)[: 3 * LOOPS], true_peaks())


def test_beats_of_the_first_seconds_are_reported_late_but_not_lost():
    band_pass, detector = BandPass(DEFAULT_RATE), RPeakDetector(DEFAULT_RATE)
    signal = looped(1)
    assert detector.feed(band_pass(signal[:719])) == []
    found = detector.feed(band_pass(signal[719:720]))
    assert_same_peaks([peak - band_pass.lag for peak in found], [190, 518])


def test_a_beat_is_reported_within_three_tenths_of_a_second():
    band_pass, detector = BandPass(DEFAULT_RATE), RPeakDetector(DEFAULT_RATE)
    detector.feed(band_pass(looped(2)))
    reported = [
        (2 * LENGTH + first + 1, peak - band_pass.lag)
        for first in range(2 * LENGTH)
        for peak in detector.feed(band_pass(record()[first % LENGTH :][:1]))
    ]
    assert_same_peaks([peak for _, peak in reported], true_peaks(4)[6:])
    assert max(at - peak for at, peak in reported) <= 0.3 * DEFAULT_RATE


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1e5])
def test_the_unit_of_the_signal_does_not_matter(scale):
    assert peaks_in(looped() * scale) == peaks_in(looped())


TIMES = np.arange(LOOPS * LENGTH) / DEFAULT_RATE
DISTURBANCES = {
    "a baseline that wanders": 500 * np.sin(2 * np.pi * 0.3 * TIMES),
    "mains hum": 50 * np.sin(2 * np.pi * 50 * TIMES),
    "white noise": np.random.default_rng(1).normal(0, 10, len(TIMES)),
}


@pytest.mark.parametrize("disturbance", DISTURBANCES.values(), ids=DISTURBANCES)
def test_r_peaks_are_found_under(disturbance):
    found = peaks_in(looped() + disturbance)
    assert len(found) == len(true_peaks())
    assert np.abs(np.subtract(found, true_peaks())).max() <= WITHIN + 2  # noise moves a peak, too


@pytest.mark.parametrize("level", [0.0, -86.0, 1e6])
def test_a_flat_line_has_no_beats(level):
    assert peaks_in(np.full(10_000, level)) == []


def test_a_heart_that_starts_after_a_flat_line_is_heard():
    silence = 4_700
    signal = np.concatenate((np.full(silence, record()[0]), looped()))
    assert_same_peaks(peaks_in(signal), [silence + peak for peak in true_peaks()])


def test_rounding_errors_are_no_beats():
    noise = np.random.default_rng(1).normal(0, 1e-8, 10_000)
    assert RPeakDetector(DEFAULT_RATE).feed(noise) == []


def test_rounding_errors_are_no_beats_after_a_heart_has_stopped():
    noise = np.random.default_rng(1).normal(0, 1e-8, 36_000)
    noise[np.arange(len(noise)) % 144 < 108] = 0.0
    noise[:1080] += pulses(1.0, 2.0, seconds=3.0)
    assert RPeakDetector(DEFAULT_RATE).feed(noise) == samples_of(1.0, 2.0)


def test_an_empty_block_is_no_signal():
    detector, signal = RPeakDetector(DEFAULT_RATE), pulses(0.5, 1.5, seconds=2.0)
    detector.feed(signal[:400])
    assert [detector.feed(signal[:0]) for _ in range(400)] == [[]] * 400
    assert detector.feed(signal[400:719]) == []
    assert detector.feed(signal[719:]) == samples_of(0.5, 1.5)


def pulses(*times: float, seconds: float = 10.0) -> Signal:
    """A filtered signal with a short pulse at each of these seconds."""
    clock = np.arange(round(seconds * DEFAULT_RATE)) / DEFAULT_RATE
    shapes = [np.exp(-0.5 * ((clock - at) / 0.008) ** 2) for at in times]
    return np.sum(shapes, axis=0)


def samples_of(*times: float) -> list[int]:
    return [round(at * DEFAULT_RATE) for at in times]


def test_a_second_pulse_within_the_refractory_time_is_no_beat():
    beats = (1.0, 2.0, 3.0, 4.0, 5.0)
    echo = pulses(*(at + 0.18 for at in beats))
    assert RPeakDetector(DEFAULT_RATE).feed(pulses(*beats) + echo) == samples_of(*beats)


def test_a_burst_without_an_end_is_one_beat_at_its_beginning():
    signal = pulses(1.0, 2.0)
    start, end = samples_of(3.0, 9.0)
    signal[start:end] = np.sin(2 * np.pi * 7 * np.arange(end - start) / DEFAULT_RATE)
    *beats, burst = RPeakDetector(DEFAULT_RATE).feed(signal)
    assert beats == samples_of(1.0, 2.0)
    assert start <= burst <= start + 0.5 * DEFAULT_RATE


def test_the_threshold_stands_a_quarter_of_the_way_from_noise_to_beats_and_follows_both():
    levels = Levels(beat=12.0, noise=4.0)
    assert levels.threshold == 6.0
    assert not levels.follow(5.99)
    assert (levels.beat, levels.noise) == (12.0, 4.0 + 1.99 / 8)
    assert levels.follow(20.0)
    assert (levels.beat, levels.noise) == (13.0, 4.0 + 1.99 / 8)


def test_beats_are_found_again_after_a_huge_artefact():
    signal = looped(10)
    signal[3_000:3_020] += 10_000.0
    found, expected = peaks_in(signal), true_peaks(10)
    recovered = 3_020 + round(8.5 * DEFAULT_RATE)
    assert_same_peaks(after(recovered, found), after(recovered, expected))


def test_beats_are_found_again_after_an_electrode_was_off():
    signal = looped(12)
    signal[3_000:8_000] = signal[2_999]
    found, expected = peaks_in(signal), true_peaks(12)
    assert not [peak for peak in found if 3_100 < peak < 8_000]
    assert_same_peaks(after(9_000, found), after(9_000, expected))


def test_a_steady_tone_leaves_the_detector_small():
    detector = RPeakDetector(DEFAULT_RATE)
    tone = np.sin(2 * np.pi * 10 * np.arange(36_000) / DEFAULT_RATE)
    for start in range(0, len(tone), 18):
        detector.feed(tone[start : start + 18])
    assert len(detector._recent) + len(detector._waiting) < 2 * DEFAULT_RATE


def test_the_steps_name_peaks_as_the_source_numbers_its_samples():
    late = 5 * LENGTH + 100  # whoever subscribes late hears its first sample somewhere in the middle
    filter_step, peak_step, beats = FilterStep(), PeakStep(), []
    for first, values in replay(DEFAULT_RATE):
        if first >= late + 6 * LENGTH:
            break
        if first >= late:
            filtered = filter_step.feed(Samples(first, values, DEFAULT_RATE))
            assert (filtered.first, len(filtered.values)) == (first, len(values))
            beats += peak_step.feed(filtered)
    assert {beat.rate for beat in beats} == {DEFAULT_RATE}
    expected = [peak for peak in true_peaks(12) if late < peak < late + 6 * LENGTH - 100]
    assert_same_peaks([beat.sample for beat in beats][: len(expected)], expected)


# The heart rate


def heart_rates(peaks: Iterable[int], rate: float = DEFAULT_RATE) -> list[HeartRate]:
    meter = RateMeter()
    return [found for peak in peaks if (found := meter.feed(Beat(peak, rate))) is not None]


def test_a_heart_rate_takes_two_beats():
    assert heart_rates([190]) == []
    assert heart_rates([190, 518]) == [HeartRate(518, 60 * 360 / 328, 60 * 360 / 328)]


def test_the_mean_is_that_of_the_last_six_intervals():
    rates = heart_rates([0, 1000, *range(1300, 1300 + 300 * 6, 300)])
    assert [round(rate.bpm, 3) for rate in rates] == [21.6] + [72.0] * 6
    assert rates[5].mean_bpm == pytest.approx(60 * 360 / ((1000 + 5 * 300) / 6))
    assert rates[6].mean_bpm == pytest.approx(72.0)


@pytest.mark.parametrize("rate", RATES)
def test_the_heart_rate_agrees_with_the_r_peaks_of_the_record(rate):
    rates = heart_rates(peaks_in(looped(LOOPS + 1), rate)[: 3 * LOOPS], rate)
    three_beats_a_loop = 60 * rate * 3 / LENGTH
    assert rates[-1].mean_bpm == pytest.approx(three_beats_a_loop, rel=0.005)
    intervals = [rate * 60 / one.bpm for one in rates[:3]]
    assert intervals == pytest.approx([518 - 190, 848 - 518, LENGTH - 848 + 190], abs=WITHIN)


def test_the_record_at_360_hertz_beats_about_66_times_a_minute_between_neighbours():
    assert beats_a_minute(518 - 190, DEFAULT_RATE) == pytest.approx(65.85, abs=0.01)
    assert beats_a_minute(LENGTH / 3, DEFAULT_RATE) == pytest.approx(63.28, abs=0.01)
