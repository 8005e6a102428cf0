"""What the user of the command line did wrong."""

import attrs

from actors._graph import TypeClash


class UsageError(Exception):
    """The command was misused: exit code 2."""


@attrs.frozen
class MissingExtra(UsageError):
    """The user has not installed what the command needs."""

    extra: str
    module: str

    def __str__(self) -> str:
        return f"this command needs {self.module}: pip install 'trellis[{self.extra}]'"


@attrs.frozen
class StreamsDoNotFit(Exception):
    """The user connects streams whose types have nothing to do with each other; nothing was connected."""

    clashes: tuple[TypeClash, ...]

    def __str__(self) -> str:
        first, *others = self.clashes
        said = f"{first.sender} sends {first.sent}, and {first.receiver} takes {first.taken}"
        more = f" (and {len(others)} more like that)" if others else ""
        return f"nothing was connected: {said}{more}; --anyway connects them all the same"


@attrs.frozen
class SeveralGraphs(UsageError):
    """Several graphs run on this host and the user named none."""

    graphs: tuple[tuple[str, str, int], ...]
    """Of each its URL, what its server calls itself (perhaps nothing), and that process's number."""

    def __str__(self) -> str:
        listed = (f"{url} ({title or 'a program'}, process {pid})" for url, title, pid in self.graphs)
        return f"{len(self.graphs)} graphs are running here; choose one with --graph URL: " + ", ".join(listed)


@attrs.frozen
class BadToken(UsageError):
    """The file that the user named holds no token."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"no token in {self.path}: {self.reason}"
