"""Decoding what is large without deafening everybody else: value by value, with a pause every 2 ms."""

import time
from typing import TypeVar

import trio

from ._codec import Payload

T = TypeVar("T")
_SLICE = 0.002
"""Seconds that other tasks may have to wait for."""


async def decode_values(payload: "Payload[dict[str, T]]", shape: type[T]) -> dict[str, T]:
    """Decode a large map whose values are of one type; others run at least every 2 ms.

    A single value is decoded in one go. Raises like `Payload.decode`.
    """
    values: dict[str, T] = {}
    pause_at = time.perf_counter() + _SLICE
    for name, part in payload.fields().items():
        values[name] = part.decode(shape)
        if time.perf_counter() >= pause_at:
            await trio.lowlevel.checkpoint()
            pause_at = time.perf_counter() + _SLICE
    return values
