"""A unit as an actor: its endpoints open when it starts, its tasks live in its own scope, its end shuts it down."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Final

import attrs
import trio

from actors._data import Publisher, Subscriber
from actors._floor import Actor
from actors._graph import Session, SessionError, SettingsRefused
from graphmeta import (
    INPUT_SETTINGS,
    Complete,
    GraphError,
    InputStream,
    NormalTermination,
    OutputStream,
    TaskSpec,
    Unit,
    patch,
    readable,
    streams_of,
    tasks_of,
)

from ._gate import Gate


@attrs.define(eq=False)
class Progress:
    """How far the tasks of all units are; shared by the units of one runner."""

    started: trio.Event = attrs.field(factory=trio.Event)
    """Set when every unit is ready: no message is sent before its subscribers are there."""
    done: trio.Event = attrs.field(factory=trio.Event)
    """Set when every task has ended, or one asked for the end of all."""
    running: int = 0

    def enter(self) -> None:
        """A task was made."""
        self.running += 1

    def leave(self) -> None:
        """A task has ended."""
        self.running -= 1
        if not self.running and self.started.is_set():
            self.done.set()

    def start(self) -> None:
        """Let the tasks go."""
        self.started.set()
        if not self.running:
            self.done.set()


class UnitActor(Actor):
    """Runs one unit. An error that its code does not handle crashes it, with the unit's address as a note."""

    expected = (GraphError, SessionError)

    def __init__(self, unit: Unit, session: Session, progress: Progress) -> None:
        self._unit: Final = unit
        self._session: Final = session
        self._progress: Final = progress
        self._gate: Final = Gate()
        self._stack: Final = AsyncExitStack()
        self._publishers: dict[str, Publisher] = {}

    async def started(self) -> None:
        """Open the endpoints, initialize the unit, and make its tasks wait for the common start."""
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise

    async def stopping(self) -> None:
        """Shut the unit down and close its endpoints."""
        try:
            await self._unit.shutdown()
        finally:
            await self._stack.aclose()

    async def apply_setting(self, path: str, value: Any) -> Any:
        """Patch one field and have the unit take the result; returns its settings in readable form."""
        if INPUT_SETTINGS not in streams_of(self._unit):
            raise SettingsRefused(self._address, f"it has no {INPUT_SETTINGS}")
        settings = patch(self._unit.settings, path, value)
        try:
            await self._take(settings)
        except Exception as error:
            raise SettingsRefused(self._address, str(error) or type(error).__name__) from error
        return readable(self._unit.settings)

    # -- starting --------------------------------------------------------------------------------------------

    @property
    def _address(self) -> str:
        return str(self._unit.address)

    async def _open(self) -> None:
        for name, stream in streams_of(self._unit).items():
            if isinstance(stream, OutputStream):
                opening = self._session.publisher(stream.address, stream.message_type)
                self._publishers[name] = await self._stack.enter_async_context(opening)
        tasks = [(task, await self._subscribe(task.subscribes)) for task in tasks_of(self._unit)]
        await self._unit.initialize()
        await self._report()
        for task, subscriber in tasks:
            self._spawn(task.name, _RUNNERS[subscriber is not None], task, subscriber)
        await self._open_settings()

    async def _subscribe(self, stream: InputStream[Any] | None) -> Subscriber | None:
        if stream is None:
            return None
        opening = self._session.subscriber(
            stream.address, stream.message_type, leaky=stream.leaky, max_queue=stream.max_queue
        )
        return await self._stack.enter_async_context(opening)

    def _spawn(self, name: str, run: Callable[..., Any], *args: Any) -> None:
        self._progress.enter()
        self.nursery.start_soon(self._guard, name, run, *args)

    async def _guard(self, name: str, run: Callable[..., Any], *args: Any) -> None:
        await self._progress.started.wait()
        try:
            await run(self, *args)
        except Complete:
            return
        except NormalTermination:
            self._progress.done.set()
        except Exception as error:
            error.add_note(f"in unit {self._address}, task {name}")
            raise
        finally:
            self._progress.leave()

    # -- tasks -----------------------------------------------------------------------------------------------

    async def _run_source(self, task: TaskSpec, _: None) -> None:
        await self._publish(task.function())

    async def _run_handler(self, task: TaskSpec, subscriber: Subscriber) -> None:
        while True:
            message = await subscriber.receive()
            await self._gate.wait_open()
            with self._gate.message():
                await self._publish(task.function(message))

    async def _publish(self, outcome: Any) -> None:
        """Send what a task yields, or await one that only acts."""
        if not hasattr(outcome, "__aiter__"):
            await outcome
            return
        try:
            async for stream, message in outcome:
                await self._publishers[stream.name].send(message)
        finally:
            await outcome.aclose()

    # -- settings --------------------------------------------------------------------------------------------

    async def _open_settings(self) -> None:
        stream = streams_of(self._unit).get(INPUT_SETTINGS)
        if stream is not None and self._settings_task() is None:
            subscriber = await self._subscribe(stream)
            self.nursery.start_soon(self._follow_settings, subscriber)

    async def _follow_settings(self, subscriber: Subscriber) -> None:
        async for settings in subscriber:
            await self._take(settings)

    def _settings_task(self) -> TaskSpec | None:
        """The unit's own task for settings, if it has one."""
        tasks = [task for task in tasks_of(self._unit) if task.subscribes is not None]
        return next((task for task in tasks if task.subscribes.name == INPUT_SETTINGS), None)

    async def _take(self, settings: Any) -> None:
        """Between two messages: by the unit's own task, whose return acknowledges, or else directly."""
        task = self._settings_task()
        async with self._gate.change():
            if task is None:
                self._unit.apply_settings(settings)
            else:
                await self._publish(task.function(settings))
        await self._report()

    async def _report(self) -> None:
        if INPUT_SETTINGS in streams_of(self._unit):
            await self._session._report_settings(self._address, readable(self._unit.settings))


_RUNNERS: Final[dict[bool, Callable[..., Any]]] = {
    False: UnitActor._run_source,
    True: UnitActor._run_handler,
}
