"""Messages from the endpoints of one connection to its peer: in batches, by turns, and never ahead of anything else.

The same at both ends. An endpoint announces that it has something; the pump's task asks it for a batch when the peer
has room. Nothing here knows what a message is.
"""

import struct
from collections import deque
from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec
import trio

from actors._data import Kept, Pieces
from transport import Bypass, LimitExceeded, LinkLost, Payload, Peer, Posted, ProtocolError, Stored

BATCH_BYTES: Final = 64 * 1024
"""A batch is one notification; only a single message may make it larger."""


_Told: Final[Any] = bytes | int
"""An opaque message, or the number under which it came beside the link."""

_BESIDE: Final = struct.Struct(">2sQ")
"""The same number in the stead of a message that is not opaque: the third extension of msgpack, of eight bytes."""
_MARK: Final = b"\xd7\x03"
_LIST: Final = struct.Struct(">BI")
"""How a list begins in msgpack, of any length."""


class Source(Protocol):
    """An endpoint that has messages to send."""

    number: int
    queued_for_pump: bool
    """Whether it stands in line; the pump's own mark."""
    dropped: int
    """Messages that it lost to newer ones, for the other end to know."""

    @property
    def pending(self) -> bool:
        """Whether something may leave now."""

    def batch(self, max_bytes: int) -> Sequence[Kept]:
        """Take what may leave now; empty when nothing may."""

    def refuse(self, reason: str) -> None:
        """Its messages cannot be sent."""


class Pump:
    """Sends what a connection's endpoints have. With *opaque* messages they are bytes to the codec as well."""

    def __init__(self, peer: Peer, *, opaque: bool) -> None:
        self._peer: Final = peer
        self._opaque: Final = opaque
        self._line: Final[deque[Source]] = deque()
        self._ready: Final = trio.lowlevel.ParkingLot()

    def announce(self, source: Source, now: bool) -> None:
        """Put an endpoint in line, once, and send *now* what may leave at once; never waits.

        Otherwise the task does, and what is announced in one turn leaves together.
        """
        if not source.queued_for_pump:
            source.queued_for_pump = True
            self._line.append(source)
        if now:
            self._flush()
        if self._line and self._ready:
            self._ready.unpark()

    def _flush(self) -> None:
        """Send one batch of each endpoint in line, as far as there is room."""
        try:
            for _ in range(len(self._line)):
                if self._line and self._peer.has_room(bulk=True):
                    self._send(self._line.popleft())
        except LinkLost:
            return

    def keep(self, pieces: Pieces) -> Kept:
        """Copy the bytes of a message, until it leaves: where the other end can see them, if they are many."""
        if len(pieces) == 1 and type(pieces[0]) is bytes and len(pieces[0]) < BATCH_BYTES:
            # Most are so, and need no copy.
            return pieces[0]
        stored = None if self._peer.bypass is None else self._peer.bypass.store(pieces)
        return b"".join(pieces) if stored is None else stored

    def look_ahead(self) -> None:
        """The other end has taken something: where it lay the next may be kept."""
        if self._peer.bypass is not None:
            self._peer.bypass.look_ahead()

    async def run(self) -> None:
        """Send until the connection ends; that is told by its own tasks."""
        try:
            while True:
                while not self._line:
                    await self._ready.park()
                await self._peer.wait_room(bulk=True)
                # Whoever was in line may have been sent meanwhile, in the step that announced another.
                if self._line:
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
            if source.pending:
                self.announce(source, now=False)

    def _params(self, source: Source, messages: Sequence[Kept]) -> dict[str, Any]:
        params = {"endpoint": source.number, "messages": self._list(messages)}
        return params | {"dropped": source.dropped} if source.dropped else params

    def _list(self, messages: Sequence[Kept]) -> Any:
        """Return what stands for them in a document: put together here if they are many, which is quicker."""
        plain = Stored not in map(type, messages)
        told: Sequence[Any] = messages if plain else [self._told(message) for message in messages]
        if self._opaque:
            return told
        if len(told) == 1:
            return [msgspec.Raw(told[0])]
        if self._peer.speaks_json:
            return msgspec.Raw(b"[" + b",".join(told) + b"]")
        return msgspec.Raw(b"".join((_LIST.pack(0xDD, len(told)), *told)))

    def _told(self, message: Kept) -> bytes | int:
        """Say a message, or hand it over beside the link, in this very step, so that both ways keep one order."""
        if isinstance(message, Stored):
            number = None if self._peer.bypass is None else self._peer.bypass.post(message)
            if number is not None:
                return number if self._opaque else _BESIDE.pack(_MARK, number)
            message = message.read()
        return message


def told_messages(messages: Payload[Any], *, opaque: bool, bypass: Bypass | None) -> Sequence[bytes | Posted]:
    """Take a batch apart again; raises `ProtocolError` or `LimitExceeded` when it is none."""
    if not opaque:
        return [_found(told, bypass) if told[:2] == _MARK else told for told in map(bytes, messages.items())]
    if bypass is None:
        return messages.items(bytes)
    return [bypass.fetch(told) if type(told) is int else told for told in messages.items(_Told)]


def _found(told: bytes, bypass: Bypass | None) -> Posted:
    """Return what came beside the link in the stead of a message.

    Without a way beside the link it is refused: passed on, it would mean something that its reader was never sent.
    """
    if bypass is None or len(told) != _BESIDE.size:
        raise ProtocolError("no message: nothing came beside the link")
    return bypass.fetch(_BESIDE.unpack(told)[1])
