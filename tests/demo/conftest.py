"""What several tests of the demo need: its pipeline bound, its graph as a snapshot, and a way to run it by hand."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any
from uuid import UUID

import pytest

from actors.demo import ROOT, demo_system
from actors.demo._units import Demo
from graphmeta import (
    GraphSnapshot,
    SnapshotSession,
    TaskSpec,
    Unit,
    bind,
    collect_edges,
    crawl_components,
    describe,
    tasks_of,
)

Heard = list[tuple[str, Any]]
"""Messages with the topics that they were published on, in order."""


@pytest.fixture
def bound_demo() -> Demo:
    """The demo's pipeline as it is before it runs, at the default rate."""
    return bind(ROOT, demo_system())


@pytest.fixture
def demo_snapshot() -> GraphSnapshot:
    """The graph in which one session runs the demo."""
    system = bind(ROOT, demo_system())
    edges = tuple(sorted(collect_edges([system])))
    session = SnapshotSession("demo", "local", 1.7e9, edges=edges, metadata=describe(system))
    return GraphSnapshot(UUID(int=1), 7, sessions={UUID(int=2): session})


@pytest.fixture
def run_by_hand() -> Callable[[Demo, float], Any]:
    """Run a bound pipeline for some seconds of signal, without any runtime: ``await run_by_hand(system, 5.0)``."""
    return _run_by_hand


async def _run_by_hand(system: Demo, seconds: float) -> Heard:
    tasks = _tasks_by_topic(system)
    reached = _reached_by_topic(system)
    heard: Heard = []

    async def publish(outcome: AsyncIterator[tuple[Any, Any]]) -> None:
        async for stream, message in outcome:
            heard.append((stream.address, message))
            for topic in reached(stream.address):
                for task in tasks.get(topic, ()):
                    await publish(task.function(message))

    async def source() -> AsyncIterator[tuple[Any, Any]]:
        (task,) = tasks_of(system.SOURCE)
        async with aclosing(task.function()) as blocks:
            async for stream, samples in blocks:
                if samples.first >= seconds * samples.rate:
                    return
                yield stream, samples

    await publish(source())
    return heard


def _tasks_by_topic(system: Demo) -> dict[str, list[TaskSpec]]:
    tasks: dict[str, list[TaskSpec]] = {}
    for component in crawl_components(system):
        if isinstance(component, Unit):
            for task in tasks_of(component):
                if task.subscribes is not None:
                    tasks.setdefault(task.subscribes.address, []).append(task)
    return tasks


def _reached_by_topic(system: Demo) -> Callable[[str], Iterator[str]]:
    edges = collect_edges([system])

    def reached(topic: str) -> Iterator[str]:
        for edge in edges:
            if edge.from_topic == topic:
                yield edge.to_topic
                yield from reached(edge.to_topic)

    return reached
