"""Pickles between processes of one program: as quick as pickle itself, and as able as cloudpickle.

They are read by `load_trusted`, and by nothing else. Large buffers, such as the cells of an array, stay outside the
pickle and beside it: so they are copied once, and the reader's arrays lie in the bytes that came.
"""

import pickle
from typing import Final

import cloudpickle

from ._parts import Buffer, lay_out

_PROTOCOL: Final = 5
_LARGE: Final = 4096
"""Bytes from which on a buffer stays outside."""
_SEARCHED: Final = 64 * 1024
"""Bytes of a pickle that are searched; a longer one is made again sooner."""
_MAIN: Final = b"__main__"
_LEAVES: Final = frozenset({type(None), bool, int, float, str, bytes})


def dump_trusted(value: object) -> bytes:
    """Pickle *value* for a process of our own that will `load_trusted` it; classes of ``__main__`` go along.

    It raises whatever pickling raises.
    """
    return b"".join(dump_trusted_pieces(value))


def dump_trusted_pieces(value: object) -> list[Buffer]:
    """Return the same piece by piece: they look into *value*, and are to be put together before it changes."""
    if type(value) in _LEAVES:
        return [pickle.dumps(value, _PROTOCOL)]
    outside: list[Buffer] = []
    plain = _plain_pickle(value, outside)
    if plain is None:
        outside.clear()
        plain = cloudpickle.dumps(value, _PROTOCOL, buffer_callback=_Outside(outside))
    return lay_out([plain, *outside]) if outside else [plain]


def _plain_pickle(value: object, outside: list[Buffer]) -> bytes | None:
    """Pickle it without cloudpickle; None when that cannot be done, or would not mean the same over there."""
    if cloudpickle.list_registry_pickle_by_value():
        return None
    try:
        plain = pickle.dumps(value, _PROTOCOL, buffer_callback=_Outside(outside))
    except Exception:  # cloudpickle will do it, or say why not.
        return None
    # By its name, a class of our main module would be looked for in theirs.
    return None if len(plain) > _SEARCHED or _MAIN in plain else plain


class _Outside:
    """Keeps large buffers outside."""

    def __init__(self, kept: list[Buffer]) -> None:
        self._kept: Final = kept

    def __call__(self, buffer: pickle.PickleBuffer) -> bool:
        """Tell whether a buffer must stay inside."""
        raw = buffer.raw()
        if raw.nbytes < _LARGE:
            return True
        self._kept.append(raw)
        return False
