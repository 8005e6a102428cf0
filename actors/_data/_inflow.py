"""The server's end of a remote publisher: messages that came, as bytes, on their way to the subscribers.

They wait here, bounded, while a subscriber has no room. A message that a subscriber in this process cannot take goes
to nobody and ends this publisher; no one else notices.
"""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Final

import trio

from transport import Posted, surely_fits

from ._endpoints import Grant
from ._errors import MessageRefused, Unfit
from ._flow import FlowStatistics
from ._forms import Form
from ._inbox import YIELD_EVERY
from ._letter import SMALL, ChildLetter, DoorLetter, Letter, small_ones
from ._post import contents_of
from ._router import Route, Router
from ._tally import Tally
from ._waiting import WaitTime


class Inflow:
    """Gives what a remote publisher sent to the inboxes of its topic's route."""

    def __init__(
        self,
        router: Router,
        topic: str,
        form: Form,
        window: int,
        most_decoded: int,
        tally: Tally,
        grant: Grant,
    ) -> None:
        self.topic: Final = topic
        self.sent = 0
        self._router: Final = router
        self._form: Final = form
        self._window: Final = window
        self._most_decoded: Final = most_decoded
        self._passes_small: Final = form is Form.PICKLE or surely_fits(SMALL, most_decoded)
        """Whether a small message needs no weighing."""
        self._tally: Final = tally
        self._grant: Final = grant
        self._queue: deque[bytes | Posted] = deque()
        self._owed = 0
        """Messages that were handed over since the client was last told."""
        self._held_up = False
        """Whether `run` waits for room."""
        self._failure: Exception | None = None
        self._ready: Final = trio.lowlevel.ParkingLot()
        self._waited: Final = WaitTime()

    def offer(self, messages: Sequence[bytes | Posted]) -> None:
        """Take what came, and hand it over if there is room. Raises `MessageRefused`, and `Unfit` for too much."""
        if len(self._queue) + self._owed + len(messages) > self._window:
            raise Unfit(f"messages on their way: more than {self._window}")
        sizes = list(map(len, messages))
        if not self._tally.lets_in(sizes):
            raise Unfit(f"more than {self._tally.bound} bytes are on their way (limit queue_bytes)")
        self._tally.add(sum(sizes), len(sizes))
        self._queue.extend(messages)
        if self._tally.overdrawn:
            raise Unfit("more bytes wait than the limit queue_bytes_per_session allows")
        # Most messages are handed over in the very step in which they came: a turn of the scheduler costs more.
        if not self._held_up:
            self._hand_over()
        if self._queue:
            self._ready.unpark_all()

    async def run(self) -> None:
        """Hand over what could not be handed over when it came, until closed. Raises `MessageRefused`."""
        while self._failure is None:
            if not self._queue:
                await self._ready.park()
            elif not self._hand_over():
                with self._waited:
                    self._held_up = True
                    await self._router.wait_open(self.topic)
                    self._held_up = False
            elif self._queue:
                await trio.lowlevel.checkpoint()

    async def wait_sent(self, count: int) -> None:
        """Wait until so many messages were handed over, or none will be: it was closed, or the flow is paused."""
        while self.sent < count and self._failure is None and not self._router.paused:
            await self._router.progress.park()

    def close(self, failure: Exception) -> None:
        """Take nothing more; what waits is dropped."""
        self._failure = self._failure or failure
        while self._queue:
            self._tally.remove(len(self._queue.popleft()))
        self._ready.unpark_all()
        self._router.progress.unpark_all()
        self._router.nudge(self.topic)

    def statistics(self) -> FlowStatistics:
        """What passed through it so far."""
        return FlowStatistics(sent=self.sent, queued=len(self._queue), blocked_seconds=self._waited.seconds())

    @trio.lowlevel.enable_ki_protection
    def _hand_over(self) -> bool:
        """Hand over as many messages as find room, and not more than a turn's; False when there is no room."""
        before = self.sent
        try:
            while self._queue:
                route = self._router.open_route(self.topic)
                if route is None:
                    return False
                if self.sent >= before + YIELD_EVERY:
                    return True
                small = self._small_ones(route, before + YIELD_EVERY - self.sent)
                if small:
                    self._hand_over_small(route, small)
                else:
                    self._hand_over_one(route)
            return True
        finally:
            if self.sent > before:
                self._tell()

    def _small_ones(self, route: Route, most: int) -> list[bytes]:
        """Find the next messages that nobody needs to look at, if there is room for them: most are so."""
        if route.form is not self._form or not self._passes_small:
            return []
        most = min(most, *(inbox.room for inbox in route.inboxes))
        return small_ones(islice(self._queue, most), self._form)

    def _hand_over_small(self, route: Route, messages: list[bytes]) -> None:
        for _ in messages:
            self._queue.popleft()
        self._tally.remove(sum(map(len, messages)), len(messages))
        for inbox in route.inboxes:
            inbox.put_all(messages)
        self.sent += len(messages)
        self._owed += len(messages)

    def _hand_over_one(self, route: Route) -> None:
        try:
            contents = contents_of(self._letter(self._queue[0]), route.inboxes)
        except Unfit as error:
            raise MessageRefused(self.topic, str(error)) from None
        self._tally.remove(len(self._queue.popleft()))
        for inbox, content in contents:
            inbox.put(content)
        self.sent += 1
        self._owed += 1

    def _tell(self) -> None:
        """Let everyone know who waits for what was handed over: at one go, since that costs more than a message."""
        for inbox in self._router.route(self.topic).inboxes:
            inbox.announce(now=True)
        self._router.progress.unpark_all()
        if not self._queue or self._owed * 2 >= self._window:
            owed, self._owed = self._owed, 0
            self._grant(owed, bool(self._queue))

    def _letter(self, raw: bytes | Posted) -> Letter:
        if self._form is Form.PICKLE:
            return ChildLetter(self.topic, raw)
        return DoorLetter(self.topic, self._form, raw, self._most_decoded)
