"""The demo in a real graph under a real runner, on a clock that does not wait."""

import pytest
import trio
import trio.testing

from actors import open_graph, open_runner, open_session
from actors.demo import ROOT, AlarmSettings, Monitor, demo_system, output_topics
from actors.demo._hints import ALARM, crossing

RATE = 360.0


@pytest.fixture
async def demo(autojump_clock):
    """A running demo: its graph, a session that watches, and the monitor that it fills."""
    system, monitor = demo_system(RATE), Monitor(RATE, AlarmSettings().threshold, at=trio.current_time())
    async with open_graph() as graph, open_session(graph, name="view") as session:

        async def listen(topic, *, task_status=trio.TASK_STATUS_IGNORED):
            async with session.subscriber(topic) as messages:
                task_status.started()
                async for message in messages:
                    monitor.take(message, at=trio.current_time())

        async with trio.open_nursery() as listeners, open_runner({ROOT: system}, graph=graph):
            for topic in output_topics(system):
                await listeners.start(listen, topic)
            yield graph, session, monitor
            listeners.cancel_scope.cancel()


async def test_the_running_demo_finds_the_heart_rate_of_the_record(demo, autojump_clock):
    graph, _, monitor = demo
    await trio.sleep(10 * 1024 / RATE)
    state = monitor.state(graph.snapshot(), at=trio.current_time())
    assert state.mean_bpm == pytest.approx(60 * RATE * 3 / 1024, rel=0.005)
    assert state.beats == 30
    assert state.messages_per_second == pytest.approx(43, abs=1.5)
    assert "DEMO/SOURCE/OUTPUT" in state.snapshot.graph


async def test_the_threshold_is_crossed_while_the_demo_runs_and_crossed_back(demo, autojump_clock):
    _, session, monitor = demo
    await trio.sleep(5.0)
    seen = []
    for _ in range(2):
        threshold, effect = crossing(monitor.state(at=trio.current_time()))
        await session.update_setting(ALARM, "threshold", threshold)
        await trio.testing.wait_all_tasks_blocked()
        state = monitor.state(at=trio.current_time())
        seen.append((threshold, effect, state.threshold, state.alarm))
    assert seen == [(60, "on", 60.0, True), (70, "off", 70.0, False)]


async def test_a_threshold_out_of_bounds_changes_nothing(demo, autojump_clock):
    _, session, monitor = demo
    await trio.sleep(3.0)
    with pytest.raises(Exception, match="threshold") as refused:
        await session.update_setting(ALARM, "threshold", 1000.0)
    assert "300" in str(refused.value)
    await trio.sleep(1.0)
    assert monitor.state(at=trio.current_time()).threshold == 100.0
