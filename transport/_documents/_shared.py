"""A value that many peers get: encoded once per codec, whoever asks first pays.

Knows nothing of the codecs but their names.
"""

from collections.abc import Callable
from typing import Any

from ._pieces import Encoded

_NOTHING = object()


class Shared:
    """A value inside parameters or results that is encoded once, however many documents it is put into.

    ``Shared(value)`` is encoded when it is first needed. ``Shared.encoded_as(json=..., msgpack=...)`` brings
    encodings that somebody made already; they must be of equal meaning, and they are trusted.
    """

    __slots__ = ("_encodings", "_value")

    def __init__(self, value: Any) -> None:
        self._value = value
        self._encodings: dict[str, Encoded] = {}

    @classmethod
    def encoded_as(cls, *, json: Encoded | None = None, msgpack: Encoded | None = None) -> "Shared":
        """Wrap ready encodings; to encode it for a codec that has none is a bug of the caller (TypeError)."""
        shared = cls(_NOTHING)
        given = {"json": json, "msgpack": msgpack}
        shared._encodings = {name: data for name, data in given.items() if data is not None}
        return shared

    def encoded(self, codec: str, encode: Callable[[Any], Encoded]) -> Encoded:
        """Give the encoding for a codec, made at the first call."""
        if codec not in self._encodings:
            if self._value is _NOTHING:
                raise TypeError(f"this value was not encoded for {codec}")
            self._encodings[codec] = encode(self._value)
        return self._encodings[codec]

    def __repr__(self) -> str:
        return f"<Shared encoded for {', '.join(sorted(self._encodings)) or 'nobody yet'}>"
