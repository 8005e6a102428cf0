"""numpy's arrays and scalars, for those who have it: it is never imported here, only found if it was."""

import sys
import typing
from types import ModuleType
from typing import Any, Final

MAX_CELLS: Final = 1024
"""Cells of an array that are shown; a bigger one is named by its type and shape."""

_NUMBERS: Final = "biufc"
_TIMES: Final = "mM"


class BigArray:
    """Stands for an array that is too big to be shown; its repr says what it is."""

    def __init__(self, shape: tuple[int, ...], dtype: str) -> None:
        self._text = f"<array of {dtype}, {' x '.join(map(str, shape))}>"

    def __repr__(self) -> str:
        return self._text


def to_python(value: Any) -> Any:
    """Return a scalar or an array of numpy as Python's own values; anything else as it is."""
    numpy = _numpy()
    if numpy is None:
        return value
    if issubclass(type(value), numpy.ndarray):
        return _list(numpy, value)
    return _scalar(numpy, value) if issubclass(type(value), numpy.generic) else value


def whole_list(value: Any) -> Any:
    """Return an array as nested lists of all its cells, however many; anything else as it is."""
    return value.tolist() if is_array_class(type(value)) else value


def is_array_class(cls: type) -> bool:
    """Tell whether *cls* is numpy's array or derived from it."""
    numpy = _numpy()
    return numpy is not None and issubclass(cls, numpy.ndarray)


def is_scalar_class(cls: type) -> bool:
    """Tell whether *cls* is one of numpy's scalars, such as ``float32``."""
    numpy = _numpy()
    return numpy is not None and issubclass(cls, numpy.generic)


def to_array(value: Any, args: tuple[Any, ...]) -> Any:
    """Return nested lists of numbers as an array of the type that ``NDArray[...]`` names in *args*.

    It raises ValueError or TypeError for anything else.
    """
    dtype = typing.get_args(args[1])[0] if len(args) == 2 and typing.get_args(args[1]) else None
    exact = isinstance(dtype, type) and dtype.__name__ not in _ABSTRACT
    made = sys.modules["numpy"].asarray(value, dtype=dtype if exact else None)
    if not isinstance(value, (list, tuple)) or made.dtype.kind not in _NUMBERS:
        raise ValueError("must be an array of numbers")
    return made


_ABSTRACT: Final = frozenset(
    {
        "generic",
        "number",
        "integer",
        "signedinteger",
        "unsignedinteger",
        "inexact",
        "floating",
        "complexfloating",
    }
)


def _numpy() -> ModuleType | None:
    """Return numpy once it is imported whole; while its import is under way it has no arrays yet."""
    numpy = sys.modules.get("numpy")
    return numpy if hasattr(numpy, "ndarray") and hasattr(numpy, "generic") else None


def _list(numpy: Any, value: Any) -> Any:
    size, shape, dtype = (getattr(numpy.ndarray, name).__get__(value) for name in ("size", "shape", "dtype"))
    if size > MAX_CELLS:
        return BigArray(shape, str(dtype))
    return numpy.ndarray.tolist(numpy.ndarray.astype(value, str) if dtype.kind in _TIMES else value)


def _scalar(numpy: Any, value: Any) -> Any:
    kind = value.dtype.kind
    if kind in _TIMES:
        return str(value)
    # item() hands a long double back as it is: Python has nothing that wide.
    if kind == "f":
        return float(value)
    return complex(value) if kind == "c" else numpy.generic.item(value)
