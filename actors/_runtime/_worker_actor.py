"""A worker process as an actor: one life, one process. The restart policy of its component is that of the process."""

from contextlib import suppress
from typing import Any, Final

import attrs
import trio

from actors._floor import Actor, Deferred, Supervision
from actors._graph import Graph, SessionError, SessionLost, SessionReleased, child_limits
from graphmeta import INPUT_SETTINGS, GraphError, InvalidComponent, Unit, dump_trusted, streams_of

from . import _words as words
from ._placement import Crew
from ._stage import Stage
from ._worker_process import GRACE, Pool, WorkerProcess

LOST_SECONDS: Final = 1.0
"""When the graph is gone a worker may learn it before its runner does, whose own session then says so."""


@attrs.frozen(eq=False)
class Terms:
    """What the workers of one run have in common."""

    runner: str
    """The name of the runner's session."""
    supervision: Supervision
    graph: Graph | str
    """As `open_session` takes it."""
    token: str | None = attrs.field(default=None, repr=False)
    insecure: bool = False

    def assignment(self, crew: Crew) -> words.Assignment:
        """What a worker is told to do; its root component as it is now, settings included."""
        name = f"{self.runner} {crew.address}"
        here = (crew.root, crew.addresses, name, self.supervision)
        if isinstance(self.graph, str):
            return words.Assignment(*here, graph=self.graph, token=self.token, insecure=self.insecure)
        return words.Assignment(*here, limits=child_limits(self.graph))

    def check(self, crew: Crew) -> None:
        """Raise `InvalidComponent` if the crew cannot be sent to another process."""
        try:
            dump_trusted(self.assignment(crew))
        except Exception as error:
            reason = f"cannot be sent to a worker process: {type(error).__name__}: {error}"
            raise InvalidComponent(type(crew.root).__qualname__, crew.address, reason) from error


class WorkerActor(Actor):
    """Runs one crew in a process of its own."""

    expected = (GraphError, SessionError)

    def __init__(self, crew: Crew, stage: Stage, pool: Pool, terms: Terms) -> None:
        self._crew: Final = crew
        self._stage: Final = stage
        self._pool: Final = pool
        self._terms: Final = terms
        self._process: WorkerProcess

    async def started(self) -> None:
        """Have a process ready: its session open, its units initialized."""
        self._process = await self._pool.take(self._crew.address)
        self._process.on_word = self._hear
        try:
            await self._bring_up()
        except BaseException:
            with trio.move_on_after(GRACE, shield=True):
                await self._process.stop()
            raise
        self._stage.progress.begin(self._crew.address)
        self.nursery.start_soon(self._watch)

    async def stopping(self) -> None:
        """Have the process shut down and exit; when its grace is over, it is killed."""
        try:
            await self._process.stop()
        finally:
            if self._crew.root.RESTART not in ("transient", "permanent"):
                self._stage.progress.finish(self._crew.address)
        if self._process.error is not None and not _is_about_the_session(self._process.error):
            self._note()
            raise self._process.error

    async def take_settings(self, address: str, values: dict[str, Any]) -> Deferred[words.Took]:
        """Have a unit of the process take settings; the answer holds them, or the refusal."""
        reply = Deferred[words.Took]()
        await self._process.take_settings(address, values, reply.settle)
        return reply

    async def _bring_up(self) -> None:
        session = await self._process.assign(self._terms.assignment(self._crew))
        for component in self._crew.members:
            if isinstance(component, Unit) and INPUT_SETTINGS in streams_of(component):
                await self._stage.session._delegate_settings(str(component.address), session)
        await self._process.begin()

    async def _watch(self) -> None:
        await self._stage.progress.started.wait()
        await self._process.go()
        await self._process.over.wait()
        error = self._process.error
        assert error is not None, "it ended without being told to"
        if isinstance(error, SessionLost):
            await trio.sleep(LOST_SECONDS)
        self._note()
        raise error

    def _note(self) -> None:
        if self._process.error is not None and not self._process.noted:
            self._process.noted = True
            self._stage.progress.fail(self._crew.address, self._process.error)

    def _remember(self, word: words.Changed) -> None:
        # What the worker made up may be nothing that can be loaded here: the next life begins with older ones.
        with suppress(Exception):
            self._crew.member(word.address).apply_settings(words.unwrap(word.settings))

    def _hear(self, word: Any) -> None:
        match word:
            case words.Noted():
                self._stage.progress.fail(word.address, word.error.unpack(word.address))
            case words.Changed():
                self._remember(word)
            case words.EndAll():
                self._stage.progress.end()
            case words.Finished() if self._crew.root.RESTART == "permanent":
                self.stop()
            case words.Finished():
                self._stage.progress.finish(self._crew.address)


def _is_about_the_session(error: BaseException) -> bool:
    """Its graph is gone, or an operator released it: whoever ends the run says so."""
    return isinstance(error, SessionLost | SessionReleased)
