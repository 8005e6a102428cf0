"""What both ends of a session's wire agree on: the opening, the notifications and the errors."""

from typing import Final
from uuid import UUID

import attrs

import graphmeta
from actors import _data
from actors._graph import _errors
from actors._graph._storage._state_errors import StorageFailed
from transport import ErrorTable, LimitExceeded

PROTOCOL_VERSION: Final = 1

ERRORS: Final = ErrorTable(
    graphmeta.CycleError,
    graphmeta.InvalidChange,
    graphmeta.InvalidComponent,
    graphmeta.InvalidEndpoint,
    graphmeta.InvalidMetadata,
    graphmeta.InvalidSettings,
    graphmeta.InvalidSnapshot,
    graphmeta.InvalidTopic,
    graphmeta.RevisionGap,
    _data.MessageRefused,
    _errors.AddressTaken,
    _errors.AmbiguousSession,
    _errors.GraphClosed,
    _errors.InvalidName,
    _errors.ScopeTaken,
    _errors.SessionEnded,
    _errors.SessionLost,
    _errors.SessionReleased,
    _errors.SettingsRefused,
    _errors.SubscriptionTaken,
    _errors.UnknownComponent,
    _errors.UnknownScope,
    _errors.UnknownSession,
    _errors.WatchOverrun,
    LimitExceeded,
    StorageFailed,
)
"""The errors that arrive as the same class as they left."""


@attrs.frozen
class OpenSession:
    """The first request of every client: who it is."""

    name: str
    protocol: int = PROTOCOL_VERSION
    software: str = "unknown"
    """What the client runs, for operators to see."""


@attrs.frozen
class Opened:
    """The server's answer to it."""

    id: UUID
    epoch: UUID
    revision: int
    protocol: int = PROTOCOL_VERSION


@attrs.frozen
class Sent:
    """How many messages one of the client's publishers has sent."""

    endpoint: int
    count: int
