"""zenoh leaves its shared memory behind when a process ends; the next one that uses it would clear it away.

So a run looks at what is there before and after, and removes what has come. This file knows nothing of messages.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")


@contextmanager
def removed_afterwards(folder: Path = SHARED_MEMORY) -> Iterator[None]:
    """Remove what zenoh makes within the block; its processes have ended by then."""
    before = set(folder.glob("*.zenoh"))
    try:
        yield
    finally:
        for left in set(folder.glob("*.zenoh")) - before:
            with suppress(FileNotFoundError):
                left.unlink()
