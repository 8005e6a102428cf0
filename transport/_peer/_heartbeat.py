"""Is the peer still there? It is asked at every interval, and silence after a question means no.

The decision is about bytes, not about pongs: a peer in the middle of a long frame is alive. A round in which
this process itself was late (blocked, stopped) proves nothing about the peer and starts again. Nothing here
waits: whoever reads the link looks here when it is time, which costs a connection no task of its own.
"""

from collections.abc import Callable

import trio

from transport._limits import Limits
from transport._link._link import Link

_LATE = 0.05
"""Seconds after its deadline at which a wake-up says that our own event loop was not running."""
_LAST_LOOK = 0.02
"""Seconds for what is already in the kernel's buffers to be read before a peer is given up."""


class Heartbeat:
    """The rounds of one link: rest, ask, listen, and look a last time.

    A peer is asked an interval after its last byte, or as soon as that byte is seen: so it is never silent for longer
    than interval and timeout. A rest that began with the end of a round would give it the round before, too.
    """

    def __init__(self, link: Link, limits: Limits) -> None:
        self._link = link
        self._interval = limits.heartbeat_interval
        self._timeout = limits.heartbeat_timeout
        self._asked = 0.0
        self.due: float
        """`trio.current_time` at which to `beat`."""
        self._step: Callable[[Heartbeat], bool]
        self._rest()

    def beat(self) -> bool:
        """Do what is due; True when the peer has been silent for the timeout after a ping."""
        return self._step(self)

    def _rest(self) -> bool:
        return self._next(max(trio.current_time(), self._link.last_heard + self._interval), Heartbeat._ask)

    def _ask(self) -> bool:
        self._asked = trio.current_time()
        self._link.ping()
        return self._wait()

    def _wait(self) -> bool:
        # No longer than an interval, so that an answer is seen before it is time to ask again.
        soon = trio.current_time() + self._interval
        return self._next(min(soon, self._asked + self._timeout), Heartbeat._listen)

    def _listen(self) -> bool:
        now, over = trio.current_time(), self._asked + self._timeout
        if self._link.last_heard >= self._asked:
            return self._rest()
        if now < over:
            return self._wait()
        if now - over > _LATE:
            return self._next(now + self._interval, Heartbeat._ask)
        return self._next(now + _LAST_LOOK, Heartbeat._look_again)

    def _look_again(self) -> bool:
        if self._link.last_heard < self._asked:
            return True
        return self._rest()

    def _next(self, due: float, step: "Callable[[Heartbeat], bool]") -> bool:
        self.due, self._step = due, step
        return False
