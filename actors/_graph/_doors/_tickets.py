"""How a client on the same host finds a served graph: small files that only their owner can read.

A ticket names address and token, and the process that serves, by pid and start time. What a kill leaves behind names a
process that is gone: clients do not use it, and never send its token to whoever took over the port; the next start
removes it.
"""

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import attrs
import msgspec

from actors._graph._errors import NoRuntimeFolder

_SUFFIX: Final = ".graph"
_READ: Final = ".read"
_SOCKET: Final = ".sock"


@attrs.frozen
class Files:
    """Where a served graph's tokens are."""

    ticket: Path
    read: Path
    """The same with the token for looking, to be handed to whoever may look."""


@attrs.frozen
class Ticket:
    """Where a graph is served on this host, by whom, and what admits to it."""

    url: str
    token: str = attrs.field(repr=False)
    socket: str
    """The URL of the Unix socket, the quicker way; empty when there is none."""
    pid: int
    started: str
    """When the process started, in the kernel's own words; empty where the kernel does not tell."""
    title: str = ""
    """What serves it, in words for whoever must choose between several."""

    def alive(self) -> bool:
        """Whether the process that wrote this is still there, and not another one with its number."""
        return process_start(self.pid) == self.started


def process_start(pid: int) -> str | None:
    """What tells a process from a later one with the same pid; None when there is none."""
    try:
        # A process may call itself what it likes.
        text = Path(f"/proc/{pid}/stat").read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return _exists(pid) if not Path("/proc/self/stat").exists() else None
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    # A zombie has ended, although nobody has asked how yet.
    return None if fields[0] == "Z" else fields[19]


def _exists(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except OSError:
        return None
    return ""


def runtime_folder() -> Path:
    """The folder of this user's tickets, made with mode 0700. `NoRuntimeFolder` when there can be none."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(base) / "trellis" if base else Path(tempfile.gettempdir()) / f"trellis-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise NoRuntimeFolder(str(folder), error.strerror or str(error)) from None
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise NoRuntimeFolder(str(folder), "it belongs to somebody else")
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)
    return folder


@contextmanager
def published(url: str, token: str, socket: str, read_token: str, title: str) -> Iterator[Files]:
    """Let clients of this user find the graph for the length of a block; also clears away what kills left."""
    folder = runtime_folder()
    _sweep(folder)
    ticket = Ticket(url, token, socket, os.getpid(), process_start(os.getpid()) or "", title)
    # Without the socket: whoever comes through it may do everything.
    reading = attrs.evolve(ticket, token=read_token, socket="")
    path = folder / f"{os.getpid()}-{url.rpartition(':')[2]}{_SUFFIX}"
    files = Files(path, path.with_suffix(_READ))
    try:
        try:
            # The ticket first: where it is, the next start sweeps up the rest, too.
            _write(files.ticket, json.dumps(attrs.asdict(ticket)))
            _write(files.read, json.dumps(attrs.asdict(reading)))
        except OSError as error:
            raise NoRuntimeFolder(str(folder), error.strerror or str(error)) from None
        yield files
    finally:
        files.ticket.unlink(missing_ok=True)
        files.read.unlink(missing_ok=True)


def tickets() -> list[Ticket]:
    """The graphs that run on this host for this user, oldest first."""
    found = (read_ticket(path) for path in sorted(_files(runtime_folder()), key=_age))
    return [ticket for ticket in found if ticket is not None and ticket.alive()]


def ticket_for(url: str) -> Ticket | None:
    """That of a graph that runs on this host for this user and is served at *url*; None when none is known."""
    with suppress(NoRuntimeFolder):
        return next((ticket for ticket in tickets() if ticket.url.rstrip("/") == url.rstrip("/")), None)
    return None


def _files(folder: Path) -> list[Path]:
    return list(folder.glob(f"*{_SUFFIX}"))


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _sweep(folder: Path) -> None:
    for path in _files(folder):
        ticket = read_ticket(path)
        if ticket is None or not ticket.alive():
            for suffix in (_SUFFIX, _READ, _SOCKET):
                path.with_suffix(suffix).unlink(missing_ok=True)


def read_ticket(path: Path) -> Ticket | None:
    """The ticket in a file, or None when it holds none."""
    with suppress(OSError):
        return ticket_in(path.read_bytes())
    return None


def ticket_in(text: bytes | str) -> Ticket | None:
    """The ticket that a file's text is, or None when it is none."""
    with suppress(msgspec.MsgspecError):
        return msgspec.json.decode(text, type=Ticket)
    return None


def _write(path: Path, text: str) -> None:
    """Write a file that was never readable by anyone else, and never half there."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        draft.rename(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
