"""The bounds of a server, as words of the command line: ``--limit sessions=100``."""

import argparse
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Final

import attrs
import msgspec

from transport import Limits

from ._errors import UsageError

_KINDS: Final = {field.name: field.type for field in attrs.fields(Limits)}
"""What each is: `int` or `float`."""
_WANTED: Final[dict[Any, str]] = {int: "a whole number", float: "a number"}


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the option that sets bounds."""
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="another bound than the usual one, such as sessions=100, see transport.Limits; may be repeated",
    )


def read_limits(words: Sequence[str]) -> Limits:
    """The usual bounds but for those named; `UsageError` for a name or a number that is none."""
    named = dict(_pair(word) for word in words)
    try:
        return Limits(**named)
    except ValueError as error:
        raise UsageError(f"--limit {' '.join(words)}: {error}") from None


def _pair(word: str) -> tuple[str, Any]:
    name, _, number = word.partition("=")
    if name not in _KINDS:
        near = get_close_matches(name.lower(), _KINDS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(_KINDS)}"
        raise UsageError(f"--limit {word}: it looks like sessions=100; {hint}")
    kind = _KINDS[name]
    try:
        return name, msgspec.convert(number, kind, strict=False)
    except msgspec.ValidationError:
        raise UsageError(f"--limit {word}: it looks like {name}=100; {number!r} is not {_WANTED[kind]}") from None
