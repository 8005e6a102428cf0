"""What waits to be sent to one peer, and in which order it leaves. Pure.

Three lanes. *Urgent*: small documents and all notifications that are not bulk, first in, first out; so what
was queued before a reply leaves before it. *Transfer*: replies and requests too large for one frame, by
turns, a piece each. *Bulk*: messages; they leave only when nothing else waits. Whoever writes asks for one
frame at a time.
"""

import enum
from collections import deque

import attrs

from transport._documents._codec import Codec
from transport._documents._fragments import fragment_document, next_cut
from transport._documents._pieces import Encoded
from transport._errors import LimitExceeded

_OVERHEAD = 256
"""What a waiting document takes besides its bytes: many small ones must not be cheap."""


class Lane(enum.IntEnum):
    """Who goes first: the lower ones."""

    URGENT = 0
    TRANSFER = 1
    BULK = 2


@attrs.define(eq=False)
class Parcel:
    """One document on its way out."""

    document: Encoded
    codec: Codec
    lane: Lane
    transfer: int = 0
    sent: int = 0
    """Bytes that have left."""


@attrs.define(eq=False)
class Outbox:
    """Bounded in bytes: a document is let in while less than the bound waits, so one can pass it."""

    _outbox_bytes: int
    _message_bytes: int
    _fragment_bytes: int
    _lanes: tuple[deque[Parcel], ...] = attrs.field(factory=lambda: tuple(deque() for _ in Lane))
    _waiting: list[int] = attrs.field(factory=lambda: [0, 0])
    """Bytes waiting: of all but messages, and of messages."""
    documents: int = 0
    """Those that have not left whole."""
    _transfers: int = 0

    def waiting(self, *, bulk: bool) -> int:
        """Bytes waiting, of messages or of all the rest."""
        return self._waiting[bulk]

    def has_room(self, *, bulk: bool) -> bool:
        """Whether less than half of the bound is waiting: time for a pump to give more."""
        return self._waiting[bulk] * 2 < self._bound(bulk)

    def put(self, document: Encoded, codec: Codec, *, bulk: bool = False, ordered: bool = True) -> Parcel:
        """Queue a document. Ordered ones leave in the order of their queueing, whatever their size.

        Raises `LimitExceeded` when the bound is reached already; nothing is queued then.
        """
        if self._waiting[bulk] >= self._bound(bulk):
            raise LimitExceeded("message_bytes" if bulk else "outbox_bytes", self._bound(bulk))
        large = len(document) > self._fragment_bytes
        lane = Lane.BULK if bulk else Lane.TRANSFER if large and not ordered else Lane.URGENT
        parcel = Parcel(document, codec, lane, self._next_transfer() if large else 0)
        self._lanes[lane].append(parcel)
        self.documents += 1
        self._waiting[bulk] += _OVERHEAD + len(document)
        return parcel

    def withdraw(self, parcel: Parcel) -> bool:
        """Take a document back; False if it has begun to leave."""
        if parcel.sent:
            return False
        self._lanes[parcel.lane].remove(parcel)
        self.documents -= 1
        self._waiting[parcel.lane is Lane.BULK] -= _OVERHEAD + len(parcel.document)
        return True

    def next_frame(self) -> tuple[bytes, Codec] | None:
        """Take what should leave now: a whole document or a piece of one, encoded."""
        for queue in self._lanes:
            if queue:
                return self._advance(queue)
        return None

    def _advance(self, queue: deque[Parcel]) -> tuple[bytes, Codec]:
        parcel = queue.popleft()
        frame = self._cut(parcel) if parcel.transfer else self._whole(parcel)
        if parcel.sent < len(parcel.document):
            queue.append(parcel) if parcel.lane is Lane.TRANSFER else queue.appendleft(parcel)
        return frame, parcel.codec

    def _whole(self, parcel: Parcel) -> bytes:
        self._left(parcel, len(parcel.document))
        return bytes(parcel.document)

    def _cut(self, parcel: Parcel) -> bytes:
        start = parcel.sent
        end = next_cut(parcel.document, start, self._fragment_bytes, text=parcel.codec.text)
        self._left(parcel, end - start)
        last = end == len(parcel.document)
        return fragment_document(parcel.codec, parcel.transfer, parcel.document[start:end], last=last)

    def _left(self, parcel: Parcel, size: int) -> None:
        parcel.sent += size
        done = parcel.sent == len(parcel.document)
        self.documents -= done
        self._waiting[parcel.lane is Lane.BULK] -= size + (_OVERHEAD if done else 0)

    def _next_transfer(self) -> int:
        self._transfers += 1
        return self._transfers

    def _bound(self, bulk: bool) -> int:
        return self._message_bytes if bulk else self._outbox_bytes
