"""Counting what a websocket peer sends, frame by frame, before the library sees a byte of it. Pure.

Between two whole messages a peer may send one message's worth of bytes, in a bounded number of fragments
(empty ones fill memory, too), and a bounded stream of control frames, which cost time. Headers alone decide,
so nothing is buffered for a frame that will be refused.
"""

import attrs

from transport._errors import LimitExceeded, ProtocolError

from ._http import HEAD_END

_MAX_FRAGMENTS = 4096
_CONTROL_BURST = 512.0
_CONTROL_PER_SECOND = 128.0
_SHORT_HEADER = 2
_LONGEST_HEADER = 14
_SWITCHING = b"HTTP/1.1 101 "
_LENGTH_BYTES = {126: 2, 127: 8}


@attrs.define(eq=False)
class FrameMeter:
    """The budget of one direction of one websocket; fed with every byte that arrives."""

    _limit_name: str
    _max_message: int
    _header: bytes = b""
    """Of a header that has not come whole, what has."""
    _payload_left: int = 0
    _message: int = 0
    """Bytes of the message that has begun."""
    _fragments: int = 0
    _control: float = _CONTROL_BURST
    """Control frames that may come now."""
    _refilled: float = 0.0

    def feed(self, data: bytes, now: float) -> None:
        """Count what arrived at ``now``, seconds. Raises `LimitExceeded` or `ProtocolError`: end it."""
        at = 0
        while at < len(data):
            if self._payload_left:
                skipped = min(self._payload_left, len(data) - at)
                self._payload_left -= skipped
                at += skipped
            else:
                at = self._read_header(data, at, now)

    def _read_header(self, data: bytes, at: int, now: float) -> int:
        known = len(self._header)
        header = self._header + data[at : at + _LONGEST_HEADER - known]
        size = _header_size(header)
        if len(header) < size:
            self._header = header
            return len(data)
        self._header = b""
        self._begin_frame(header, now)
        return at + size - known

    def _begin_frame(self, header: bytes, now: float) -> None:
        self._payload_left = _payload_size(header)
        if header[0] & 0x08:
            self._count_control(now)
        else:
            self._count_data(final=bool(header[0] & 0x80))

    def _count_data(self, *, final: bool) -> None:
        self._message += self._payload_left
        self._fragments += 1
        if self._message > self._max_message:
            raise LimitExceeded(self._limit_name, self._max_message)
        if self._fragments > _MAX_FRAGMENTS:
            raise ProtocolError(f"a message in more than {_MAX_FRAGMENTS} fragments")
        if final:
            self._message = self._fragments = 0

    def _count_control(self, now: float) -> None:
        refill = (now - self._refilled) * _CONTROL_PER_SECOND
        self._control = min(_CONTROL_BURST, self._control + refill) - 1
        self._refilled = now
        if self._control < 0:
            raise ProtocolError("a flood of control frames")


@attrs.define(eq=False)
class ResponseMeter:
    """The same for a client, whose first bytes from the server are an HTTP response."""

    _max_head: int
    _max_message: int
    _head: bytearray = attrs.field(factory=bytearray)
    _frames: FrameMeter | None = None

    def feed(self, data: bytes, now: float) -> None:
        """Count what arrived. Raises `LimitExceeded` or `ProtocolError`."""
        if self._frames is not None:
            self._frames.feed(data, now)
            return
        self._head += data
        _, end, rest = self._head.partition(HEAD_END)
        if end and self._head.startswith(_SWITCHING):
            self._frames = FrameMeter("server_frame_bytes", self._max_message)
            self._frames.feed(bytes(rest), now)
        elif len(self._head) > self._max_head:
            raise LimitExceeded("handshake_bytes", self._max_head)


def is_refusal(head: bytes) -> bool:
    """Whether these are the first bytes of an HTTP response that does not switch to a websocket."""
    return head.startswith(_SWITCHING[:9]) and not head.startswith(_SWITCHING)


def _header_size(header: bytes) -> int:
    """Tell how long a header is, as far as its first two bytes are known."""
    if len(header) < _SHORT_HEADER:
        return _SHORT_HEADER
    mask = 4 if header[1] & 0x80 else 0
    return _SHORT_HEADER + _LENGTH_BYTES.get(header[1] & 0x7F, 0) + mask


def _payload_size(header: bytes) -> int:
    """Tell what a header announces; what stands behind it in *header* does not matter."""
    short = header[1] & 0x7F
    extended = _LENGTH_BYTES.get(short)
    return short if extended is None else int.from_bytes(header[2 : 2 + extended], "big")
