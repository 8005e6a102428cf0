"""A secret that was met once is taken out of every other text of the same readable form.

A password lies in its own field and once more inside a URL: the field is redacted by its mark, the URL here.
"""

import re
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final, TypeVar

import attrs

from ._contain import attempt
from ._kinds import shape_of
from ._leaves import described
from ._secrets import REDACTED

T = TypeVar("T")

MIN_LENGTH: Final = 4
"""Shorter secrets are not looked for: they occur everywhere by chance."""
MAX_SECRETS: Final = 64
"""How many secret texts are looked for."""
MAX_PARTS: Final = 1024
"""Parts of one secret that are looked at."""


@attrs.define
class Scrubber:
    """Learns secrets, then takes them out of texts."""

    texts: set[str] = attrs.field(factory=set)

    def learn(self, secret: object) -> None:
        """Remember the texts in *secret*: itself, what it wraps, or the items of a container."""
        for found in attempt([], _texts, secret):
            if len(found) >= MIN_LENGTH and len(self.texts) < MAX_SECRETS:
                self.texts.add(found)

    def scrub(self, shown: str) -> str:
        """Return *shown* without the texts that were learned."""
        if shown == REDACTED or not any(found in shown for found in self.texts):
            return shown
        # One pass for all of them: a second one could find a secret in the mark of the first.
        longest_first = sorted(self.texts, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, longest_first)), lambda _: REDACTED, shown)


def twice(show: Callable[[Scrubber], T]) -> T:
    """Return what *show* shows; if it met secrets, have it show all again, without any of them.

    A secret that is met late may stand in what was shown before.
    """
    scrubber = Scrubber()
    shown = show(scrubber)
    return show(scrubber) if scrubber.texts else shown


def _texts(secret: object) -> list[str]:
    found, waiting = [], [secret]
    for _ in range(MAX_PARTS):
        if not waiting:
            break
        part = waiting.pop()
        inner = attempt(None, _parts, part)
        if inner is not None:
            waiting.extend(inner)
        elif part is not None and not isinstance(part, bool):
            found.append(_text(part))
    return found


def _parts(secret: Any) -> list[Any] | None:
    """Return what *secret* wraps or holds; None if it is a single value."""
    reveal = getattr(secret, "get_secret_value", None)
    if reveal is not None:
        return [reveal()]
    shape = shape_of(type(secret))
    if shape is not None:
        return [getattr(secret, name) for name in shape.fields]
    if isinstance(secret, Mapping):
        return list(islice(secret.values(), MAX_PARTS))
    return list(islice(secret, MAX_PARTS)) if isinstance(secret, (list, tuple, set, frozenset)) else None


def _text(secret: Any) -> str:
    if isinstance(secret, (bytes, bytearray)):
        return bytes(secret).decode("utf-8", "backslashreplace")
    return str.__str__(secret) if isinstance(secret, str) else described(secret)
