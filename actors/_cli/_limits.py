"""The bounds of a server, as words of the command line: ``--limit sessions=100``."""

import argparse
from collections.abc import Sequence
from difflib import get_close_matches

import attrs
import msgspec

from transport import Limits

from ._errors import UsageError


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the option that sets bounds."""
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="another bound than the usual one, such as sessions=100; names are those of transport.Limits",
    )


def read_limits(words: Sequence[str]) -> Limits:
    """The usual bounds but for those named; `UsageError` for a name or a number that is none."""
    named = dict(_pair(word) for word in words)
    try:
        return msgspec.convert(named, Limits, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(f"--limit {' '.join(words)}: {error}") from None


def _pair(word: str) -> tuple[str, str]:
    name, equals, number = word.partition("=")
    names = [field.name for field in attrs.fields(Limits)]
    if not equals or name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names)}"
        raise UsageError(f"--limit {word}: it looks like sessions=100; {hint}")
    return name, number
