"""Messages from the endpoints of one connection to its peer: in batches, by turns, and never ahead of anything else.

The same at both ends. An endpoint announces that it has something; the pump's task asks it for a batch when the peer
has room. Nothing here knows what a message is.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec
import trio

from transport import LARGE, Bypass, LimitExceeded, LinkLost, Payload, Peer, Posted, ProtocolError

BATCH_BYTES: Final = 64 * 1024
"""A batch is one notification; only a single message may make it larger."""


_Told: Final[Any] = bytes | int
"""A message, or the number under which it came beside the link."""


class Source(Protocol):
    """An endpoint that has messages to send."""

    number: int
    queued_for_pump: bool
    """Whether it stands in line; the pump's own mark."""
    dropped: int
    """Messages that it lost to newer ones, for the other end to know."""

    def batch(self, max_bytes: int) -> Sequence[bytes]:
        """Take what may leave now; empty when nothing may."""

    def refuse(self, reason: str) -> None:
        """Its messages cannot be sent."""


class Pump:
    """Sends what a connection's endpoints have. With *opaque* messages they are bytes to the codec as well."""

    def __init__(self, peer: Peer, *, opaque: bool) -> None:
        self._peer: Final = peer
        self._opaque: Final = opaque
        self._bypass: Final = peer.bypass if opaque else None
        self._line: Final[deque[Source]] = deque()
        self._ready: Final = trio.lowlevel.ParkingLot()

    def announce(self, source: Source) -> None:
        """Put an endpoint in line, once; never waits."""
        if not source.queued_for_pump:
            source.queued_for_pump = True
            self._line.append(source)
            self._ready.unpark()

    async def run(self) -> None:
        """Send until the connection ends; that is told by its own tasks."""
        try:
            while True:
                while not self._line:
                    await self._ready.park()
                await self._peer.wait_room(bulk=True)
                self._send(self._line.popleft())
                # A fast sender must not starve the connection's reader, its writer and its heartbeat.
                await trio.lowlevel.checkpoint()
        except LinkLost:
            return

    def _send(self, source: Source) -> None:
        source.queued_for_pump = False
        messages = source.batch(BATCH_BYTES)
        if not messages:
            return
        try:
            self._peer.notify("message", self._params(source, messages), bulk=True, hurry=True)
        except LimitExceeded as error:
            source.refuse(str(error))
        else:
            self.announce(source)

    def _params(self, source: Source, messages: Sequence[bytes]) -> dict[str, Any]:
        told = [*map(self._beside, messages)] if self._opaque else [*map(msgspec.Raw, messages)]
        params = {"endpoint": source.number, "messages": told}
        return params | {"dropped": source.dropped} if source.dropped else params

    def _beside(self, message: bytes) -> bytes | int:
        """Send a large message beside the link, in this very step, so that both ways keep one order."""
        number = self._bypass.post(message) if self._bypass is not None and len(message) >= LARGE else None
        return message if number is None else number


def told_messages(messages: Payload[Any], *, opaque: bool, bypass: Bypass | None = None) -> Sequence[bytes | Posted]:
    """Take a batch apart again; raises `ProtocolError` or `LimitExceeded` when it is none."""
    if not opaque:
        return [*map(bytes, messages.items())]
    if bypass is None:
        return messages.items(bytes)
    try:
        return [bypass.fetch(told) if isinstance(told, int) else told for told in messages.items(_Told)]
    except LookupError as error:
        raise ProtocolError(str(error)) from None
