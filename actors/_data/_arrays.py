"""numpy's arrays and scalars as bytes: their type, their shape, and their buffer as it stands.

Pure. numpy is optional: nothing imports it before an array arrives. What arrives may come from anybody, so every word
of it is checked before numpy sees it.
"""

import importlib
import math
import re
import struct
import sys
from typing import Any, Final

import msgspec

from ._errors import Unfit

ARRAY: Final = 1
"""The msgpack extension of an array."""
SCALAR: Final = 2
"""The msgpack extension of a scalar: an array without dimensions."""

LARGE: Final = 64 * 1024
"""Bytes from which on a value is not copied where that can be helped."""

Parts = tuple[str, tuple[int, ...], Any]
"""An array's type as numpy writes it, its shape, and its cells in C order."""

_DTYPE: Final = re.compile(r"[<>|][biufcSUmM][0-9]{1,9}(\[[0-9]{0,9}[A-Za-z]{1,7}\])?")
_MOST_DIMENSIONS: Final = 32
LARGE_EXTENSION: Final = 0xC9
"""The head of a large extension of msgpack, with which no pickle begins."""
_EXTENSION: Final = struct.Struct(">BIb")
_BIN: Final = struct.Struct(">BI")
_decoder: Final = msgspec.msgpack.Decoder(tuple[str, tuple[int, ...], memoryview])


def is_array_type(cls: type) -> bool:
    """Tell whether *cls* is numpy's array itself; classes derived from it would arrive as the base."""
    # By its name first: each message is asked.
    return cls.__name__ == "ndarray" and cls is getattr(sys.modules.get("numpy"), "ndarray", None)


def is_scalar_type(cls: type) -> bool:
    """Tell whether *cls* is one of numpy's own scalars, such as ``float32``."""
    generic = getattr(sys.modules.get("numpy"), "generic", None)
    return isinstance(generic, type) and issubclass(cls, generic) and cls.__module__ == "numpy"


def crosses_in_place(array: Any) -> bool:
    """Whether a large array means the same with nothing but its type, its shape and its cells in C order."""
    dtype = array.dtype
    plain = _DTYPE.fullmatch(dtype.str) and dtype.itemsize and dtype.metadata is None
    return bool(plain and array.flags.c_contiguous and array.nbytes >= LARGE and array.ndim <= _MOST_DIMENSIONS)


def take_apart(value: Any) -> Parts:
    """Return the parts of an array or a scalar; raises `Unfit` when its cells are objects or records."""
    return _dtype_of(value), tuple(value.shape), value.tobytes()


def _dtype_of(value: Any) -> str:
    dtype: str = value.dtype.str
    if not _DTYPE.fullmatch(dtype) or value.dtype.itemsize == 0:
        raise Unfit(f"an array of {value.dtype} cannot cross a wire")
    return dtype


def put_together(parts: Parts, *, in_place: bool = False) -> Any:
    """Return the array of these parts; raises `Unfit` unless there are as many cells as its shape says.

    It owns its cells: it can be written to, and does not keep the document alive that it came in. *In place* a large
    one that can be written to where it lies stays there.
    """
    numpy, (dtype, shape, data) = _import_numpy(), parts
    if not _DTYPE.fullmatch(dtype) or len(shape) > _MOST_DIMENSIONS or any(size < 0 for size in shape):
        raise Unfit(f"no array: its type is {dtype[:40]!r}, with {len(shape)} dimensions")
    try:
        cells = numpy.dtype(dtype)
        if cells.itemsize == 0 or math.prod(shape) * cells.itemsize != len(data):
            raise Unfit(f"no array: {len(data)} bytes are not what its shape says of {dtype}")
        array = (numpy.frombuffer(data, cells) if len(data) else numpy.empty(0, cells)).reshape(shape)
        stays = in_place and len(data) >= LARGE and array.flags.writeable and array.flags.aligned
        return array if stays else array.copy()
    except (TypeError, ValueError, OverflowError) as error:
        raise Unfit(f"no array: {error}") from None


def to_extension(value: Any) -> msgspec.msgpack.Ext:
    """Return an array or a scalar as a msgpack extension: its parts, in msgpack."""
    code = ARRAY if is_array_type(type(value)) else SCALAR
    return msgspec.msgpack.Ext(code, msgspec.msgpack.encode(take_apart(value)))


def large_extension(array: Any) -> tuple[bytes, memoryview]:
    """Return the msgpack extension of an array of 64 KiB or more: what comes before its cells, and these in place.

    They are copied if they are not in C order already. Raises `Unfit`.
    """
    dtype, ordered = _dtype_of(array), array if array.flags.c_contiguous else array.copy()
    cells = memoryview(ordered.reshape(-1).view("u1"))
    inner = _aligned(msgspec.msgpack.encode(dtype), msgspec.msgpack.encode(tuple(array.shape)), bin_head(len(cells)))
    return _EXTENSION.pack(LARGE_EXTENSION, len(inner) + len(cells), ARRAY) + inner, cells


def _aligned(dtype: bytes, shape: bytes, cells: bytes) -> bytes:
    """Put together what comes before an array's cells, so that these begin at a multiple of eight bytes.

    Whoever maps the message into memory can use them where they lie. What there is to fill is in the heads of the
    list, of the text and of the shape: msgpack has shorter and longer ones, which mean the same. (A shape of more than
    fifteen has no shorter one: such an array is copied by its reader.)
    """
    due = -(_EXTENSION.size + 1 + len(dtype) + len(shape) + len(cells)) % 8
    outer = b"\xdc\0\x03" if due & 2 else b"\x93"
    if due & 1:
        dtype = bytes((0xD9, dtype[0] & 0x1F)) + dtype[1:]
    if due & 4 and shape[0] < 0xA0:
        shape = bytes((0xDD, 0, 0, 0, shape[0] & 0x0F)) + shape[1:]
    return outer + dtype + shape + cells


def bin_head(size: int) -> bytes:
    """Return what comes before so many bytes in msgpack, 64 KiB or more."""
    return _BIN.pack(0xC6, size)


def from_extension(code: int, body: memoryview, *, in_place: bool = False) -> Any:
    """Return the array or the scalar of a msgpack extension, as `put_together`; raises `Unfit` for anything else."""
    if code not in (ARRAY, SCALAR):
        raise Unfit(f"msgpack extension {code} is not part of the wire")
    try:
        array = put_together(_decoder.decode(body), in_place=in_place)
    except msgspec.MsgspecError as error:
        raise Unfit(f"no array: {error}") from None
    return array if code == ARRAY else only_cell(array)


def only_cell(array: Any) -> Any:
    """Return the scalar that an array without dimensions holds; raises `Unfit` for any other."""
    if array.shape != ():
        raise Unfit(f"no scalar: its shape is {array.shape}")
    return array[()]


def _import_numpy() -> Any:
    try:
        return sys.modules.get("numpy") or importlib.import_module("numpy")
    except ImportError:
        raise Unfit("an array, and numpy is not installed here") from None
