"""The demo's units and how they are connected: driven by hand, task by task, without a runtime."""

import pickle
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import msgspec
import numpy as np
import pytest
import trio

from actors.demo import (
    ROOT,
    Alarm,
    AlarmSettings,
    AlarmState,
    Beat,
    Demo,
    Filter,
    Filtered,
    HeartRate,
    InvalidRate,
    Monitor,
    Rate,
    RPeaks,
    Samples,
    Source,
    demo_system,
    output_topics,
)
from actors.demo._hints import ALARM
from graphmeta import (
    InvalidSettings,
    bind,
    collect_edges,
    crawl_components,
    describe,
    patch,
    readable,
    settings_schema,
    tasks_of,
)

RATE = 360.0
R_PEAKS = (190, 518, 848)
WITHIN = 2  # samples; the tests of the detection say why


async def sent(outcome: AsyncIterator[tuple[Any, Any]]) -> list[Any]:
    """The messages that a task yields."""
    return [message async for _, message in outcome]


def by_topic(heard: list[tuple[str, Any]], topic: str) -> list[Any]:
    return [message for address, message in heard if address == topic]


# The pipeline


def test_the_pipeline_runs_from_the_source_to_the_alarm(bound_demo):
    assert sorted(f"{a} -> {b}" for a, b in collect_edges([bound_demo])) == [
        "DEMO/DETECTION/BAND_PASS/OUTPUT -> DEMO/DETECTION/R_PEAKS/INPUT",
        "DEMO/DETECTION/INPUT -> DEMO/DETECTION/BAND_PASS/INPUT",
        "DEMO/DETECTION/OUTPUT -> DEMO/HEART_RATE/INPUT",
        "DEMO/DETECTION/R_PEAKS/OUTPUT -> DEMO/DETECTION/OUTPUT",
        "DEMO/HEART_RATE/OUTPUT -> DEMO/ALARM/INPUT",
        "DEMO/SOURCE/OUTPUT -> DEMO/DETECTION/INPUT",
    ]


def test_its_components_have_their_addresses(bound_demo):
    assert {component.address: type(component).__name__ for component in crawl_components(bound_demo)} == {
        "DEMO": "Demo",
        "DEMO/SOURCE": "Source",
        "DEMO/DETECTION": "Detection",
        "DEMO/DETECTION/BAND_PASS": "Filter",
        "DEMO/DETECTION/R_PEAKS": "RPeaks",
        "DEMO/HEART_RATE": "Rate",
        "DEMO/ALARM": "Alarm",
    }
    assert bound_demo.ALARM.address == ALARM


def test_every_message_comes_on_one_output_topic(bound_demo):
    assert output_topics(bound_demo) == (
        "DEMO/SOURCE/OUTPUT",
        "DEMO/DETECTION/BAND_PASS/OUTPUT",
        "DEMO/DETECTION/R_PEAKS/OUTPUT",
        "DEMO/HEART_RATE/OUTPUT",
        "DEMO/ALARM/OUTPUT",
    )
    assert not {edge.to_topic for edge in collect_edges([bound_demo])} & set(output_topics(bound_demo))


def test_only_the_alarm_takes_settings_while_it_runs(bound_demo):
    metadata = describe(bound_demo)
    dynamic = {address for address, one in metadata.components.items() if one.dynamic_settings.enabled}
    assert dynamic == {ALARM}


def test_its_metadata_names_classes_by_their_public_place(bound_demo):
    units = describe(bound_demo).units.values()
    ports = [port for unit in units for port in (*unit.input_streams.values(), *unit.output_streams.values())]
    names = {unit.component_type for unit in units} | {port.message_type for port in ports}
    assert not {name for name in names if not name.startswith("actors.demo") or "_" in name}
    assert pickle.loads(pickle.dumps(AlarmSettings(60.0))) == AlarmSettings(60.0)


async def test_its_heart_rate_agrees_with_the_r_peaks_of_the_record(bound_demo, run_by_hand, autojump_clock):
    heard = await run_by_hand(bound_demo, 6 * 1024 / RATE)
    beats = by_topic(heard, "DEMO/DETECTION/R_PEAKS/OUTPUT")
    expected = [loop * 1024 + peak for loop in range(6) for peak in R_PEAKS]
    assert [beat.sample for beat in beats] == pytest.approx(expected, abs=WITHIN)
    rates = by_topic(heard, "DEMO/HEART_RATE/OUTPUT")
    assert [rate.bpm for rate in rates[:3]] == pytest.approx([65.9, 65.5, 59.0], abs=0.5)
    assert rates[-1].mean_bpm == pytest.approx(60 * RATE * 3 / 1024, rel=0.005)
    assert [rate.sample for rate in rates] == [beat.sample for beat in beats[1:]]


async def test_every_message_of_the_pipeline_reaches_a_monitor(bound_demo, run_by_hand, autojump_clock):
    heard = await run_by_hand(bound_demo, 10.0)
    monitor = Monitor(RATE, 100.0, at=0.0)
    for _, message in heard:
        monitor.take(message, at=10.0)
    state = monitor.state(at=10.0)
    assert (state.messages, state.beats, state.alarm) == (len(heard), 10, False)
    assert {address for address, _ in heard} == set(output_topics(bound_demo))
    assert state.peaks[-1] == by_topic(heard, "DEMO/DETECTION/R_PEAKS/OUTPUT")[-1].sample


async def test_two_pipelines_share_nothing(run_by_hand, autojump_clock):
    one, two = (bind(name, demo_system(rate)) for name, rate in (("ONE", 360.0), ("TWO", 720.0)))
    first, second = [await run_by_hand(system, 8.0) for system in (one, two)]
    assert by_topic(first, "ONE/HEART_RATE/OUTPUT")[-1].mean_bpm == pytest.approx(63.3, abs=0.5)
    assert by_topic(second, "TWO/HEART_RATE/OUTPUT")[-1].mean_bpm == pytest.approx(126.6, abs=1.0)


@pytest.mark.parametrize("rate", [0.0, 100.0, 1e6, float("nan")])
def test_a_pipeline_for_an_impossible_rate_is_refused(rate):
    with pytest.raises(InvalidRate):
        demo_system(rate)


def test_a_pipeline_can_be_bound_under_the_name_of_the_demo():
    assert bind(ROOT, demo_system()).address == "DEMO"


# The source


async def test_a_block_is_sent_when_its_last_sample_is_there(autojump_clock):
    started, source, came = trio.current_time(), Demo().SOURCE, []
    async with aclosing(source.replay()) as blocks:
        while len(came) < 100:
            stream, samples = await anext(blocks)
            assert (stream, samples.rate, len(samples.values)) == (source.OUTPUT, RATE, 18)
            came.append((trio.current_time() - started, samples.first))
    assert came == [(pytest.approx((number + 1) * 0.05), number * 18) for number in range(100)]


async def test_a_slow_subscriber_makes_the_source_catch_up_not_drift(autojump_clock):
    started, times = trio.current_time(), []
    async with aclosing(Source().replay()) as blocks:
        while len(times) < 20:
            await anext(blocks)
            times.append(trio.current_time() - started)
            if len(times) == 3:
                await trio.sleep(0.3)
    assert times[3:9] == pytest.approx([0.45] * 6)
    assert times[9:] == pytest.approx([(number + 1) * 0.05 for number in range(9, 20)])


async def test_the_source_can_be_cancelled_at_any_block(autojump_clock):
    with trio.move_on_after(1.0) as scope:
        async with aclosing(Source().replay()) as blocks:
            async for _ in blocks:
                pass
    assert scope.cancelled_caught


# The other units


async def test_the_filter_sends_as_many_samples_as_it_takes():
    (filtered,) = await sent(Filter().filter(Samples(36, np.ones(18), RATE)))
    assert (type(filtered), filtered.first, len(filtered.values), filtered.rate) == (Filtered, 36, 18, RATE)


async def test_a_stretch_without_an_r_peak_sends_no_beat():
    quiet = Filtered(0, np.zeros(720), RATE, 3)
    assert await sent(RPeaks().find(quiet)) == []


async def test_the_first_beat_gives_no_heart_rate():
    unit = Rate()
    assert await sent(unit.measure(Beat(190, RATE))) == []
    (rate,) = await sent(unit.measure(Beat(518, RATE)))
    assert rate.sample == 518


# The alarm


def heart_rate(mean: float) -> HeartRate:
    return HeartRate(0, 0.0, mean)


async def test_the_alarm_is_on_above_its_threshold_and_off_at_it():
    alarm = Alarm(AlarmSettings(70.0))
    judged = [(await sent(alarm.judge(heart_rate(mean))))[0] for mean in (69.0, 70.0, 70.1, 69.9)]
    assert [state.on for state in judged] == [False, False, True, False]
    assert judged[2] == AlarmState(True, 70.1, 70.0)


async def test_a_new_threshold_is_crossed_at_once():
    alarm = Alarm()
    assert await sent(alarm.judge(heart_rate(63.3))) == [AlarmState(False, 63.3, 100.0)]
    assert await sent(alarm.obey(AlarmSettings(60.0))) == [AlarmState(True, 63.3, 60.0)]
    assert alarm.settings == AlarmSettings(60.0)
    assert await sent(alarm.judge(heart_rate(59.0))) == [AlarmState(False, 59.0, 60.0)]
    assert await sent(alarm.obey(AlarmSettings(70.0))) == [AlarmState(False, 59.0, 70.0)]


async def test_before_the_first_heart_rate_the_alarm_is_off_under_any_threshold():
    assert await sent(Alarm().obey(AlarmSettings(1.0))) == [AlarmState(False, None, 1.0)]


def test_the_alarm_has_one_task_for_each_of_its_inputs(bound_demo):
    alarm = bound_demo.ALARM
    assert {task.subscribes.name: task.name for task in tasks_of(alarm)} == {
        "INPUT": "judge",
        "INPUT_SETTINGS": "obey",
    }


def test_a_threshold_can_be_set_as_a_whole_number():
    assert patch(AlarmSettings(), "threshold", 60) == AlarmSettings(60.0)
    assert readable(AlarmSettings(60.0)) == {"threshold": 60.0}


@pytest.mark.parametrize("value", [0, -1, 301, float("nan"), "high", None, True])
def test_a_threshold_that_no_heart_can_cross_is_refused(value):
    with pytest.raises(InvalidSettings):
        patch(AlarmSettings(), "threshold", value)


def test_the_threshold_describes_itself():
    (field,) = settings_schema(AlarmSettings)
    assert (field.path, field.default, field.minimum, field.maximum) == ("threshold", 100.0, 0.0, 300.0)
    assert "beats a minute" in field.description


# The messages


@pytest.mark.parametrize("message", [Beat(190, RATE), HeartRate(518, 65.9, 65.9), AlarmState(True, 63.3, 60.0)])
def test_what_is_not_a_signal_can_leave_the_process(message):
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=type(message)) == message


# What is imported when


def in_a_process_of_its_own(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_the_demo_alone_needs_the_extra():
    code = "import actors, graphmeta, sys; print({'numpy', 'scipy', 'pywt', 'actors.demo'} & set(sys.modules))"
    assert in_a_process_of_its_own(code) == "set()\n"


@pytest.mark.parametrize("missing", ["numpy", "scipy", "pywt"])
def test_without_the_extra_the_demo_is_an_import_error_that_names_what_is_missing(missing):
    code = (
        f"import sys\nsys.modules[{missing!r}] = None\n"
        "try:\n    import actors.demo\nexcept ImportError as error:\n    print(error.name.partition('.')[0])"
    )
    assert in_a_process_of_its_own(code) == f"{missing}\n"
