"""The one place where a pickle is decoded, so that one look at it tells who may run foreign code, and when.

Every other file treats pickled bytes as opaque. Two ways lead in, and they never meet: `load_trusted` runs whatever
the bytes ask for, and its caller has decided to trust what he hands over; `load_restricted` is for bytes of unknown
origin: a size cap, then a scan that admits the opcodes of honest data only, then an exact table of permitted classes.
There nothing is imported, no attribute is looked up, and a class is only ever called, so that its validators run.
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

HONEST_OPCODES: Final = frozenset(
    "PROTO FRAME STOP MARK MEMOIZE BINGET LONG_BINGET BININT BININT1 BININT2 LONG1 SHORT_BINUNICODE BINUNICODE "
    "SHORT_BINBYTES BINBYTES BINBYTES8 EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 STACK_GLOBAL REDUCE".split()
)
"""What plain records of texts, bytes, integers and tuples need. Missing on purpose: all that sets state past a
constructor (BUILD, NEWOBJ), all that hashes (dicts and sets: a nested key can take for ever), all that addresses the
memo by a number of its own choosing (PUT: nine bytes could cost gigabytes), and DUP."""


def load_trusted(data: bytes) -> object:
    """Return what *data* holds, running whatever code it asks for.

    The caller vouches for the bytes: he made them himself, or chose to trust who did. It raises whatever the
    pickle raises, among others ImportError when a class is not installed here.
    """
    result: object = cloudpickle.loads(data)
    return result


def load_restricted(data: bytes, classes: Classes, *, max_bytes: int) -> object:
    """Return what *data* holds; raise `InvalidSnapshot` when it is too large, malformed or asks for anything else."""
    if len(data) > max_bytes:
        raise InvalidSnapshot(f"{len(data)} bytes exceed the limit of {max_bytes}")
    try:
        _scan(data)
        return _Unpickler(data, classes).load()
    except InvalidSnapshot:
        raise
    except (
        Exception
    ) as error:  # Any byte string may come here, and pickle promises no particular error for it.
        raise InvalidSnapshot(f"malformed pickle ({type(error).__name__})") from error


def _scan(data: bytes) -> None:
    for opcode, _, position in pickletools.genops(data):
        if opcode.name not in HONEST_OPCODES:
            raise InvalidSnapshot(f"opcode {opcode.name} at byte {position} has no place in a snapshot")


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
