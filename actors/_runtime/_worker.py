"""The worker process: runs the components that it is assigned, under a session of its own, until its runner says stop.

It dies with its runner, whatever its code is at: when the runner's end of the pair is gone, a thread waits for an
orderly end, and not for ever.
"""

import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, NoReturn

import trio

from actors._graph import Session, SettingsRefused, open_child_session, open_session, open_task_nursery
from graphmeta import Component, crawl_components, error_words

from . import _words as words
from ._channel import Channel, receive_first
from ._company import Company, open_company
from ._failures import Failure
from ._main_thread import MainThread
from ._placement import has_main
from ._progress import Progress
from ._stage import Stage

ORPHAN_GRACE: Final = 8.0
"""Seconds that a worker has for an orderly end after its runner is gone."""

_LOOK_SECONDS: Final = 1.0
"""Between two looks whether the runner is still there, if its sockets do not tell."""


def work(arguments: list[str]) -> NoReturn:
    """Be a worker of a runner, named by its pid, over inherited sockets: to it, and to the graph.

    -1 stands for none.
    """
    # The runner takes Ctrl-C and stops its workers in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    runner, *numbers = [int(number) for number in arguments[:3]]
    sockets = [socket.socket(fileno=number) for number in numbers if number >= 0]
    for each in sockets:
        each.set_inheritable(False)
    lifeline = threading.Thread(target=_die_with_the_runner, args=(runner, sockets), daemon=True, name="lifeline")
    lifeline.start()
    code = Worker(*sockets).work()
    for each in sockets:
        each.close()
    sys.exit(code)


def _die_with_the_runner(runner: int, sockets: list[socket.socket]) -> None:
    poll = select.poll()
    poll.register(sockets[0], select.POLLHUP)
    while not poll.poll(_LOOK_SECONDS * 1000):
        # A process that the runner forked may hold its ends, and hold them on: then only our parent tells.
        if os.getppid() != runner:
            _hang_up(sockets)
    time.sleep(ORPHAN_GRACE)
    os._exit(1)


def _hang_up(sockets: list[socket.socket]) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


class Worker:
    """One assignment, from its arrival to the last word about it."""

    def __init__(self, control: socket.socket, link: socket.socket | None = None) -> None:
        self._control: Final = control
        self._link: Final = link
        self._progress: Final = Progress(self._tell_failure)
        self._delegated: Final = trio.Event()
        self._scope: Final = trio.CancelScope()
        self._news: Final = dict[object, object]()
        """Words that wait to be sent, in order; of one unit's settings the newest."""
        self._more = trio.Event()
        self._exit_code = 0
        self._channel: Channel
        self._company: Company
        self._tasks: trio.Nursery

    def work(self) -> int:
        """Take the assignment and do it; returns the exit code."""
        try:
            assignment = receive_first(self._control)
        except Exception as error:  # Its classes cannot be imported here, or do not let themselves be loaded.
            trio.run(self._refuse, error)
            return 1
        if assignment is not None:
            self._run(assignment, _members(assignment))
        return self._exit_code

    async def _refuse(self, error: Exception) -> None:
        await Channel(self._control).send(words.Over(words.ship(error), noted=False))

    def _run(self, assignment: words.Assignment, members: tuple[Component, ...]) -> None:
        if has_main(members):
            main_thread = MainThread()
            main_thread.host(self._do, assignment, members, main_thread)
        else:
            trio.run(self._do, assignment, members, None)

    async def _do(
        self, assignment: words.Assignment, members: tuple[Component, ...], main_thread: MainThread | None
    ) -> None:
        self._channel = Channel(self._control)
        try:
            async with open_task_nursery() as self._tasks:
                self._tasks.start_soon(self._listen)
                self._tasks.start_soon(self._tell_news)
                with self._scope:
                    await self._live(assignment, members, main_thread)
        except BaseException as error:
            self._exit_code = 1
            self._tell(error, words.Over(words.ship(error), self._was_noted(error)))
        await self._send_news()

    async def _live(
        self, assignment: words.Assignment, members: tuple[Component, ...], main_thread: MainThread | None
    ) -> None:
        async with self._open_session(assignment) as session:
            self._tell(words.Joined, words.Joined(session.id))
            await self._delegated.wait()
            stage = Stage(session, self._progress, main_thread, self._tell_settings)
            async with open_company(stage, members, assignment.supervision) as self._company:
                self._tell(words.Ready, words.Ready())
                await self._progress.done.wait()
                end = words.EndAll() if self._progress.told else words.Finished()
                self._tell(words.Finished, end)
                await trio.sleep_forever()

    @asynccontextmanager
    async def _open_session(self, assignment: words.Assignment) -> AsyncIterator[Session]:
        name = assignment.session_name
        if assignment.graph is not None:
            token, insecure = assignment.token, assignment.insecure
            async with open_session(assignment.graph, name=name, token=token, insecure=insecure) as session:
                yield session
        else:
            assert self._link is not None
            assert assignment.limits is not None
            async with open_child_session(self._link, name, assignment.limits) as session:
                yield session

    # -- what the runner says --------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while (word := await self._channel.receive()) is not None:
            self._obey(word)
        self._scope.cancel()

    def _obey(self, word: words.Delegated | words.Go | words.Stop | words.Take) -> None:
        match word:
            case words.Delegated():
                self._delegated.set()
            case words.Go():
                self._progress.start()
            case words.Take():
                self._tasks.start_soon(self._take, word)
            case words.Stop():
                self._scope.cancel()

    async def _take(self, word: words.Take) -> None:
        try:
            answer = words.Took(word.number, await self._company.take_settings(word.address, _values(word)))
        except Exception as error:
            answer = words.Took(word.number, refusal=words.ship(error, with_trace=False))
        self._tell(answer, answer)

    # -- what the runner is told -----------------------------------------------------------------------------

    def _tell_failure(self, failure: Failure) -> None:
        self._tell(failure, words.Noted(failure.address, words.ship(failure.error)))

    def _tell_settings(self, address: str, settings: Any) -> None:
        # Settings that cannot be pickled stay here: another life of this process begins with older ones.
        with suppress(Exception):
            self._tell(address, words.Changed(address, words.wrap(settings)))

    def _tell(self, key: object, word: object) -> None:
        """Have a word sent; an unsent one under the same key is out of date."""
        self._news.pop(key, None)
        self._news[key] = word
        self._more.set()

    async def _tell_news(self) -> None:
        while True:
            await self._more.wait()
            self._more = trio.Event()
            await self._send_news()

    async def _send_news(self) -> None:
        # Shielded, because half a word would be the last one. The runner always reads; when it is gone this ends.
        with trio.CancelScope(shield=True):
            while self._news:
                word = self._news.pop(next(iter(self._news)))
                await self._channel.send(word)

    def _was_noted(self, error: BaseException) -> bool:
        noted = [failure.error for failure in self._progress.failures]
        return any(leaf is each for leaf in _leaves(error) for each in noted)


def _values(word: words.Take) -> dict[str, Any]:
    try:
        values: dict[str, Any] = words.unwrap(word.values)
    except Exception as error:
        reason = f"its worker process cannot load this: {error_words(error)}"
        raise SettingsRefused(word.address, reason) from None
    return values


def _members(assignment: words.Assignment) -> tuple[Component, ...]:
    # What follows when the root fails is decided by the runner, about the whole process.
    assignment.root.RESTART = "never"
    return tuple(each for each in crawl_components(assignment.root) if each.address in assignment.members)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    yield error
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
