"""The one place where a pickle is decoded, so that one look at it tells who may run foreign code, and when.

Every other file treats pickled bytes as opaque. Two ways lead in, and they never meet. `load_trusted` runs
whatever the bytes ask for; its caller has decided to trust what he hands over. `load_restricted` is for
bytes of unknown origin: a size cap, then a scan that admits the opcodes of honest data only, then an exact
table of classes. There nothing is imported, no attribute is looked up, and a class is only ever called, so
that its checks run.
"""

import io
import pickle
from collections.abc import Mapping
from typing import Any, Final

import cloudpickle

from graphmeta._errors import InvalidSnapshot

from ._parts import Buffer, has_parts, split_parts

Classes = Mapping[tuple[str, str], type]
"""Permitted classes by module and name, as they stand in the pickle."""

_ARGUMENTS: Final[dict[bytes, int]] = {
    **dict.fromkeys((pickle.STOP, pickle.MARK, pickle.MEMOIZE, pickle.STACK_GLOBAL, pickle.REDUCE), 0),
    **dict.fromkeys((pickle.EMPTY_TUPLE, pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3), 0),
    **dict.fromkeys((pickle.PROTO, pickle.BININT1, pickle.BINGET), 1),
    **dict.fromkeys((pickle.BININT2,), 2),
    **dict.fromkeys((pickle.BININT, pickle.LONG_BINGET), 4),
    **dict.fromkeys((pickle.FRAME,), 8),
}
"""The opcodes of honest data by the bytes that follow them."""

_COUNTED: Final[dict[bytes, int]] = {
    **dict.fromkeys((pickle.LONG1, pickle.SHORT_BINUNICODE, pickle.SHORT_BINBYTES), 1),
    **dict.fromkeys((pickle.BINUNICODE, pickle.BINBYTES), 4),
    **dict.fromkeys((pickle.BINBYTES8,), 8),
}
"""More of them, by the width of the count that comes before what follows.

A record of texts, bytes, integers and tuples needs no others. Missing on purpose: all that sets state past a
constructor (BUILD, NEWOBJ), all that hashes (a dict's key made of a few nested tuples takes for ever), all
that picks its own place in the memo (PUT: nine bytes could cost gigabytes)."""

MAX_OPCODES: Final = 250_000
"""Four for each session and a dozen more are honest. It bounds the time of a scan, and what small objects
take."""


def load_trusted(data: Buffer) -> object:
    """Return what *data* holds, running whatever code it asks for.

    The caller vouches for the bytes: he made them himself, or chose to trust who did. It raises whatever the
    pickle raises, among others ImportError when a class is not installed here. What it returns may lie in *data*, if
    that can be written to: then it is the caller's no longer.
    """
    result: object
    if has_parts(data):
        # An array that was made in its bytes can be written to, as it could be where it came from.
        pickled, *outside = split_parts(bytearray(data) if memoryview(data).readonly else data)
        result = cloudpickle.loads(pickled, buffers=outside)
    else:
        result = cloudpickle.loads(data)
    return result


def load_restricted(data: bytes, classes: Classes, *, max_bytes: int) -> object:
    """Return what *data* holds; raise `InvalidSnapshot` when it is too large, malformed or asks for more."""
    if len(data) > max_bytes:
        raise InvalidSnapshot(f"{len(data)} bytes exceed the limit of {max_bytes}")
    try:
        _scan(data)
        return _Unpickler(data, classes).load()
    except InvalidSnapshot:
        raise
    except Exception as error:  # pickle promises no particular error for bytes that are not its own.
        raise InvalidSnapshot(f"malformed pickle ({type(error).__name__})") from error


def _scan(data: bytes) -> None:
    position = 0
    for _ in range(MAX_OPCODES):
        opcode = data[position : position + 1]
        if opcode == pickle.STOP:
            break
        position += 1 + _argument(data, opcode, position + 1)
    else:
        raise InvalidSnapshot(f"it takes more than {MAX_OPCODES} opcodes")
    if position + 1 != len(data):
        raise InvalidSnapshot("more bytes follow its end")


def _argument(data: bytes, opcode: bytes, position: int) -> int:
    """Return the size of what follows *opcode*."""
    if opcode in _ARGUMENTS:
        return _ARGUMENTS[opcode]
    if opcode in _COUNTED:
        width = _COUNTED[opcode]
        return width + int.from_bytes(data[position : position + width], "little")
    raise InvalidSnapshot(f"opcode {opcode!r} before byte {position} has no place in it")


class _Unpickler(pickle.Unpickler):
    """An unpickler that knows the classes of one table and nothing else."""

    def __init__(self, data: bytes, classes: Classes) -> None:
        super().__init__(io.BytesIO(data))
        self._classes = classes

    def find_class(self, module: str, name: str) -> Any:
        # Never super(): it imports, and it follows dots.
        try:
            return self._classes[module, name]
        except KeyError:
            raise InvalidSnapshot(
                f"it asks for {name[:80]!r} of {module[:80]!r}, which is none of its classes"
            ) from None
