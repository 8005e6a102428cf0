"""The main thread of a process, lent to main functions while Trio runs in another thread.

Graphical toolkits insist on the main thread, and so does Python itself: only there do signals arrive, so a Ctrl-C has
to be handed on to Trio from here.
"""

import queue
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Final

import attrs
import trio

from ._thread_task import arguments_for

GRACE: Final = 3.0
"""Seconds that a main function has to end after it was told to; then it is interrupted."""


@attrs.define(eq=False)
class _Job:
    """One call of a main function."""

    function: Callable[..., object]
    arguments: tuple[threading.Event, ...]
    token: trio.lowlevel.TrioToken
    ended: trio.Event = attrs.field(factory=trio.Event)
    error: BaseException | None = None

    def call(self) -> None:
        self.function(*self.arguments)

    def settle(self, error: BaseException | None) -> None:
        self.error = error
        self.token.run_sync_soon(self.ended.set)


class MainThread:
    """Runs Trio beside the main thread: `host` is called there, `run` by tasks."""

    def __init__(self) -> None:
        self._jobs: Final = queue.SimpleQueue[_Job | None]()
        self._scope: Final = trio.CancelScope()
        self._token: trio.lowlevel.TrioToken | None = None
        self._interrupted = False
        """A Ctrl-C came."""
        self._deaf = False
        """Whether a Ctrl-C is none of our business."""
        self._breaking = False
        """The next interrupt is our own, for a main function that does not end."""
        self._struck: BaseException | None = None
        """What a signal handler of the program's own raised while no main function ran."""
        self._error: BaseException | None = None
        self._listening: Final = threading.Event()
        """Trio waits for it: what a signal handler raises earlier would leave Trio running, and nobody to end it."""
        self._called_off = False
        """Whether such a one has raised: then nothing is run."""

    # -- in the main thread ----------------------------------------------------------------------------------

    def host(self, async_fn: Callable[..., Awaitable[object]], *args: Any) -> None:
        """Run *async_fn* under Trio in another thread until it ends, and main functions here meanwhile.

        Raises what it raises; KeyboardInterrupt after a Ctrl-C, which ends both.
        """
        with self._signals_here():
            thread = threading.Thread(target=self._run_trio, args=(async_fn, args), name="trio")
            try:
                thread.start()
                while (job := self._next_job()) is not None:
                    self._do(job)
                thread.join()
            except BaseException:
                # A signal handler of the program's own, while nobody listened: Trio must not be left alone.
                self._called_off = True
                self._listening.set()
                self._soon(self._scope.cancel)
                raise
        error = self._struck or self._error
        if error is not None:
            raise error

    def _next_job(self) -> _Job | None:
        while True:
            try:
                self._listening.set()
                return self._jobs.get()
            except BaseException as error:
                # A signal handler of the program's own: Trio must end first, and may still have something to do here.
                self._struck = self._struck or error
                self._soon(self._scope.cancel)

    def _do(self, job: _Job) -> None:
        try:
            job.call()
        except BaseException as error:
            job.settle(error)
        else:
            job.settle(None)

    @contextmanager
    def _signals_here(self) -> Iterator[None]:
        """Take Ctrl-C, unless the program has its own way with it."""
        before = signal.getsignal(signal.SIGINT)
        if before not in (signal.default_int_handler, signal.SIG_IGN):
            yield
            return
        # Ignored, as in a worker, whose runner takes Ctrl-C: then only our own interrupt counts.
        self._deaf = before is signal.SIG_IGN
        signal.signal(signal.SIGINT, self._on_interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _on_interrupt(self, signum: int, frame: FrameType | None) -> None:
        if self._breaking:
            self._breaking = False
        elif self._deaf:
            return
        else:
            self._interrupted = True
            self._soon(self._scope.cancel)
        # Only ever out of the main function: our own frames here must not be torn between two statements.
        if _is_inside(frame):
            raise KeyboardInterrupt

    def _soon(self, function: Callable[[], None]) -> None:
        # Before the token is there, Trio looks at the flag by itself; after the run there is nothing to stop.
        with suppress(trio.RunFinishedError):
            if self._token is not None:
                self._token.run_sync_soon(function)

    # -- in Trio's thread ------------------------------------------------------------------------------------

    def _run_trio(self, async_fn: Callable[..., Awaitable[object]], args: tuple[Any, ...]) -> None:
        self._listening.wait()
        if self._called_off:
            return
        try:
            trio.run(self._until_interrupted, async_fn, args)
        except BaseException as error:
            self._error = error
        finally:
            self._jobs.put(None)

    async def _until_interrupted(self, async_fn: Callable[..., Awaitable[object]], args: tuple[Any, ...]) -> None:
        self._token = trio.lowlevel.current_trio_token()
        if self._interrupted or self._struck is not None:
            self._scope.cancel()
        try:
            with self._scope:
                await async_fn(*args)
        finally:
            if self._interrupted:
                raise KeyboardInterrupt

    async def run(self, function: Callable[..., object]) -> None:
        """Run *function* in the main thread until it returns; raises what it raises.

        When cancelled, set the event that it was given, wait for a while, and then interrupt it; an error that it
        raises meanwhile is raised here all the same.
        """
        stopping = threading.Event()
        job = _Job(function, arguments_for(function, stopping), trio.lowlevel.current_trio_token())
        self._jobs.put(job)
        try:
            await job.ended.wait()
        except trio.Cancelled:
            stopping.set()
            with trio.CancelScope(shield=True):
                await self._outwait(job)
            if isinstance(job.error, Exception):
                raise job.error from None
            raise
        if job.error is not None:
            raise job.error

    async def _outwait(self, job: _Job) -> None:
        with trio.move_on_after(GRACE):
            await job.ended.wait()
        if not job.ended.is_set():
            self._breaking = True
            # A real signal: a simulated one would not wake it from a system call.
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        # Nobody else can end the main thread: below this function on its stack is whoever waits for all of this.
        await job.ended.wait()


def _is_inside(frame: FrameType | None) -> bool:
    """Whether *frame* belongs to a main function, or to what it has called."""
    while frame is not None:
        if frame.f_back is not None and frame.f_back.f_code is _Job.call.__code__:
            return True
        frame = frame.f_back
    return False
