"""A signal as a line of braille dots, two columns and four rows of them in each character.

Every dot column stands for a fixed stretch of running sample numbers and shows all of it, from its lowest to
its highest sample: no peak falls between two dots, and the line keeps its shape while it scrolls. This file
knows characters and numbers only.
"""

from typing import Final

import numpy as np

from ._messages import Signal

_DOTS: Final = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_BLANK: Final = 0x2800
_UPPER, _LOWER = 0x1B, 0xE4  # the dots of the upper two rows, and of the lower two


def stride(rate: float, width: int, seconds: float) -> int:
    """Return how many samples a dot column stands for, if *width* characters show about *seconds*."""
    return max(1, round(seconds * rate / (2 * width)))


def trace(values: Signal, first: int, *, width: int, height: int, step: int) -> list[str]:
    """Draw the newest *values*, numbered from *first*: *height* lines of *width* characters, *step* a dot."""
    lows, highs = _extremes(values, first, 2 * width, step)
    dots = np.zeros((4 * height, 2 * width), dtype=bool)
    if len(lows):
        scale = (4 * height - 1) / max(highs.max() - lows.min(), 1e-9)
        row = np.arange(4 * height)[::-1, None]
        floor, ceiling = (np.rint((edge - lows.min()) * scale) for edge in (lows, highs))
        dots[:, 2 * width - len(lows) :] = (floor <= row) & (row <= ceiling)
    cells = dots.reshape(height, 4, width, 2).transpose(0, 2, 1, 3)
    codes = _BLANK + (cells * _DOTS).sum(axis=(2, 3))
    return ["".join(map(chr, line)) for line in codes.tolist()]


def column_of(sample: int, newest: int, *, width: int, step: int) -> int:
    """Return the character that *sample* is drawn in when *newest* is the last one; negative: it has left."""
    return (2 * width - 1 - (newest // step - sample // step)) // 2


def without_braille(line: str) -> str:
    """Return a line of `trace` in ASCII."""
    return "".join(_plain(ord(character) - _BLANK) for character in line)


def _plain(dots: int) -> str:
    upper, lower = dots & _UPPER, dots & _LOWER
    return "|" if upper and lower else "'" if upper else "." if lower else " "


def _extremes(values: Signal, first: int, columns: int, step: int) -> tuple[Signal, Signal]:
    """Return lowest and highest of each of the newest columns; each reaches to where the one before ended."""
    column = np.arange(first, first + len(values)) // step
    shown = values[column > (first + len(values) - 1) // step - columns]
    starts = np.flatnonzero(np.diff(column[-len(shown) :], prepend=-1)) if len(shown) else np.empty(0, int)
    if not len(starts):
        return shown, shown
    lows, highs = np.minimum.reduceat(shown, starts), np.maximum.reduceat(shown, starts)
    ends = shown[starts[1:] - 1]
    lows[1:], highs[1:] = np.minimum(lows[1:], ends), np.maximum(highs[1:], ends)
    return lows, highs
