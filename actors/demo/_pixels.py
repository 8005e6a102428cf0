"""Small pictures for the terminal: digits and a heart, two pixels above each other in every character.

This file knows characters only.
"""

from collections.abc import Sequence
from typing import Final

HEART_RESTING: Final = (
    ".............",
    "...##...##...",
    "..####.####..",
    "..#########..",
    "..#########..",
    "...#######...",
    "....#####....",
    ".....###.....",
    "......#......",
    ".............",
)
HEART_BEATING: Final = (
    "..###...###..",
    ".#####.#####.",
    ".###########.",
    ".###########.",
    ".###########.",
    "..#########..",
    "...#######...",
    "....#####....",
    ".....###.....",
    "......#......",
)
_DIGITS: Final = {
    "0": ("####", "#..#", "#..#", "#..#", "#..#", "#..#", "####"),
    "1": (".##.", "..#.", "..#.", "..#.", "..#.", "..#.", ".###"),
    "2": ("####", "...#", "...#", "####", "#...", "#...", "####"),
    "3": ("####", "...#", "...#", "####", "...#", "...#", "####"),
    "4": ("#..#", "#..#", "#..#", "####", "...#", "...#", "...#"),
    "5": ("####", "#...", "#...", "####", "...#", "...#", "####"),
    "6": ("####", "#...", "#...", "####", "#..#", "#..#", "####"),
    "7": ("####", "...#", "...#", "...#", "...#", "...#", "...#"),
    "8": ("####", "#..#", "#..#", "####", "#..#", "#..#", "####"),
    "9": ("####", "#..#", "#..#", "####", "...#", "...#", "####"),
    "-": ("....", "....", "....", "####", "....", "....", "...."),
}
_HALVES: Final = {"..": " ", "#.": "▀", ".#": "▄", "##": "█"}
_ASCII: Final = {"..": " ", "#.": "'", ".#": ".", "##": "#"}


def big(text: str) -> tuple[str, ...]:
    """Return a picture of *text*, which is made of digits and dashes."""
    glyphs = [_DIGITS[character] for character in text]
    return tuple(".".join(rows) for rows in zip(*glyphs, strict=True))


def draw(picture: Sequence[str], *, ascii_only: bool = False) -> list[str]:
    """Return the lines that show *picture*, half as many as it has rows."""
    rows = [*picture, "." * len(picture[0])] if len(picture) % 2 else picture
    table = _ASCII if ascii_only else _HALVES
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return ["".join(table[over + under] for over, under in zip(*pair, strict=True)) for pair in pairs]
