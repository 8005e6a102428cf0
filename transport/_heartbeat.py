"""Is the peer still there? It is asked at every interval, and silence after a question means no.

The decision is about bytes, not about pongs: a peer in the middle of a long frame is alive. A round in which
this process itself was late (blocked, stopped) proves nothing about the peer and starts again.
"""

import trio

from ._limits import Limits
from ._link import Link

_LATE = 0.05
"""Seconds after its deadline at which a wake-up says that our own event loop was not running."""
_LAST_LOOK = 0.02
"""Seconds for what is already in the kernel's buffers to be read before a peer is given up."""


async def wait_silent(link: Link, limits: Limits) -> None:
    """Ping the peer for ever; return when it has been silent for the timeout after a ping."""
    while True:
        await trio.sleep(limits.heartbeat_interval)
        asked = trio.current_time()
        link.ping()
        await trio.sleep(limits.heartbeat_timeout)
        late = trio.current_time() - asked - limits.heartbeat_timeout
        if link.last_heard >= asked or late > _LATE:
            continue
        await trio.sleep(_LAST_LOOK)
        if link.last_heard < asked:
            return
