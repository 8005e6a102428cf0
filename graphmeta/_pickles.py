"""The one place where a pickle is decoded, so that one look at it tells who may run foreign code, and when.

Every other file treats pickled bytes as opaque. Two ways lead in, and they never meet. `load_trusted` runs
whatever the bytes ask for; its caller has decided to trust what he hands over. `load_restricted` is for
bytes of unknown origin: a size cap, then a scan that admits the opcodes of honest data only, then an exact
table of classes. There nothing is imported, no attribute is looked up, and a class is only ever called, so
that its checks run.
"""

import io
import pickle
import pickletools
from collections.abc import Mapping
from typing import Any, Final

import cloudpickle

from ._errors import InvalidSnapshot

Classes = Mapping[tuple[str, str], type]
"""Permitted classes by module and name, as they stand in the pickle."""

_FRAME: Final = frozenset({"PROTO", "FRAME", "STOP", "MARK", "MEMOIZE", "BINGET", "LONG_BINGET"})
_NUMBERS: Final = frozenset({"BININT", "BININT1", "BININT2", "LONG1"})
_TEXTS: Final = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "SHORT_BINBYTES", "BINBYTES", "BINBYTES8"})
_RECORDS: Final = frozenset({"EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "STACK_GLOBAL", "REDUCE"})
HONEST_OPCODES: Final = _FRAME | _NUMBERS | _TEXTS | _RECORDS
"""What a record of texts, bytes, integers and tuples needs.

Missing on purpose: all that sets state past a constructor (BUILD, NEWOBJ), all that hashes (a dict's key
made of a few nested tuples takes for ever), all that picks its own place in the memo (PUT: nine bytes could
cost gigabytes)."""

MAX_OPCODES: Final = 250_000
"""Two for each session and a dozen more are honest. It bounds the time of a scan, and what small objects
take."""


def load_trusted(data: bytes) -> object:
    """Return what *data* holds, running whatever code it asks for.

    The caller vouches for the bytes: he made them himself, or chose to trust who did. It raises whatever the
    pickle raises, among others ImportError when a class is not installed here.
    """
    result: object = cloudpickle.loads(data)
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
    position = -1
    for number, (opcode, _, position) in enumerate(pickletools.genops(data)):
        if opcode.name not in HONEST_OPCODES:
            raise InvalidSnapshot(f"opcode {opcode.name} at byte {position} has no place in it")
        if number >= MAX_OPCODES:
            raise InvalidSnapshot(f"more than {MAX_OPCODES} opcodes")
    if position + 1 != len(data):
        raise InvalidSnapshot("more bytes follow its end")


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
            raise InvalidSnapshot(f"{module[:80]}.{name[:80]} is not one of its classes") from None
