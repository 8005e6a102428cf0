"""Who reads a connection: its reader or, for the length of a request, the caller who alone waits for an answer.

An answer that the reader takes reaches its caller one turn of the scheduler later than one that he takes himself.
So with the answer to the only request under way the reading goes to its caller, who gives it back at once: if he
asks again before the reader's turn comes, he reads for himself, and the reader sleeps on. Whoever reads takes
all that comes, whomever it is for. Knows nothing of what is taken, nor of how a connection ends.
"""

from collections.abc import Callable

import trio

from transport._link._link import Frame, Link

from ._calls import Answer, Call

Take = Callable[[Frame], None]
"""Takes a frame, and what came with it."""


class Reading:
    """The reading of one link, which is one task's at a time."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._holder: Call | str | None = "the reader, who is yet to come"
        """Whose the reading is: the reader's, or that of whoever made this request; None: whoever comes first."""
        self._next: Call | None = None
        """The only request under way, while its caller waits for the reader: with its answer the reading is his."""
        self._lent = False
        """Whether a caller waits at the link."""
        self._fault: Exception | None = None
        """What a caller met there; it is the reader's to raise."""
        self._reader: trio.lowlevel.Task | None = None
        self._sleeps = False
        """Whether the reader waits for the reading."""

    def open(self) -> None:
        """Let the reader begin, in this task."""
        self._reader = trio.lowlevel.current_task()
        self._holder = None

    @property
    def is_readers_turn(self) -> bool:
        """Whether this is asked in the reader's own task: it looks at everything when it goes on."""
        return self._reader is not None and trio.lowlevel.current_task() is self._reader

    async def go_on(self, take: Take) -> None:
        """Take the next frame, and what came with it: the reader's step. Raises as `Link.receive` and *take* do."""
        while self._holder is not None:
            await self._sleep()
        if self._fault is not None:
            raise self._fault
        self._holder = "the reader"
        try:
            frame = await self._link.receive()
        finally:
            self._holder = None
        take(frame)
        if self._next is not None and self._next.answer is not None:
            self._holder = self._next

    # Protected: whoever is struck here must not take the reading with him.
    @trio.lowlevel.enable_ki_protection
    async def answer(self, call: Call, take: Take) -> Answer:
        """Wait for the answer to the only request under way, and be given the reading with it, or take it now."""
        try:
            if self._holder is None:
                self._holder = call
                await self._read_for(call, take)
            else:
                self._next = call
            return call.answer or await call.wait()
        finally:
            self._next = None
            if self._holder is call:
                self._give_back()

    def end(self, reason: str, *, polite: bool) -> None:
        """Let no caller wait at the link any longer: it ends under him, politely if what was sent must arrive."""
        if self._lent:
            (self._link.close_soon if polite else self._link.abort)(reason)

    async def _read_for(self, call: Call, take: Take) -> None:
        try:
            while call.answer is None:
                self._lent = True
                try:
                    frame = await self._link.receive()
                finally:
                    self._lent = False
                assert self._reader is not None
                # In the reader's context: tasks that begin here are none of the caller's.
                self._reader.context.run(take, frame)
        except Exception as error:
            # Whatever it is, it ends the connection: that is the reader's business.
            self._fault = error
            self._give_back()

    def _give_back(self) -> None:
        self._holder = None
        if self._sleeps:
            assert self._reader is not None
            self._sleeps = False
            trio.lowlevel.reschedule(self._reader)

    @trio.lowlevel.enable_ki_protection
    async def _sleep(self) -> None:
        self._sleeps = True
        await trio.lowlevel.wait_task_rescheduled(self._wake)

    def _wake(self, _: object) -> trio.lowlevel.Abort:
        self._sleeps = False
        return trio.lowlevel.Abort.SUCCEEDED
