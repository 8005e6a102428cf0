"""What the user of the command line did wrong."""

import attrs


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
class SeveralGraphs(UsageError):
    """Several graphs run on this host and the user named none."""

    urls: tuple[str, ...]

    def __str__(self) -> str:
        return f"{len(self.urls)} graphs are running here; choose one with --graph: " + ", ".join(self.urls)


@attrs.frozen
class BadToken(UsageError):
    """The file that the user named holds no token."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"no token in {self.path}: {self.reason}"
