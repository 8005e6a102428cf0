"""What frames look like on one stream, and what of the stream is its link's own business: signs of life, a goodbye.

Pure, and one for each kind of link; `StreamLink` knows how they travel.
"""

from typing import Protocol

import attrs

from ._link import Frame


@attrs.frozen
class Sign:
    """Something of the link's own that came from the peer."""

    answer: bytes = b""
    """What it is owed, packed; empty: nothing."""
    ends: str | None = None
    """Why the peer ends the link with it, or why this end must."""
    beside: bool = False
    """Whether the answer is to bring a way beside the link."""


class Framing(Protocol):
    """How frames, and signs between them, look on one stream. Pure."""

    @property
    def ping(self) -> bytes:
        """What asks for a sign of life."""

    @property
    def ask_beside(self) -> bytes:
        """What asks for a way beside the link; empty where there is none."""

    def pack(self, frame: Frame) -> bytes:
        """Make a frame ready to leave. `LimitExceeded` for one that is too large."""

    def goodbye(self, reason: str) -> bytes:
        """Say that nothing more will be sent; empty where there is no word for it."""

    def feed(self, data: bytes) -> None:
        """Take what arrived."""

    def next(self) -> Frame | Sign | None:
        """Give what has arrived whole, in order. `LimitExceeded` for a frame that is announced too large."""
