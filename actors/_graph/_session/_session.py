"""The session handle: one interface for sessions in this process and across a wire.

A handle asks its service through a `Line` and knows nothing else of where the graph lives.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final
from uuid import UUID

import trio

from actors._data import Publisher, Subscriber
from actors._graph._ledger._results import Impact, SessionInfo, TypeClash
from actors._graph._supervisor._statistics import Statistics
from actors._graph._supervisor._watch import Changes
from graphmeta import GraphMetadata, GraphSnapshot, SettingValue

from ._holder import Holder
from ._line import Line
from ._membership import SettingsPort
from ._sequence import Sequence
from ._service import SessionService
from ._settings_watch import SettingsWatch


class Session(Holder):
    """One client of one graph, and the unit of ownership: what it declared goes when it ends.

    Made by `open_session`. Every method raises `SessionEnded` after the block, and `SessionLost` at once when the
    graph dies while it waits.
    """

    def __init__(self, line: Line) -> None:
        super().__init__(line, "")
        self._registrations: Final = Sequence()

    def __repr__(self) -> str:
        return f"<session {self.name!r} {self.id}>"

    @property
    def id(self) -> UUID:
        """The identity that the server gave it."""
        return self._line.id

    @property
    def name(self) -> str:
        """What it calls itself; names need not be unique."""
        return self._line.name

    async def register_metadata(self, metadata: GraphMetadata | None) -> int:
        """Replace what this session says of its components, as a whole; returns the revision.

        Several under way at once are taken in the order of their calls. Raises `AddressTaken` when another session
        holds one of the addresses; then nothing changed. In the graph's own process *metadata* itself is what everybody
        sees: whatever becomes of the call, nothing in it can be changed any longer, and a copy can.
        """
        # Over a wire what is large leaves in pieces, between which what is small would overtake it.
        async with self._registrations.turn(self._registrations.enter()):
            return await self._line.register(metadata)

    async def snapshot(self) -> GraphSnapshot:
        """The whole graph as of now.

        Over a wire the first one comes whole. A later one is made of the last one that this session took, which it
        keeps, and of what changed since.
        """
        return await self._line.snapshot()

    def watch(
        self, after: int | GraphSnapshot | None = None, *, epoch: UUID | None = None
    ) -> AbstractAsyncContextManager[Changes]:
        """Every change after a revision, in order and without gaps.

        Without *after* the stream starts with a `Resync` that holds a snapshot of now. A snapshot stands for its own
        revision and epoch. A `Resync` also comes when the history no longer reaches back, when the epoch is another,
        or when this watcher fell behind; `WatchOverrun` when it did so twice without taking the first. ::

            async with session.watch() as changes:
                async for change in changes: ...
        """
        if isinstance(after, GraphSnapshot):
            return self._line.watch(after.revision, after.epoch)
        return self._line.watch(after, epoch)

    async def upstream(self, topic: str) -> tuple[str, ...]:
        """Every topic that *topic* hears from, sorted."""
        return await self._line.ask(SessionService.upstream, topic)

    async def downstream(self, topic: str) -> tuple[str, ...]:
        """Every topic that hears from *topic*, sorted."""
        return await self._line.ask(SessionService.downstream, topic)

    async def type_clashes(self, from_topic: str, to_topic: str) -> tuple[TypeClash, ...]:
        """What comes to where it cannot be taken if *from_topic* leads to *to_topic*, whether it does yet or not.

        One for each pair of types that have nothing to do with each other, as far as that is known: in the graph's own
        process by their classes, elsewhere for Python's own data. To `connect` them is allowed all the same: whoever
        cannot take a message leaves it out.
        """
        return await self._line.ask(SessionService.type_clashes, from_topic, to_topic)

    async def sessions(self) -> tuple[SessionInfo, ...]:
        """Every session of the graph, in the order of their start."""
        return await self._line.ask(SessionService.sessions)

    async def statistics(self) -> Statistics:
        """What has passed through every open endpoint of the graph so far; `rates` compares two readings.

        Counting costs the endpoints nothing that they would not do anyway. Of an endpoint in another process it
        says what the graph's own process knows.
        """
        return await self._line.ask(SessionService.statistics)

    async def impact(self, session: str = "") -> Impact:
        """What would go if a session, by name or id, ended now; without one, this session. Errors as in `release`."""
        return await self._line.ask(SessionService.impact, session)

    async def release(self, session: str, *, dry_run: bool = False) -> Impact:
        """End another session, by its name, its id, or eight or more characters that its id begins with.

        Raises `UnknownSession` or `AmbiguousSession`; then nothing changed.
        """
        return await self._line.ask(SessionService.release, session, dry_run)

    async def shutdown(self) -> None:
        """Close the graph: every session ends with `SessionLost`, this one too, and whoever serves it stops."""
        await self._line.ask(SessionService.shutdown)

    async def settings(self) -> dict[str, SettingValue]:
        """The live settings of every component, by address."""
        return await self._line.ask(SessionService.settings)

    async def update_setting(self, address: str, path: str, value: Any) -> Any:
        """Set one field of a running component (``"SYS/FILTER", "band.low", 5.0``).

        Returns its settings in readable form once the unit has taken them. Raises `UnknownComponent`,
        `InvalidSettings` when the value does not fit, or `SettingsRefused` with the unit's reason.
        """
        return await self.update_settings(address, {path: value})

    async def update_settings(self, address: str, values: Mapping[str, Any]) -> Any:
        """Set several fields of a running component by their dotted paths, all or none; as `update_setting`."""
        return await self._line.ask(SessionService.update_settings, address, dict(values))

    async def undo_settings(self, address: str, *, revision: int | None = None) -> Any:
        """Undo the last change of a running component's settings; or go back to the value of a *revision*.

        Both are read off `settings_history`, and the unit is asked like for any update: it takes what differs, or
        refuses. An undo is a change itself, so a second one brings back what the first undid. Returns and raises as
        `update_settings` does; `SettingsRefused` also when there is nothing to go back to, or it does not show.
        """
        return await self._line.ask(SessionService.undo_settings, address, revision)

    async def settings_history(self, address: str) -> tuple[SettingValue, ...]:
        """The last values that a component's settings had, oldest first; the newest is the one that holds."""
        return await self._line.ask(SessionService.settings_history, address)

    @asynccontextmanager
    async def watch_settings(self) -> AsyncIterator[SettingsWatch]:
        """Live settings as they change: first what holds now, then every change, without gaps.

        ::

            async with session.watch_settings() as settings:
                async for address, value in settings: ...
        """
        async with self.watch() as changes:
            yield SettingsWatch(changes)

    def publisher(self, topic: str, message_type: type = object) -> AbstractAsyncContextManager[Publisher]:
        """An endpoint that sends on *topic*, for the length of a block.

        Over a wire messages are packed: each must be exactly of *message_type* (plain data, if that is ``object``), and
        `MessageTypeNotPortable` says which types cannot cross. Leaving the block waits until all that was sent was
        handed over, and raises `MessageRefused` when something could not be; a block that fails or is cancelled does
        not wait, and what is still on the way is dropped.
        """
        return self._line.publisher(topic, message_type)

    def subscriber(
        self, topic: str, message_type: type = object, *, leaky: bool = False, max_queue: int = 32
    ) -> AbstractAsyncContextManager[Subscriber]:
        """An endpoint that receives what is published on *topic* or upstream of it, for the length of a block.

        Publishers wait while *max_queue* messages wait here, or are on their way here; a leaky subscriber keeps the
        newest and counts what it dropped instead. Over a wire it gets values of *message_type*, or plain data if that
        is ``object``; `MessageTypeNotPortable` says which types cannot cross.
        """
        return self._line.subscriber(topic, message_type, leaky, max_queue)

    async def pause(self) -> None:
        """Hold every publisher of the graph, until this session resumes or ends.

        Several sessions may hold the flow; it goes on when the last one lets go. A `send` under way waits; over a wire
        one that may be on its way does so at the server.
        """
        await self._line.ask(SessionService.pause)

    async def resume(self) -> None:
        """Let go of the flow that `pause` held; without it nothing changes."""
        await self._line.ask(SessionService.resume)

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Hold the flow of messages for the length of a block."""
        try:
            await self.pause()
        except trio.Cancelled:
            # Over a wire it may hold all the same; to let go of nothing is no error.
            await self._line.let_go(SessionService.resume)
            raise
        try:
            yield
        finally:
            await self._line.let_go(SessionService.resume)

    async def sync(self) -> None:
        """Wait until every message that was sent in the graph's process, or by this session, has been taken.

        A handler may still be at work on the last one. A message has reached a leaky subscriber at the far end of a
        wire when it is in its queue there. Messages that a pause holds up do not count.
        """
        await self._line.sync()

    def _take_settings(self, port: SettingsPort) -> None:
        self._line.take_settings(port)

    async def _delegate_settings(self, address: str, session: UUID) -> None:
        await self._line.ask(SessionService.delegate_settings, address, session)

    async def _report_settings(self, address: str, readable: Any) -> None:
        await self._line.ask(SessionService.report_settings, address, readable)
