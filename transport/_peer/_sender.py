"""The outgoing half of a connection: what a link can take leaves at once, the rest waits for one task to write it.

Whoever sends never waits. A small document for which the link is free passes the outbox by, and those of one step
leave in one write; what cannot leave is queued there within bounds, and the writer is a task only meanwhile. Knows
nothing of requests: a document is a document.
"""

from collections.abc import Callable
from typing import Any

import trio

from transport._documents._codec import JSON, Codec
from transport._errors import LimitExceeded, LinkClosed, LinkLost
from transport._limits import Limits
from transport._link._link import Frame, Link

from ._outbox import Outbox, Parcel

_TOGETHER = 32 * 1024
"""Bytes of small frames that leave in one write, about."""
_WRITES_PER_STEP = 4
"""A link of one host takes megabytes at once, and nobody else would be heard until they are cut and packed."""


class Sender:
    """Sends the documents of one end. ``codec`` is None until it is known what the peer speaks."""

    def __init__(self, link: Link, limits: Limits, codec: Codec | None) -> None:
        self.codec = codec
        self._link = link
        self._outbox = Outbox(limits.outbox_bytes, limits.message_bytes, limits.fragment_bytes)
        self._document_limit = link.role.document_limit
        self._max_document = link.role.largest_document(limits)
        self._small = min(limits.fragment_bytes, _TOGETHER)
        self._room = (trio.lowlevel.ParkingLot(), trio.lowlevel.ParkingLot())
        """Who waits for room: among all but messages, and among messages."""
        self._start: Callable[[], None] | None = None
        """Starts the writer, `run`; None before `open`, and after the end."""
        self._writing = False
        """Whether it has been started and not returned."""
        self._free = False
        """Whether this is open and the writer has no frame in its hands: nothing may overtake that."""
        self._held = False
        self._leaving: list[Frame] = []
        """What has been held back since `hold`; all of it may leave before anything in the outbox."""
        self._leaving_bytes = 0
        self._refusal: str | None = None
        """Why nothing more can be sent from this end."""
        self._ended: str | None = None
        """Why nothing leaves any more, either."""

    def __len__(self) -> int:
        """Documents that have not left whole."""
        return self._outbox.documents

    # Protected here and below: a Ctrl-C must not come between saying that somebody writes and having him write.
    @trio.lowlevel.enable_ki_protection
    def put(self, document: Any, *, bulk: bool = False, ordered: bool = True, hurry: bool = False) -> Parcel | None:
        """Send or queue a document; in a ``hurry`` it leaves in this step if that needs no waiting.

        Ordered ones leave in their order; others only promise to leave after the ordered ones before them.
        None: it waits for nothing, and cannot be withdrawn. Raises `LinkLost` and `LimitExceeded`; nothing is
        queued then.
        """
        if self._refusal is not None:
            raise LinkLost(self._refusal)
        codec = self.codec or JSON
        encoded = codec.encode(document)
        if len(encoded) > self._max_document:
            raise LimitExceeded(self._document_limit, self._max_document)
        size = self._leaving_bytes + len(encoded)
        # Bulk is not held back with the others, behind which it must leave: the outbox sees to that.
        at_once = hurry and not self._held if bulk else hurry or self._held
        if at_once and size <= self._small and not self._outbox.documents and self._clear():
            # Nothing waits in front of it.
            if self._held:
                self._leaving.append(codec.frame(encoded))
                self._leaving_bytes = size
            else:
                self._leave(codec.frame(encoded))
            return None
        parcel = self._outbox.put(encoded, codec, bulk=bulk, ordered=ordered)
        if hurry and not self._held:
            self._push()
        if self._outbox.documents and not self._held:
            self._rouse()
        return parcel

    def open(self, start: Callable[[], None]) -> None:
        """Send from now on; *start* is to start `run` in a task, when something has to wait."""
        self._start, self._free = start, True
        self._push()
        if self._outbox.documents or self._refusal is not None:
            self._rouse()

    def hold(self) -> None:
        """Let nothing leave until `release`, so that what belongs together is one write; do not wait between."""
        self._held = True

    def release(self, *, last: bool = False) -> None:
        """Send what was held back, as far as that needs no waiting; the *last* with the link's goodbye behind it."""
        self._held = False
        if self._leaving:
            frames, self._leaving, self._leaving_bytes = self._leaving, [], 0
            self._leave(*frames, last=last and not self._outbox.documents)
        if self._outbox.documents:
            self._push()
            if self._outbox.documents:
                self._rouse()

    def withdraw(self, parcel: Parcel) -> bool:
        """Take a document back; False if it has begun to leave."""
        return self._outbox.withdraw(parcel)

    def check_open(self) -> None:
        """Raise `LinkLost` if nothing can be sent any more."""
        if self._refusal is not None:
            raise LinkLost(self._refusal)

    def has_room(self, *, bulk: bool) -> bool:
        """Whether less than half of the bound waits. Raises `LinkLost` when nothing can be sent any more."""
        self.check_open()
        return self._outbox.has_room(bulk=bulk)

    async def wait_room(self, *, bulk: bool) -> None:
        """Wait until less than half of the bound waits. Raises `LinkLost` when it never will."""
        await trio.lowlevel.checkpoint_if_cancelled()
        while not self._outbox.has_room(bulk=bulk):
            self.check_open()
            await self._room[bulk].park()
        self.check_open()

    @trio.lowlevel.enable_ki_protection
    def drain(self) -> bool:
        """Take nothing more. True if all has left already; otherwise the writer returns when it has."""
        self._refusal = self._refusal or "this end has closed it"
        self._free_waiting()
        if self._free and not self._outbox.documents and not self._leaving:
            return True
        self._rouse()
        return False

    def end(self, reason: str) -> None:
        """Send nothing more, and free whoever waits here."""
        self._ended = self._refusal = self._ended or reason
        self._start = None
        self._free_waiting()

    def abort(self, reason: str) -> None:
        """End the link, too: its reader will say so to everybody else."""
        self._link.abort(reason)
        self.end(reason)

    def _free_waiting(self) -> None:
        for waiting in self._room:
            if waiting:
                waiting.unpark_all()

    def _rouse(self) -> None:
        """See to it that somebody writes what waits."""
        if self._start is not None and not self._writing:
            self._writing = True
            self._start()

    def _clear(self) -> bool:
        """Whether the link takes something now, and nobody has a frame in his hands."""
        return self._free and self._link.ready

    def _leave(self, *frames: Frame, last: bool = False) -> None:
        try:
            (self._link.send_last_nowait if last else self._link.send_nowait)(*frames)
        except LinkClosed as error:
            self.end(error.reason)

    def _push(self) -> None:
        """Send of the outbox what can leave without waiting; saves two turns of the scheduler."""
        try:
            for _ in range(_WRITES_PER_STEP):
                if not self._clear() or not (frames := self._next_frames()):
                    return
                self._link.send_nowait(*frames)
        except LinkClosed as error:
            self.end(error.reason)

    async def run(self) -> None:
        """Write until nothing waits: the writer's task. Raises `LinkClosed`."""
        self._free = False
        while self._ended is None:
            frames = self._next_frames()
            if not frames:
                self._free, self._writing = True, False
                return
            await self._link.send(*frames)
        raise LinkClosed(self._ended)

    async def flush(self) -> None:
        """Write what waits, once, while nobody runs this. Raises `LinkClosed`."""
        while frames := self._next_frames():
            await self._link.send(*frames)

    def _next_frames(self) -> list[Frame]:
        """Take what leaves in one write: a piece of something large, or many small documents."""
        frames: list[Frame] = []
        size = 0
        while size < _TOGETHER and (found := self._outbox.next_frame()) is not None:
            encoded, codec = found
            frames.append(codec.frame(encoded))
            size += len(encoded)
        for bulk in (False, True):
            if self._room[bulk] and self._outbox.has_room(bulk=bulk):
                self._room[bulk].unpark_all()
        return frames
