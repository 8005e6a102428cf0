"""Links over Unix sockets: frames behind their length, without HTTP and without masks.

A frame is four bytes of length, most significant first, and as many bytes of msgpack. Three frames are the
link's own: nil asks for a sign of life, true gives it; false asks for a way beside the link, which comes with a
true. Which sockets and peers to trust is decided elsewhere.
"""

from typing import Final

from transport._errors import LimitExceeded
from transport._limits import Limits
from transport._link._framing import Sign
from transport._link._guard import GuardedStream
from transport._link._link import About, Frame, Link, Role
from transport._link._stream_link import StartSoon, StreamLink

_LENGTH = 4
_PING = b"\xc0"
_PONG = b"\xc3"
_BESIDE = b"\xc2"


def pack(frame: bytes) -> bytes:
    """Put the length before a frame."""
    return len(frame).to_bytes(_LENGTH, "big") + frame


class FrameSplitter:
    """Frames, and signs between them, out of a stream of bytes. Pure."""

    def __init__(self, limit_name: str, limit: int) -> None:
        self._limit_name = limit_name
        self._limit = limit
        self._came: bytes | bytearray = b""
        self._taken = 0
        """Bytes of it that have been given out."""

    def feed(self, data: bytes) -> None:
        if self._taken == len(self._came):
            self._came = data
        elif isinstance(self._came, bytearray):
            del self._came[: self._taken]
            self._came += data
        else:
            self._came = bytearray(self._came[self._taken :]) + data
        self._taken = 0

    def next(self) -> bytes | Sign | None:
        """Take a whole frame or a sign, if there is one. Raises `LimitExceeded` as soon as a length says so."""
        came, start = self._came, self._taken + _LENGTH
        if len(came) < start:
            return None
        end = start + int.from_bytes(came[self._taken : start], "big")
        if end - start > self._limit:
            raise LimitExceeded(self._limit_name, self._limit)
        if len(came) < end:
            return None
        self._taken = end
        frame = bytes(came[start:end])
        return _SIGNS.get(frame, frame)


class UnixFraming:
    """The frames of one end."""

    @property
    def ping(self) -> bytes:
        return pack(_PING)

    @property
    def ask_beside(self) -> bytes:
        return pack(_BESIDE)

    def __init__(self, role: Role, limits: Limits) -> None:
        self._limit_name: Final = role.frame_limit
        self._largest: Final = role.largest_frame(limits)
        splitter = FrameSplitter(role.other.frame_limit, role.other.largest_frame(limits))
        self.feed: Final = splitter.feed
        self.next: Final = splitter.next

    def pack(self, frame: Frame) -> bytes:
        if isinstance(frame, str):
            raise TypeError("a Unix link carries msgpack only")
        size = len(frame)
        if size > self._largest:
            raise LimitExceeded(self._limit_name, self._largest)
        return size.to_bytes(_LENGTH, "big") + frame

    def goodbye(self, _: str) -> bytes:
        """Say nothing: a Unix socket has no words for a goodbye, and the kernel delivers what has left."""
        return b""


_SIGNS: Final[dict[bytes, Sign]] = {
    _PING: Sign(pack(_PONG)),
    _PONG: Sign(),
    _BESIDE: Sign(pack(_PONG), beside=True),
}


def unix_link(guard: GuardedStream, role: Role, peer: str, limits: Limits, start_soon: StartSoon) -> Link:
    """Make a link of a connected stream; it is its maker's to close."""
    # A client trusts the server that it has chosen.
    about = About(role, peer, in_place=role is Role.CLIENT)
    return StreamLink(guard, UnixFraming(role, limits), about, limits, start_soon)
