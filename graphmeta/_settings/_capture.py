"""Settings as they are declared to a graph: bytes for those who have the classes, a readable form for all."""

import io
from typing import Any, Final

import cloudpickle

from graphmeta._records._metadata import InitialSettings

from ._contain import attempt, class_name
from ._leaves import text
from ._readable import readable
from ._search import why_withheld

MAX_PICKLED: Final = 1 << 20
"""Settings whose pickle is longer, in bytes, are described without it."""


class _TooLong(Exception):
    """The pickle passed its bound."""


class _Bounded(io.BytesIO):
    """A file that refuses to grow past `MAX_PICKLED`, before it takes the bytes."""

    def write(self, data: Any) -> int:
        if self.tell() + memoryview(data).nbytes > MAX_PICKLED:
            raise _TooLong
        return super().write(data)


def capture(settings: object) -> InitialSettings:
    """Return *settings* as bytes and as a readable form; it never raises, whatever the settings do.

    There are no bytes when the settings hold secrets, cannot be pickled, or when the pickle is longer
    than `MAX_PICKLED`; ``reason`` says which.
    """
    reason, pickled = why_withheld(settings), None
    if reason is None:
        pickled, reason = _pickled(settings)
    return InitialSettings(readable=readable(settings), pickled=pickled, reason=reason)


def _pickled(settings: object) -> tuple[bytes | None, str | None]:
    file = _Bounded()
    try:
        cloudpickle.dump(settings, file, protocol=5)
    except _TooLong:
        return None, f"longer than {MAX_PICKLED} bytes"
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a hostile __reduce__ may raise anything
        return None, text(f"{class_name(type(error))}: {attempt('', str, error)}")[:500]
    return file.getvalue(), None
