"""Memory files: memory that one process makes and another sees, handed over as a descriptor.

The kernel keeps one for as long as somebody holds it, and it has no name: whatever becomes of either process, nothing
stays. Its size is sealed when it is made. Without that, whoever made it could take memory away from under a reader,
and the kernel would end the reader for looking.
"""

import ctypes
import fcntl
import mmap
import os
from typing import Final

# Other systems have no memory files, and no words for their seals: this must be imported there, too.
_SEALS: Final[int] = sum(getattr(fcntl, f"F_SEAL_{name}", 0) for name in ("SHRINK", "GROW", "SEAL"))
_GRAIN: Final = 256 * 1024
"""A file's size is a multiple of so many bytes, so that it does for many messages."""


class NoMemoryFile(Exception):
    """What was handed over is none, or not as it must be: the fault of whoever handed it over."""


def there_are_memory_files() -> bool:
    """Whether the system has them."""
    return hasattr(os, "memfd_create")


def file_size(size: int) -> int:
    """Tell how large the file is that is made for so many bytes."""
    return max(size + -size % _GRAIN, _GRAIN)


class OwnFile:
    """A memory file of ours, written to here and read by whom it is handed to."""

    def __init__(self, name: int, size: int) -> None:
        """Make one for so many bytes. OSError when there is no memory, or there are too many open files."""
        self.name: Final = name
        self._descriptor: int | None = None
        self._descriptor = os.memfd_create("trellis", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        # Now, and not by and by: where there is no memory left this fails, and writing would end the process.
        os.posix_fallocate(self._descriptor, 0, file_size(size))
        fcntl.fcntl(self._descriptor, fcntl.F_ADD_SEALS, _SEALS)
        self.memory: Final = _map(self._descriptor, file_size(size), mmap.PROT_READ | mmap.PROT_WRITE)

    def __len__(self) -> int:
        return len(self.memory)

    @property
    def new(self) -> tuple[int, ...]:
        """The descriptor, if the other end does not have it yet."""
        return () if self._descriptor is None else (self._descriptor,)

    def handed_over(self) -> None:
        """The other end has it."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    __del__ = handed_over


def map_theirs(descriptor: int, *, most: int, writable: bool) -> memoryview:
    """Map a file that came from another process; it may be a hostile one. Raises `NoMemoryFile`.

    The descriptor stays the caller's. What is in the file may change at any time.
    """
    try:
        seals = fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
        size = os.fstat(descriptor).st_size
        if not seals & fcntl.F_SEAL_SHRINK:
            raise NoMemoryFile("its size is not sealed")
        # Many tiny ones would use up what the kernel has for maps of this process.
        if size != file_size(size) or size > most:
            raise NoMemoryFile(f"it has {size} bytes, and {most} at most may come")
        return _map(descriptor, size, mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0))
    except OSError as error:
        raise NoMemoryFile(f"it is none ({error})") from None


def _map(descriptor: int, size: int, protection: int) -> memoryview:
    """Map a file into memory, until nobody looks at it any more.

    `mmap` by itself would keep a descriptor for each, and a few sessions in full flow would use up all that a process
    may have. So the file is laid over memory that has none, and goes with that. (A finalizer would not do: of what is
    garbage together the collector calls all, in any order, and some other one may still look.)
    """
    memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    place = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    if _lay(place, size, protection, mmap.MAP_SHARED | _FIXED, descriptor, 0) != place:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    view = memoryview(memory)
    return view if protection & mmap.PROT_WRITE else view.toreadonly()


_FIXED: Final = 0x10
"""Linux's MAP_FIXED, for which Python has no name."""
_lay: Final = ctypes.CDLL(None, use_errno=True).mmap
_lay.restype = ctypes.c_void_p
_lay.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
