"""How units and collections are declared, for the type checkers: a line marked E must be refused, no other.

A line marked P is refused by pyright alone: it takes no ``Any`` where a class is wanted. ``object`` suits both.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any, assert_type

import attrs

from graphmeta import (
    Collection,
    InputRelay,
    InputStream,
    InputTopic,
    OutputStream,
    OutputTopic,
    Topic,
    Unit,
    bind,
    components_of,
    main,
    publisher,
    streams_of,
    subscriber,
    task,
    tasks_of,
    thread,
)


@attrs.frozen
class GainSettings:
    gain: float = 1.0


@attrs.frozen
class FinerSettings(GainSettings):
    fine: float = 0.0


@dataclass
class Count:
    seen: int = 0


class Gain(Unit):
    SETTINGS = GainSettings
    STATE = Count
    INPUT_SETTINGS = InputStream(GainSettings)
    INPUT = InputStream(float)
    OUTPUT = OutputStream(float)
    MAYBE: OutputStream[float | None] = OutputStream(float | None)
    ANY = InputStream(Any)  # P
    THING = InputStream(object)

    @subscriber(INPUT)
    @publisher(OUTPUT, MAYBE)
    async def scale(self, value: float) -> AsyncIterator[tuple[OutputStream[Any], Any]]:
        self.state.seen += 1
        self.STATE.seen += 1
        yield self.OUTPUT, value * self.settings.gain * self.SETTINGS.gain

    @subscriber(INPUT_SETTINGS)
    async def follow(self, settings: GainSettings) -> None:
        self.apply_settings(settings)
        _ = self.settings.loudness  # E: [attr-defined]
        _ = self.state.heard  # E: [attr-defined]

    @task
    async def idle(self) -> None: ...

    @main
    def window(self) -> None: ...

    @thread
    def poll(self) -> None: ...

    async def initialize(self) -> None:
        assert_type(self.settings, GainSettings)
        assert_type(self.state, Count)
        assert_type(self.INPUT, InputStream[float])
        assert_type(self.OUTPUT.address, str)
        assert_type(self.address, str | None)


class Finer(Gain):
    SETTINGS = FinerSettings

    async def shutdown(self) -> None:
        assert_type(self.settings, FinerSettings)


class System(Collection):
    SETTINGS = GainSettings
    IN = InputTopic(float)
    OUT = OutputTopic(float)
    ANY = Topic(Any)  # P
    RELAY = InputRelay(float, leaky=True, max_queue=4, copy_on_forward=False)
    GAIN = Gain(GainSettings(2.0))
    FINER = Finer()

    def configure(self) -> None:
        self.GAIN.apply_settings(self.settings)

    def network(self) -> Iterable[tuple[Any, Any]]:
        return ((self.GAIN.OUTPUT, self.FINER.INPUT), (self.RELAY, "ELSEWHERE"))

    def process_components(self) -> tuple[Gain, ...]:
        return (self.GAIN, self.FINER)


system = bind("SYS", System())
assert_type(system, System)
assert_type(system.GAIN, Gain)
assert_type(system.RELAY, InputRelay[float])
assert_type(Gain(gain=2.0).settings, GainSettings)
streams_of(system)
components_of(system)
tasks_of(system.GAIN)

InputStream(float, leaky="no")  # E: [arg-type]
InputStream("float")  # E: [arg-type]
OutputStream(float, leaky=True)  # E: [call-arg]
wrong: InputStream[int] = InputStream(str)  # E: [arg-type]
publisher(InputStream(float))  # E: [arg-type]
subscriber(OutputStream(float))  # E: [arg-type]
subscriber()  # E: [call-arg]
tasks_of(system)  # E: [arg-type]
bind("SYS", "SYS")  # E: [type-var]
system.GAIN.address = "A"  # E: [misc]
