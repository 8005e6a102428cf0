"""A unit as an actor: its endpoints open when it starts, its tasks live in its own scope, its end shuts it down."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Final

import trio

from actors._data import Publisher, Subscriber
from actors._floor import Actor
from actors._graph import Session, SessionError, SettingsRefused, alone
from graphmeta import (
    INPUT_SETTINGS,
    Complete,
    GraphError,
    InputStream,
    InvalidComponent,
    NormalTermination,
    OutputStream,
    TaskSpec,
    Unit,
    error_words,
    patch,
    readable,
    streams_of,
    tasks_of,
)

from ._gate import Gate
from ._progress import Progress
from ._thread_task import run_in_thread


class UnitActor(Actor):
    """Runs one unit. An error that its code does not handle crashes it, with the unit's address as a note."""

    expected = (GraphError, SessionError)

    def __init__(self, unit: Unit, session: Session, progress: Progress) -> None:
        self._unit: Final = unit
        self._session: Final = session
        self._progress: Final = progress
        self._gate: Final = Gate()
        self._stack: Final = AsyncExitStack()
        self._publishers: dict[OutputStream[Any], Publisher] = {}
        self._at_work = 0
        """Tasks that have not ended; `shutdown` waits for them."""
        self._idle: Final = trio.Event()
        self._initialized = False

    async def started(self) -> None:
        """Open the endpoints, initialize the unit, and make its tasks wait for the common start."""
        try:
            await self._open()
        except BaseException:
            await self._clean_up()
            raise

    async def stopping(self) -> None:
        """Wait for the tasks, which are cancelled by now; then shut the unit down and close its endpoints."""
        if self._at_work:
            await self._idle.wait()
        await self._clean_up()

    async def take_settings(self, values: dict[str, Any]) -> Any:
        """Patch fields by path and have the unit take the result; returns its settings in readable form."""
        if self._settings_stream is None:
            raise SettingsRefused(self._address, f"it has no {INPUT_SETTINGS}")
        settings = self._unit.settings
        for path, value in values.items():
            settings = patch(settings, path, value)
        try:
            await self._take(settings)
        except NormalTermination:
            self._progress.done.set()
        except Exception as error:
            # Not the error itself, and not as its context: its words may quote a secret.
            raise SettingsRefused(self._address, error_words(error, settings)) from None
        return readable(self._unit.settings)

    async def _clean_up(self) -> None:
        try:
            if self._initialized:
                await self._unit.shutdown()
        finally:
            await self._stack.aclose()

    # -- starting --------------------------------------------------------------------------------------------

    @property
    def _address(self) -> str:
        return str(self._unit.address)

    async def _open(self) -> None:
        for stream in streams_of(self._unit).values():
            if isinstance(stream, OutputStream):
                opening = self._session.publisher(stream.address, stream.message_type)
                self._publishers[stream] = await self._stack.enter_async_context(opening)
        subscribers = [await self._subscribe(task.subscribes) for task in tasks_of(self._unit)]
        settings = await self._subscribe(self._settings_stream) if self._settings_task is None else None
        await self._initialize()
        await self._report()
        for task, subscriber in zip(tasks_of(self._unit), subscribers, strict=True):
            self._spawn(task, subscriber)
        if settings is not None:
            self.nursery.start_soon(self._progress.unless_lost, self._follow_settings, settings)

    async def _initialize(self) -> None:
        try:
            await self._unit.initialize()
            self._initialized = True
        except NormalTermination:
            self._initialized = True
            self._progress.done.set()
        except Exception as error:
            error.add_note(f"in unit {self._address}, initialize")
            raise

    async def _subscribe(self, stream: InputStream[Any] | None) -> Subscriber | None:
        if stream is None:
            return None
        # Of settings only the newest matters: so nobody waits for a unit that is busy, itself included.
        bounds = {"leaky": True, "max_queue": 1} if stream is self._settings_stream else _bounds_of(stream)
        opening = self._session.subscriber(stream.address, stream.message_type, **bounds)
        return await self._stack.enter_async_context(opening)

    def _spawn(self, task: TaskSpec, subscriber: Subscriber | None) -> None:
        self._progress.enter()
        if task.kind == "thread":
            run = partial(run_in_thread, self._address, task)
        elif subscriber is None:
            run = partial(self._run_source, task)
        elif task == self._settings_task:
            run = partial(self._follow_settings, subscriber)
        else:
            run = partial(self._run_handler, task, subscriber)
        self._at_work += 1
        self.nursery.start_soon(self._guard, task.name, subscriber, run)

    async def _guard(self, name: str, subscriber: Subscriber | None, run: Callable[[], Awaitable[None]]) -> None:
        try:
            await self._progress.started.wait()
            await self._progress.unless_lost(run)
        except Exception as error:
            self._judge(alone(error), name)
        finally:
            if subscriber is not None:
                # Nobody takes from it any more: publishers must not wait for it.
                subscriber.close(trio.ClosedResourceError(f"task {name} has ended"))
            self._leave()

    def _judge(self, error: BaseException, name: str) -> None:
        """Take the two exceptions that are no errors; raise any other, with a note that says where."""
        if isinstance(error, NormalTermination):
            self._progress.done.set()
        elif not isinstance(error, Complete):
            error.add_note(f"in unit {self._address}, task {name}")
            raise error

    def _leave(self) -> None:
        self._progress.leave()
        self._at_work -= 1
        if not self._at_work:
            self._idle.set()

    # -- tasks -----------------------------------------------------------------------------------------------

    async def _run_source(self, task: TaskSpec) -> None:
        await self._publish(task.function())

    async def _run_handler(self, task: TaskSpec, subscriber: Subscriber) -> None:
        async for message in subscriber:
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
                await self._publisher(stream).send(message)
        finally:
            await outcome.aclose()

    def _publisher(self, stream: OutputStream[Any]) -> Publisher:
        try:
            return self._publishers[stream]
        except (KeyError, TypeError):
            name = type(self._unit).__qualname__
            raise InvalidComponent(name, str(stream), "it was yielded, but is no output of this unit") from None

    # -- settings --------------------------------------------------------------------------------------------

    @property
    def _settings_stream(self) -> InputStream[Any] | None:
        stream = streams_of(self._unit).get(INPUT_SETTINGS)
        return stream if isinstance(stream, InputStream) else None

    @property
    def _settings_task(self) -> TaskSpec | None:
        """The unit's own task for settings, if it has one."""
        stream = self._settings_stream
        found = (task for task in tasks_of(self._unit) if stream is not None and task.subscribes is stream)
        return next(found, None)

    async def _follow_settings(self, subscriber: Subscriber) -> None:
        async for settings in subscriber:
            await self._take(settings)

    async def _take(self, settings: Any) -> None:
        """Between two messages: by the unit's own task, whose return acknowledges, or else directly."""
        before = self._unit.settings
        try:
            async with self._gate.change():
                await self._apply(settings)
            await self._report()
        except Exception:
            # Refused is refused: what the graph says of the unit must stay true.
            self._unit.apply_settings(before)
            raise

    async def _apply(self, settings: Any) -> None:
        task = self._settings_task
        if task is None:
            self._unit.apply_settings(settings)
        else:
            await self._publish(task.function(settings))

    async def _report(self) -> None:
        if self._settings_stream is not None:
            await self._session._report_settings(self._address, readable(self._unit.settings))


def _bounds_of(stream: InputStream[Any]) -> dict[str, Any]:
    return {"leaky": stream.leaky, "max_queue": stream.max_queue}
