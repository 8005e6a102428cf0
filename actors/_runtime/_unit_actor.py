"""A unit as an actor: its tasks live in its own scope, its end shuts it down, its restart begins it anew."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import trio

from actors._data import Publisher, Subscriber
from actors._floor import Actor
from actors._graph import SessionError, SettingsRefused, alone
from graphmeta import (
    INPUT_SETTINGS,
    Complete,
    GraphError,
    InvalidComponent,
    NormalTermination,
    OutputStream,
    TaskSpec,
    error_words,
    forget_state,
    patch,
    readable,
    tasks_of,
    type_text,
)

from ._failures import add_note
from ._gate import Gate
from ._stage import Stage
from ._stations import Station
from ._taking import Taking
from ._thread_task import run_in_thread


class UnitActor(Actor):
    """One life of one unit. An error that its code does not handle crashes it, with a note that says where."""

    expected = (GraphError, SessionError)

    def __init__(self, station: Station, stage: Stage) -> None:
        self._station: Final = station
        self._unit: Final = station.unit
        self._stage: Final = stage
        self._progress: Final = stage.progress
        self._gate: Final = Gate()
        self._at_work = 0
        """Tasks that have not ended; `shutdown` waits for them."""
        self._to_do: Final = set[str]()
        """Tasks that have not done what they are for."""
        self._handling: Final = dict[str, str]()
        """By task, the type of the message that it failed on."""
        self._idle: Final = trio.Event()
        self._initialized = False

    async def started(self) -> None:
        """Initialize the unit, and make its tasks wait for the common start."""
        self._begin()
        try:
            await self._initialize()
            await self._report()
        except BaseException:
            await self._shut_down()
            raise
        self._spawn_all()

    async def stopping(self) -> None:
        """Wait for the tasks, which are cancelled by now; then shut the unit down."""
        if self._at_work:
            await self._idle.wait()
        await self._shut_down()

    async def take_settings(self, values: dict[str, Any]) -> Any:
        """Patch fields by path and have the unit take the result; returns its settings in readable form."""
        if self._station.settings_stream is None:
            raise SettingsRefused(self._address, f"it has no {INPUT_SETTINGS}")
        settings = self._unit.settings
        for path, value in values.items():
            settings = patch(settings, path, value)
        try:
            await self._take(settings)
        except NormalTermination:
            self._progress.end()
        except Exception as error:
            # Not the error itself, and not as its context: its words may quote a secret.
            raise SettingsRefused(self._address, error_words(error, settings)) from None
        return readable(self._unit.settings)

    # -- lives -----------------------------------------------------------------------------------------------

    @property
    def _address(self) -> str:
        return self._station.address

    def _begin(self) -> None:
        self._station.lives += 1
        if self._station.lives > 1:
            forget_state(self._unit)

    async def _initialize(self) -> None:
        try:
            await self._unit.initialize()
        except NormalTermination:
            self._progress.end()
        except Exception as error:
            self._blame(error, "initialize")
            raise
        self._initialized = True

    async def _shut_down(self) -> None:
        try:
            if self._initialized:
                await self._unit.shutdown()
        except Exception as error:
            self._blame(error, "shutdown")
            raise
        finally:
            if not self._station.comes_back:
                self._give_up()

    def _give_up(self) -> None:
        """This was the unit's only life: nobody waits for it any more."""
        for task in tasks_of(self._unit):
            self._station.leave(task.name)
        self._progress.finish(self._address)

    def _blame(self, error: BaseException, where: str) -> None:
        add_note(error, f"in unit {self._address}, {where}")
        self._progress.fail(self._address, error)

    # -- tasks -----------------------------------------------------------------------------------------------

    def _spawn_all(self) -> None:
        tasks = [task for task in tasks_of(self._unit) if task.name not in self._station.completed]
        self._at_work = len(tasks)
        self._to_do.update(task.name for task in tasks)
        if tasks:
            self._progress.begin(self._address)
        for task in tasks:
            self.nursery.start_soon(self._guard, task.name, self._how_to_run(task))
        if self._station.settings is not None:
            self.nursery.start_soon(self._guard_settings, self._station.settings)

    def _how_to_run(self, task: TaskSpec) -> Callable[[], Awaitable[None]]:
        if task.kind == "thread":
            return partial(run_in_thread, self._address, task)
        if task.kind == "main":
            return partial(self._run_main, task)
        if task.subscribes is None:
            return partial(self._run_source, task)
        subscriber = self._station.subscribers[task.name]
        if task.subscribes is self._station.settings_stream:
            return partial(self._follow_settings, task.name, subscriber)
        return partial(self._run_handler, task, subscriber)

    async def _guard(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        try:
            await self._progress.started.wait()
            await self._progress.unless_lost(run)
        except Exception as error:
            self._judge(alone(error), name)
        except BaseException:
            self._leave(name)
            raise
        else:
            self._complete(name)

    def _judge(self, error: BaseException, name: str) -> None:
        """Take the two exceptions that are no errors; raise any other, with a note that says where."""
        if isinstance(error, NormalTermination):
            self._progress.end()
        if isinstance(error, NormalTermination | Complete):
            return self._complete(name)
        self._blame(error, self._where(f"task {name}", name))
        self._leave(name)
        raise error

    def _where(self, place: str, task: str = INPUT_SETTINGS) -> str:
        kind = self._handling.get(task)
        return f"{place}, message of type {kind}" if kind else place

    def _complete(self, name: str) -> None:
        """A task has done what it was for; a permanent unit begins anew when all have."""
        self._to_do.discard(name)
        permanent = self._unit.RESTART == "permanent"
        if not permanent:
            self._station.completed.add(name)
            self._station.leave(name)
        self._count_down()
        if not self._to_do:
            self.stop() if permanent else self._progress.finish(self._address)

    def _leave(self, name: str) -> None:
        """A task failed or was cancelled; what waits for it is kept if another life follows."""
        if not self._station.comes_back:
            self._station.leave(name)
        self._count_down()

    def _count_down(self) -> None:
        self._at_work -= 1
        if not self._at_work:
            self._idle.set()

    async def _run_main(self, task: TaskSpec) -> None:
        assert self._stage.main_thread is not None
        await self._stage.main_thread.run(task.function)
        self._progress.end()

    async def _run_source(self, task: TaskSpec) -> None:
        await self._publish(task.function())

    async def _run_handler(self, task: TaskSpec, subscriber: Subscriber) -> None:
        async for message in self._taking(subscriber):
            await self._gate.wait_open()
            with self._gate:
                try:
                    await self._publish(task.function(message))
                except Exception:
                    self._handling[task.name] = type_text(type(message))
                    raise
            # Not when the next one comes: in the memory of a large one its sender lays another.
            del message

    def _taking(self, subscriber: Subscriber) -> Taking:
        return Taking(subscriber, partial(self._progress.leave_out, self._address))

    async def _publish(self, outcome: Any) -> None:
        """Send what a task yields, or await one that only acts."""
        if not hasattr(outcome, "__aiter__"):
            await outcome
            return
        try:
            async for stream, message in outcome:
                await self._publisher(stream).send(message)
        except BaseException:
            # One that has come to its end is closed.
            await outcome.aclose()
            raise

    def _publisher(self, stream: OutputStream[Any]) -> Publisher:
        try:
            return self._station.publishers[stream]
        except (KeyError, TypeError):
            name = type(self._unit).__qualname__
            raise InvalidComponent(name, str(stream), "it was yielded, but is no output of this unit") from None

    # -- settings --------------------------------------------------------------------------------------------

    async def _guard_settings(self, subscriber: Subscriber) -> None:
        try:
            await self._progress.unless_lost(self._follow_settings, INPUT_SETTINGS, subscriber)
        except Exception as error:
            self._blame(error, self._where("settings"))
            raise

    async def _follow_settings(self, task: str, subscriber: Subscriber) -> None:
        async for settings in self._taking(subscriber):
            try:
                await self._take(settings)
            except Exception:
                self._handling[task] = type_text(type(settings))
                raise

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
        task = self._station.settings_task
        if task is None:
            self._unit.apply_settings(settings)
        else:
            await self._publish(task.function(settings))

    async def _report(self) -> None:
        if self._station.settings_stream is not None:
            await self._stage.session._report_settings(self._address, readable(self._unit.settings))
            self._stage.on_settings(self._address, self._unit.settings)
