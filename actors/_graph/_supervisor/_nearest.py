"""Which known names are near an unknown one: for errors that help, within a bounded time."""

from collections.abc import Iterable
from difflib import get_close_matches
from heapq import nlargest
from itertools import islice
from os.path import commonprefix
from typing import Final

_LONGEST: Final = 256
"""Characters of a name that is worth comparing."""
_MOST: Final = 2048
"""Names that are looked at."""
_CLOSELY: Final = 32
"""Names that are looked at closely, which takes a hundred times as long."""


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to two known names that look like *name*, best first; upper and lower case look alike."""
    if len(name) > _LONGEST:
        return ()
    name = name.casefold()
    likely = nlargest(_CLOSELY, islice(known, _MOST), key=lambda other: _ends_alike(name, other[:_LONGEST].casefold()))
    folded = {other.casefold(): other for other in reversed(likely) if len(other) <= _LONGEST}
    return tuple(folded[match] for match in get_close_matches(name, folded, n=2, cutoff=0.6))


def _ends_alike(name: str, other: str) -> int:
    """How many characters they share from the left and from the right: what a slip of the finger leaves."""
    left, right = commonprefix((name, other)), commonprefix((name[::-1], other[::-1]))  # noqa: RUF071 - no paths
    return len(left) + len(right)
