"""How many bytes of messages wait for one endpoint, and for its whole session. Pure."""

from collections.abc import Sequence
from typing import Final

OVERHEAD: Final = 128
"""What a waiting message takes besides its bytes: many small ones must not be cheap."""


class Tally:
    """Counts what waits. One message may pass the bound, not two: so a message of any size can get through."""

    def __init__(self, bound: int, whole: "Tally | None" = None) -> None:
        self.bound: Final = bound
        self.held = 0
        self._whole: Final = whole

    @property
    def full(self) -> bool:
        """Whether nothing should be added before something leaves."""
        return self.held >= self.bound

    @property
    def overdrawn(self) -> bool:
        """Whether all of the session's endpoints together hold more than they may."""
        return self._whole is not None and self._whole.held > self._whole.bound

    def room(self, largest: int) -> int:
        """How many messages may surely be added, if none has more bytes than *largest*."""
        return (self.bound - self.held) // (largest + OVERHEAD)

    def lets_in(self, sizes: Sequence[int]) -> bool:
        """Whether messages of these sizes may be added, one after the other."""
        return not sizes or self.held + sum(sizes[:-1]) + OVERHEAD * (len(sizes) - 1) < self.bound

    def add(self, size: int, messages: int = 1) -> None:
        """Count a message of so many bytes, or several that have so many together."""
        added = size + OVERHEAD * messages
        self.held += added
        if self._whole is not None:
            self._whole.held += added

    def remove(self, size: int, messages: int = 1) -> None:
        """Forget a message that left, or several that had so many bytes together."""
        freed = size + OVERHEAD * messages
        self.held -= freed
        if self._whole is not None:
            self._whole.held -= freed
