"""Snapshots in files: the same bytes as everywhere, replaced whole or not at all."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from graphmeta._errors import InvalidSnapshot
from graphmeta._records._snapshot import GraphSnapshot

from ._codec import MAX_SNAPSHOT_BYTES, dump_snapshot, load_snapshot


def save_snapshot(snapshot: GraphSnapshot, path: str | os.PathLike[str]) -> None:
    """Write *snapshot* to *path*; a reader sees the old file or the new one, never half of one. Raises OSError."""
    data, target = dump_snapshot(snapshot), Path(path)
    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # Or the new name could outlive a power cut that the bytes did not.
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def read_snapshot(path: str | os.PathLike[str], *, max_bytes: int = MAX_SNAPSHOT_BYTES) -> GraphSnapshot:
    """Read a snapshot that `save_snapshot` wrote; runs no code that the file brings.

    Raises OSError when the file cannot be read and `InvalidSnapshot` when it holds something else.
    """
    with Path(path).open("rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise InvalidSnapshot(f"the file exceeds the limit of {max_bytes} bytes")
    return load_snapshot(data, max_bytes=max_bytes)
