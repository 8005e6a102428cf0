"""The server's end of a remote subscriber: messages that wait for it, as bytes, and a count of those on their way.

Room is counted to the client's own queue: a publisher waits while the client has not taken *max_queue* messages,
wherever they are. Everything here is synchronous; whoever moves the bytes is told that there are some.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import attrs

from ._errors import Unfit
from ._flow import FlowStatistics
from ._forms import Form
from ._inbox import Inbox
from ._letter import SMALL, Letter
from ._remote_endpoints import Keep, Kept, take_batch, worth_leaving
from ._tally import Tally


class Outlet(Inbox):
    """An inbox whose messages leave in batches, as many as the client may have."""

    def __init__(
        self,
        number: int,
        form: Form,
        keep: Keep,
        max_queue: int,
        leaky: bool,
        tally: Tally,
        ready: Callable[[Any, bool], None],
        refuse: Callable[[str], None],
    ) -> None:
        super().__init__(max_queue, leaky)
        self.number: Final = number
        self.form = self._form = form
        self.refuse: Final = refuse
        """End this endpoint, and say why."""
        self.on_way = 0
        """Messages that left and were not taken."""
        self.queued_for_pump = False
        self._keep: Final = keep
        self._tally: Final = tally
        self._announce: Final = ready

    @property
    def full(self) -> bool:
        """Whether a publisher must wait: for the client to take something, or for bytes to leave."""
        if self.leaky or self.failure is not None:
            return False
        return len(self._queue) + self.on_way >= self.max_queue or self._tally.full

    @property
    def room(self) -> int:
        """How many messages of at most `SMALL` bytes may be put in this step, at least."""
        if self.leaky or self.failure is not None:
            return self.max_queue
        return min(self.max_queue - len(self._queue) - self.on_way, self._tally.room(SMALL))

    def content_of(self, letter: Letter) -> Kept:
        """The bytes of a letter; raises `Unfit`."""
        return self._keep(letter.packed(self._form))

    def put(self, message: Kept) -> None:
        """Add the bytes of a message; a leaky outlet without room drops its oldest and counts it."""
        if self.failure is not None:
            return
        while self.leaky and self._queue and (len(self._queue) >= self.max_queue or self._tally.full):
            self._tally.remove(len(self._queue.popleft()))
            self.dropped += 1
        self._tally.add(len(message))
        self._queue.append(message)
        self.put_count += 1
        self._check_whole()

    def put_all(self, messages: Sequence[Any]) -> None:
        """Add several, not more than there is room for."""
        if self.leaky:
            super().put_all(messages)
        elif self.failure is None:
            self._tally.add(sum(map(len, messages)), len(messages))
            self._queue.extend(messages)
            self.put_count += len(messages)
            self._check_whole()

    def _check_whole(self) -> None:
        if self._tally.overdrawn:
            self.refuse("more bytes wait for the session than its limit queue_bytes_per_session allows")

    def announce(self, *, now: bool) -> None:
        """Have what was put leave, *now* if it may; also when nothing can be added to it, or it is large."""
        if not self.pending:
            return
        now = now or self.full or worth_leaving(self._queue, self.on_way)
        if now or not self.queued_for_pump:
            self._announce(self, now)

    @property
    def pending(self) -> bool:
        """Whether something may leave."""
        return bool(self._queue) and self.on_way < self.max_queue

    def batch(self, max_bytes: int) -> list[Kept]:
        """Take what may leave now, one message at least if any may; the rest of a batch stays below *max_bytes*."""
        taken = take_batch(self._queue, self.max_queue - self.on_way, max_bytes)
        self.on_way += len(taken)
        self._tally.remove(sum(map(len, taken)), len(taken))
        if taken and self._room:
            self._room.unpark_all()
        return taken

    def granted(self, count: int) -> None:
        """The client took so many of those on their way. Raises `Unfit` when there are not so many."""
        if not 1 <= count <= self.on_way:
            raise Unfit(f"messages granted: {count}, on their way: {self.on_way}")
        self.on_way -= count
        self.received += count
        self._room.unpark_all()
        if self._queue:
            self._announce(self, True)

    def statistics(self) -> FlowStatistics:
        """What passed through it so far; what is on its way waits as well."""
        return attrs.evolve(super().statistics(), queued=len(self._queue) + self.on_way)

    def close(self, failure: Exception) -> None:
        """Stop taking messages: nobody waits for this endpoint any more. What is queued is dropped."""
        while self._queue:
            self._tally.remove(len(self._queue.popleft()))
        super().close(failure)
