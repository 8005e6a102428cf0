"""What carries frames between two ends: the one interface that every kind of connection has.

A link knows nothing of requests. It keeps frames whole and in order, and it bounds them; it never retries,
and it never hides an end: after the first `LinkClosed` there is only `LinkClosed`, but for what had come before it.
"""

import abc
import enum

import attrs
import trio

from transport._bypass._bypass import Bypass
from transport._limits import Limits

Frame = str | bytes
"""Text is JSON, bytes are msgpack."""


class Role(enum.Enum):
    """Which end of a link this is; limits differ by direction."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def other(self) -> "Role":
        """The role of the peer."""
        return Role.SERVER if self is Role.CLIENT else Role.CLIENT

    @property
    def frame_limit(self) -> str:
        """Name the field of `Limits` that bounds the frames which this end sends."""
        return f"{self.value}_frame_bytes"

    @property
    def document_limit(self) -> str:
        """Name the field of `Limits` that bounds the documents which this end sends."""
        return f"{self.value}_document_bytes"

    def largest_document(self, limits: Limits) -> int:
        """Tell how large a document this end may send, bytes."""
        return limits.client_document_bytes if self is Role.CLIENT else limits.server_document_bytes

    def largest_frame(self, limits: Limits) -> int:
        """Tell how large a frame this end may send, bytes."""
        return limits.client_frame_bytes if self is Role.CLIENT else limits.server_frame_bytes


@attrs.frozen
class About:
    """What is known of a link besides its bytes."""

    role: Role
    peer: str
    """Who is at the other end, for people."""
    read_only: bool = False
    in_place: bool = False
    """Whether what comes beside it may be used where it came: the other end is trusted not to change it."""


def frame_size(frame: Frame) -> int:
    """Tell how many bytes a frame has on the wire."""
    return len(frame) if isinstance(frame, bytes) else len(frame.encode())


class Link(abc.ABC):
    """Whole frames, in order, between this end and one peer.

    One task may send and one may receive at a time; `ping`, `abort` and the properties are for everybody.
    """

    @property
    @abc.abstractmethod
    def peer(self) -> str:
        """Who is at the other end, for people (an address, or a process)."""

    @property
    @abc.abstractmethod
    def role(self) -> Role:
        """Which end this is."""

    @property
    def read_only(self) -> bool:
        """Whether the client at the other end was let in only to read."""
        return False

    @property
    def bypass(self) -> Bypass | None:
        """A way beside it for large bytes, between processes of one machine."""
        return None

    def ask_bypass(self) -> bool:
        """Ask the server for such a way; False where there can be none, or it was asked for. Never waits or raises."""
        return False

    @property
    @abc.abstractmethod
    def last_heard(self) -> float:
        """`trio.current_time` of the last byte that came from the peer."""

    @abc.abstractmethod
    async def send(self, *frames: Frame) -> None:
        """Send whole frames, together. Cancelled half-way it ends the link: nothing must follow a torn frame.

        Raises `LinkClosed`, and `LimitExceeded` for a frame above the limit of this direction (nothing was
        sent).
        """

    @property
    def ready(self) -> bool:
        """Whether `send_nowait` would take a frame. Links that can never tell always wait."""
        return False

    def send_nowait(self, *frames: Frame) -> None:
        """Send whole frames, or have the link send the rest of them, when `ready`; else `trio.WouldBlock`.

        Raises like `send`.
        """
        raise trio.WouldBlock

    def send_last_nowait(self, *frames: Frame) -> None:
        """As `send_nowait`, with the goodbye behind them, where there is a word for it: what is left is to `aclose`."""
        self.send_nowait(*frames)

    @abc.abstractmethod
    async def receive(self) -> Frame:
        """Take the next frame. Raises `LinkClosed` when there will be none.

        A checkpoint at least every 32 frames.
        """

    def receive_nowait(self) -> Frame | None:
        """Take the next frame if it is here; None if not, and when a checkpoint is due. Raises like `receive`."""
        return None

    @abc.abstractmethod
    def ping(self) -> None:
        """Ask the peer for a sign of life; its answer moves `last_heard`. Never waits, never raises."""

    @abc.abstractmethod
    async def aclose(self, reason: str = "closed") -> None:
        """End the link politely, after ``close_seconds`` by force. Never raises; may be repeated.

        A checkpoint, unless the link had ended before.
        """

    def close_soon(self, reason: str) -> None:
        """End the link as `aclose` does, without waiting for that, or raising."""
        self.abort(reason)

    @abc.abstractmethod
    def abort(self, reason: str) -> None:
        """End the link now, without a word to the peer. Both directions raise `LinkClosed(reason)`."""
