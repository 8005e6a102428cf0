"""What the server's process knows of one open endpoint, whatever it is: how to close it, and what passed through it."""

from typing import Protocol

import attrs


@attrs.frozen
class FlowStatistics:
    """What passed through one endpoint so far."""

    sent: int = 0
    """Messages that a publisher gave to its subscribers."""
    received: int = 0
    """Messages that a subscriber took."""
    dropped: int = 0
    """Messages that a leaky subscriber lost to newer ones."""
    queued: int = 0
    """Messages that wait here now; for a remote subscriber, those on their way to it included."""
    blocked_seconds: float = 0.0
    """How long a publisher has waited, for room or for a held flow to go on; how long publishers have waited for a
    subscriber. Waits that are not over count, too."""


class Flow(Protocol):
    """The data path of one endpoint."""

    def close(self, failure: Exception) -> None:
        """End it, synchronously; whoever uses it gets *failure*. Calling again changes nothing."""

    def statistics(self) -> FlowStatistics:
        """What passed through it so far."""
