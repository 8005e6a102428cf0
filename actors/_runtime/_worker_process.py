"""One worker process as its runner sees it, from its spawn to its end: what it says, and how it is ended.

It is spawned, never forked, and it holds nothing of ours but its ends of one or two socket pairs. Whatever becomes of
its runner, it sees the pairs close.
"""

import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import Any, Final
from uuid import UUID

import trio

from actors._graph import Graph, SettingsRefused, open_task_nursery, serve_child
from graphmeta import error_words

from . import _words as words
from ._channel import Channel
from ._errors import WorkerDied

GRACE: Final = 8.0
"""Seconds that a worker has to shut down and exit after it was told to; then it is killed."""

_BOOT: Final = "import sys; sys.path[:] = sys.argv[5:]; from actors._runtime import work; work(sys.argv[1:5])"


class WorkerProcess:
    """A process that boots, waits for its assignment, or carries it out. Made by `Pool`."""

    def __init__(self, address: str, graph: Graph | None) -> None:
        self.address: Final = address
        self.over: Final = trio.Event()
        """Set when the process is gone, and its session with it."""
        self.error: BaseException | None = None
        """What it ended with; None while it lives, and when it was told to stop, and did."""
        self.noted = False
        """Whether that error was told of before."""
        self.session: UUID | None = None
        self.on_word: Callable[[Any], None] = lambda word: None
        """Told what concerns the run: failures, settings, and that its work is done."""
        self._graph: Final = graph
        self._joined: Final = trio.Event()
        self._ready: Final = trio.Event()
        self._exited: Final = trio.Event()
        self._served: Final = trio.Event()
        """Its session has ended in the graph."""
        self._begun = False
        """Whether there are units to be shut down."""
        self._told = False
        self._numbers: Final = itertools.count(1)
        self._asked: Final = dict[int, Callable[[words.Took], object]]()
        self._process: trio.Process
        self._channel: Channel

    def __repr__(self) -> str:
        return f"<worker process {self._process.pid} of {self.address}{' is over' if self.over.is_set() else ''}>"

    # -- life ------------------------------------------------------------------------------------------------

    # A Ctrl-C is not for this: it reaches the run, which then stops its workers in order.
    @trio.lowlevel.enable_ki_protection
    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Spawn the process, hear it out and see it end; it ends by itself, by `stop` or by `kill`."""
        pairs = _pairs(linked=self._graph is not None)
        ours = [pair[0] for pair in pairs]
        with ExitStack() as closing:
            for each in ours:
                closing.callback(each.close)
            self._process = await _spawn(self.address, [pair[1] for pair in pairs])
            self._channel = Channel(ours[0])
            task_status.started()
            try:
                # Whoever waited for the start may have been cancelled, and then nobody has us to stop.
                await trio.lowlevel.checkpoint_if_cancelled()
                with trio.CancelScope(shield=True):
                    # Only the end of the process ends this: its session must outlive its last word.
                    await self._accompany(ours)
            finally:
                closing.close()
                with trio.CancelScope(shield=True):
                    await self._see_out()

    async def _accompany(self, ours: list[socket.socket]) -> None:
        async with open_task_nursery() as nursery:
            nursery.start_soon(self._see_exit, ours)
            if self._graph is not None:
                nursery.start_soon(self._serve, self._graph, ours[1])
            await self._hear()
            with trio.move_on_after(GRACE):
                await self._exited.wait()
            self.kill()
            await self._exited.wait()
            if self._graph is not None:
                await self._served.wait()

    async def _serve(self, graph: Graph, link: socket.socket) -> None:
        await serve_child(graph, link, f"process {self._process.pid}")
        self._served.set()

    @trio.lowlevel.enable_ki_protection
    async def _see_exit(self, ours: list[socket.socket]) -> None:
        await self._process.wait()
        self._exited.set()
        for each in ours:
            # What it sent is still received, and then the end, although a child of its own may hold its sockets.
            with suppress(OSError):
                each.shutdown(socket.SHUT_RD)

    async def _see_out(self) -> None:
        """However this ended, leave no process: it sees its sockets closed, and has some time for that."""
        with trio.move_on_after(GRACE):
            await self._process.wait()
        self.kill()
        await self._process.wait()
        self._exited.set()
        if self.error is None and not self._told:
            self.error = _died(self.address, self._process.returncode)
        self.over.set()
        self._joined.set()
        self._ready.set()

    async def stop(self) -> None:
        """Have it shut down and exit, and return when it is gone; kill it when cancelled, or when it has not begun."""
        self._told = True
        try:
            if self._begun:
                await self._channel.send(words.Stop())
                await self.over.wait()
        finally:
            self.kill()
            with trio.CancelScope(shield=True):
                await self.over.wait()

    def kill(self) -> None:
        """End it now, without a word; one that has ended is left alone."""
        if self._process.returncode is None:
            self._process.kill()

    # -- what it is told -------------------------------------------------------------------------------------

    async def assign(self, assignment: words.Assignment) -> UUID:
        """Have it load its components and join the graph; returns its session's id, or raises what it ended with."""
        await self._channel.send(assignment)
        await self._until(self._joined)
        assert self.session is not None
        return self.session

    async def begin(self) -> None:
        """Have it open its endpoints and initialize its units; raises what it ended with."""
        self._begun = True
        await self._channel.send(words.Delegated())
        await self._until(self._ready)

    async def go(self) -> None:
        """Let its tasks go."""
        await self._channel.send(words.Go())

    async def take_settings(self, address: str, values: dict[str, Any], answer: Callable[[words.Took], object]) -> None:
        """Have one of its units take settings; *answer* is told what came of it."""
        try:
            pickled = words.wrap(values)
        except Exception as error:
            reason = f"its worker process cannot be sent this: {error_words(error)}"
            raise SettingsRefused(address, reason) from None
        number = next(self._numbers)
        self._asked[number] = answer
        await self._channel.send(words.Take(number, address, pickled))

    async def _until(self, event: trio.Event) -> None:
        await event.wait()
        if self.over.is_set():
            raise self.error or _died(self.address, self._process.returncode)

    # -- what it says ----------------------------------------------------------------------------------------

    async def _hear(self) -> None:
        while (word := await self._channel.receive()) is not None:
            self._take(word)

    def _take(self, word: Any) -> None:
        match word:
            case words.Joined():
                self.session = word.session
                self._joined.set()
            case words.Ready():
                self._ready.set()
            case words.Took():
                self._asked.pop(word.number)(word)
            case words.Over():
                self.error, self.noted = word.error.unpack(self.address), word.noted
            case _:
                self.on_word(word)


def _pairs(*, linked: bool) -> list[tuple[socket.socket, socket.socket]]:
    """For the talk with the worker, and, if its session is served here, for a link."""
    return [socket.socketpair() for _ in range(2 if linked else 1)]


async def _spawn(address: str, theirs: list[socket.socket]) -> trio.Process:
    try:
        return await trio.lowlevel.open_process(
            _command(address, [each.fileno() for each in theirs]),
            stdin=subprocess.DEVNULL,
            pass_fds=[each.fileno() for each in theirs],
            # Ctrl-C in a terminal goes to the runner alone, which stops its workers in order.
            process_group=0,
        )
    finally:
        for each in theirs:
            each.close()


def _command(address: str, descriptors: list[int]) -> list[str]:
    numbers = [str(number) for number in (*descriptors, -1)[:2]]
    warnings = [f"-W{option}" for option in sys.warnoptions]
    return [sys.executable, *warnings, "-c", _BOOT, str(os.getpid()), *numbers, address, *sys.path]


def _died(address: str, code: int | None) -> WorkerDied:
    if code is not None and code < 0:
        return WorkerDied(address, None, signal.Signals(-code).name)
    return WorkerDied(address, code, None)


class Pool:
    """Worker processes that boot at the same time and are taken in order. Made by `open_pool`."""

    def __init__(self, nursery: trio.Nursery, graph: Graph | None) -> None:
        self._nursery: Final = nursery
        self._graph: Final = graph
        self._booting: Final = dict[str, WorkerProcess]()

    async def launch(self, address: str) -> None:
        """Begin to boot a process for the component at *address*."""
        self._booting[address] = await self._start(address)

    async def take(self, address: str) -> WorkerProcess:
        """The process that was launched for *address*, or, for another life, a new one. Its taker ends it."""
        return self._booting.pop(address, None) or await self._start(address)

    def dismiss(self) -> None:
        """Kill what nobody has taken."""
        for process in self._booting.values():
            process.kill()

    async def _start(self, address: str) -> WorkerProcess:
        process = WorkerProcess(address, self._graph)
        await self._nursery.start(process.run)
        return process


@asynccontextmanager
async def open_pool(graph: Graph | None, addresses: Iterable[str]) -> AsyncIterator[Pool]:
    """Launch a worker process for each address; without a *graph* of this process they will join it by themselves."""
    async with open_task_nursery() as nursery:
        pool = Pool(nursery, graph)
        try:
            for address in addresses:
                await pool.launch(address)
            yield pool
        finally:
            pool.dismiss()
