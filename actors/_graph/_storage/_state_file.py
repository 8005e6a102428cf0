"""Persistent edges in a file: SQLite in WAL mode, one transaction a batch. The only file that imports sqlite3.

Every method blocks, so all of this runs in worker threads; it knows nothing of trio or of graphs. The file is ours
while we hold a lock on it that ends with the process, however that ends.
"""

import fcntl
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

from actors._graph._errors import SessionError
from graphmeta import DAG, CycleError, Edge, InvalidTopic, check_edge

from ._state_errors import (
    StateFileBusy,
    StateFileDamaged,
    StateFileForeign,
    StateFileNewer,
    StateFileUnwritable,
    StorageFailed,
)

FORMAT: Final = 1
APPLICATION_ID: Final = 0x7472656C
"""In the header of every file of ours (``trel``)."""

_MAGIC: Final = b"SQLite format 3\0"
_SCHEMA: Final = f"""
    BEGIN EXCLUSIVE;
    PRAGMA application_id = {APPLICATION_ID};
    PRAGMA user_version = {FORMAT};
    CREATE TABLE edge (from_topic TEXT NOT NULL, to_topic TEXT NOT NULL, PRIMARY KEY (from_topic, to_topic))
        WITHOUT ROWID;
    COMMIT;
"""
_DAMAGED: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR")
_INSERT: Final = "INSERT OR IGNORE INTO edge VALUES (?, ?)"
_DELETE: Final = "DELETE FROM edge WHERE from_topic = ? AND to_topic = ?"


class StateFile:
    """The file of one graph, open and locked. ``edges`` are those it held when it was opened."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open, or make, the file. Raises one of the ``StateFile...`` errors; then nothing has changed."""
        self.path: Final = os.path.abspath(path)
        self._turn: Final = threading.Lock()
        """One transaction at a time, also when a thread was given up that is still at work on the last one."""
        with ExitStack() as closing, _translated(self.path):
            descriptor = _lock(self.path)
            # The last to be closed: any descriptor's close takes SQLite's own locks on the file away.
            closing.callback(os.close, descriptor)
            _check_header(self.path, os.pread(descriptor, 100, 0))
            self._connection: Final = sqlite3.connect(
                self.path, timeout=0, isolation_level=None, check_same_thread=False
            )
            closing.callback(self._connection.close)
            self.edges: Final = _prepare(self.path, self._connection)
            self._closing: Final = closing.pop_all()

    def write(self, wanted: Mapping[Edge, bool]) -> None:
        """Make edges be there (True) or not, in one transaction that is on the disk when this returns.

        Raises `StorageFailed`; then nothing of it was done.
        """
        with self._turn:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany(_INSERT, [edge for edge, present in wanted.items() if present])
                self._connection.executemany(_DELETE, [edge for edge, present in wanted.items() if not present])
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise StorageFailed(str(error)) from None

    def close(self) -> None:
        """Let go of the file. Calling again changes nothing."""
        with self._turn:
            self._closing.close()

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _lock(path: str) -> int:
    """Open the file and hold it alone. SQLite's own locks do not do: they fall with any other descriptor's close."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StateFileUnwritable(path, error.strerror or str(error)) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise StateFileForeign(path, "it is no plain file")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise StateFileBusy(path) from None
    return descriptor


def _check_header(path: str, header: bytes) -> None:
    """Refuse what is not ours by its first bytes, before SQLite opens it: that may write, to tidy up."""
    if not header:
        return
    if not header.startswith(_MAGIC):
        raise StateFileForeign(path, "it is no database")
    if int.from_bytes(header[68:72]) != APPLICATION_ID:
        raise StateFileForeign(path, "it is another program's database")
    if (found := int.from_bytes(header[60:64])) > FORMAT:
        raise StateFileNewer(path, found, FORMAT)


def _prepare(path: str, connection: sqlite3.Connection) -> tuple[Edge, ...]:
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        # New, or killed while it was made. Before the change to WAL, so that the header says at once whose it is.
        connection.executescript(_SCHEMA)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise StateFileDamaged(path, verdict)
    return _read(path, connection)


def _read(path: str, connection: sqlite3.Connection) -> tuple[Edge, ...]:
    try:
        edges = tuple(check_edge(*row) for row in connection.execute("SELECT from_topic, to_topic FROM edge"))
        DAG().add_edges(edges)
    except (CycleError, InvalidTopic) as error:
        raise StateFileDamaged(path, str(error)) from None
    return edges


@contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _refusal(path, error) from None


def _refusal(path: str, error: sqlite3.Error) -> SessionError:
    name = getattr(error, "sqlite_errorname", "SQLITE_ERROR")
    if name.startswith("SQLITE_BUSY"):
        return StateFileBusy(path)
    if name.startswith(_DAMAGED):
        return StateFileDamaged(path, str(error))
    return StateFileUnwritable(path, str(error))
