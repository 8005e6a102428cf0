"""What can go wrong between a session and its graph, one class per situation.

Fields are positional, so that every error pickles and crosses the wire as itself.
"""

import attrs

from graphmeta import counted


class SessionError(Exception):
    """Any error that a session or its graph raises on purpose."""


@attrs.frozen
class SessionLost(SessionError):
    """The session ended under its body: the server died or closed, the link failed or fell silent.

    Nobody here did it on purpose; an operator's release raises `SessionReleased` instead.
    """

    reason: str

    def __str__(self) -> str:
        return f"the session was lost: {self.reason}"


@attrs.frozen
class SessionReleased(SessionError):
    """Another session, named ``by``, released this one on purpose."""

    by: str

    def __str__(self) -> str:
        return f"the session was released by {self.by}"


@attrs.frozen
class SessionEnded(SessionError):
    """The caller used a session or a scope outside its ``async with``."""

    name: str

    def __str__(self) -> str:
        return f"session {self.name!r} has ended"


@attrs.frozen
class GraphClosed(SessionError):
    """The caller used a graph outside its ``async with open_graph()``."""

    def __str__(self) -> str:
        return "the graph is closed"


@attrs.frozen
class AddressTaken(SessionError):
    """The caller declared components at addresses that other sessions hold; nothing changed.

    ``holders`` pairs each address with the name of the session that holds it.
    """

    holders: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        listed = ", ".join(f"{address} (held by {name!r})" for address, name in self.holders[:5])
        more = len(self.holders) - 5
        return f"addresses taken: {listed}" + (f" and {more} more" if more > 0 else "")


@attrs.frozen
class InvalidName(SessionError):
    """The caller's session has a name that tells nobody anything, or too much."""

    name: str
    longest: int

    def __str__(self) -> str:
        return f"{self.name[:40]!r} is no name for a session: it must not be blank, nor longer than {self.longest}"


@attrs.frozen
class NoRuntimeFolder(SessionError):
    """The caller's environment names no folder where the addresses of running graphs can be kept."""

    folder: str
    reason: str

    def __str__(self) -> str:
        return f"cannot keep addresses in {self.folder}: {self.reason}; set XDG_RUNTIME_DIR to a folder of yours"


@attrs.frozen
class UnknownSession(SessionError):
    """The caller named a session that is not there; ``nearest`` may help."""

    name: str
    nearest: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"no session {self.name!r}" + _hint(self.nearest)


@attrs.frozen
class AmbiguousSession(SessionError):
    """The caller's name fits several sessions: name one of ``matches`` by its id."""

    name: str
    matches: tuple[str, ...]

    def __str__(self) -> str:
        return f"{len(self.matches)} sessions are called {self.name!r}: " + ", ".join(self.matches)


@attrs.frozen
class UnknownComponent(SessionError):
    """The caller named a component that no session has declared."""

    address: str
    nearest: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"no component {self.address!r}" + _hint(self.nearest)


@attrs.frozen
class UnknownScope(SessionError):
    """The caller named an ownership scope that is not open in its session."""

    scope: str

    def __str__(self) -> str:
        return f"no scope {self.scope!r} is open"


@attrs.frozen
class ScopeTaken(SessionError):
    """The caller opened a scope under a name that is open already, or that is no name."""

    scope: str

    def __str__(self) -> str:
        return f"a scope {self.scope!r} is open already, or the name is no path segment"


@attrs.frozen
class SettingsRefused(SessionError):
    """The unit at ``address`` did not take the setting; it keeps the old value."""

    address: str
    reason: str

    def __str__(self) -> str:
        return f"{self.address} refused: {self.reason}"


@attrs.frozen
class SubscriptionTaken(SessionError):
    """The client began a watch under a number that one of its watches has already."""

    subscription: int

    def __str__(self) -> str:
        return f"subscription {self.subscription} is in use"


@attrs.frozen
class WatchOverrun(SessionError):
    """The watcher fell behind a second time before it took the resync; this watch is over, the session is not."""

    bound: int

    def __str__(self) -> str:
        return f"the watch fell more than {counted(self.bound, 'change')} behind, twice"


@attrs.frozen
class NotRunning(SessionError):
    """No graph supervisor answers where the caller looked."""

    where: str
    advice: str

    def __str__(self) -> str:
        return f"no graph was found {self.where}: {self.advice}"


@attrs.frozen
class ConnectionRefused(SessionError):
    """A server is there, but it will not have this client: a wrong token, a foreign host, no room for another one."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where} refused the connection: {self.reason}"


def _hint(nearest: tuple[str, ...]) -> str:
    return f" (did you mean {' or '.join(repr(name) for name in nearest)}?)" if nearest else ""
