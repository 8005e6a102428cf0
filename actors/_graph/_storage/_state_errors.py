"""What can go wrong with the file that keeps persistent edges, one class per situation."""

import attrs

from actors._graph._errors import SessionError
from graphmeta import counted
from transport import LimitExceeded


@attrs.frozen
class StorageFailed(SessionError):
    """The file did not take a persistent change, and the change was undone, with a revision of its own.

    Nobody who asked did anything wrong: a disk is full, or failing.
    """

    reason: str

    def __str__(self) -> str:
        return f"persistent edges could not be stored: {self.reason}; the change was undone"


@attrs.frozen
class StateFileBusy(SessionError):
    """The caller named a file that another server, or another program, has open; nothing was touched."""

    path: str

    def __str__(self) -> str:
        return f"{self.path} is in use by another server: stop it, or name another file"


@attrs.frozen
class StateFileForeign(SessionError):
    """The caller named a file that is somebody else's; nothing was touched."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path} keeps no graph: {self.reason}; name another file"


@attrs.frozen
class StateFileNewer(SessionError):
    """The caller named a file that a later version of Trellis wrote; nothing was touched."""

    path: str
    found: int
    known: int

    def __str__(self) -> str:
        return f"{self.path} has format {self.found}, and this version knows {self.known}: use a newer Trellis"


@attrs.frozen
class StateFileDamaged(SessionError):
    """The caller named a file that was a graph's and cannot be read any more."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path} is damaged: {self.reason}; move it away, or restore it"


@attrs.frozen
class StateFileTooLarge(LimitExceeded):
    """The caller named a file that holds more than a limit of this graph allows; nothing was touched."""

    path: str
    found: int
    """How large that limit must be for what the file holds."""

    def __str__(self) -> str:
        held = f"topics of {self.found} characters" if self.name == "topic_length" else counted(self.found, "edge")
        return (
            f"{self.path} holds {held}, more than the limit {self.name} = {self.limit:g}: "
            f"start with {self.name}={self.found} or more, or name another file"
        )


@attrs.frozen
class StateFileUnwritable(SessionError):
    """The caller named a file that this process may not write, or that cannot be made."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path} cannot be written: {self.reason}"
