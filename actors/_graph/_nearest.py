"""Which known names are near an unknown one: for errors that help."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to two known names that look like *name*, best first."""
    return tuple(get_close_matches(name, list(known), n=2, cutoff=0.6))
