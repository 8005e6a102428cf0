"""Where messages arrive that their receiver cannot take, as far as the names of types tell. Pure.

This looks at a whole graph at once, and by names, which tell little: a class may derive from another, or be the same
under another name. Only of Python's own data is it certain: nothing is a
text and a number at once. So this speaks of those, and of nothing else. It knows topics and texts.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs

_NUMBERS: Final = dict.fromkeys(("bool", "int", "float", "complex"), "number")
_KINDS: Final = _NUMBERS | {name: name for name in ("str", "bytes", "list", "tuple", "dict", "set", "None")}
"""What a type is for sure. Numbers pass for each other; whatever is not listed may be anything."""


@attrs.frozen
class Misfit:
    """A topic that messages of another kind come to than it takes."""

    sender: str
    sent: str
    receiver: str
    taken: str


def misfits(sent: Mapping[str, str], taken: Mapping[str, str], edges: Iterable[tuple[str, str]]) -> Iterator[Misfit]:
    """Yield the topics of *taken* that something else comes to, each with one sender of each kind, in order.

    *sent* and *taken* are types by topic. Costs the edges, once for each kind that is sent.
    """
    arriving = _arriving(sent, edges)
    for receiver in sorted(taken):
        wanted = _KINDS.get(taken[receiver])
        for kind, sender in sorted(arriving.get(receiver, {}).items()):
            if wanted is not None and kind != wanted:
                yield Misfit(sender, sent[sender], receiver, taken[receiver])


def _arriving(sent: Mapping[str, str], edges: Iterable[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """Every topic with the kinds that come to it, and of each the first sender."""
    targets: dict[str, list[str]] = {}
    for from_topic, to_topic in edges:
        targets.setdefault(from_topic, []).append(to_topic)
    arriving: dict[str, dict[str, str]] = {}
    for sender in sorted(sent):
        kind = _KINDS.get(sent[sender])
        todo = [sender] if kind is not None else []
        while todo:
            topic = todo.pop()
            if kind is not None and kind not in (known := arriving.setdefault(topic, {})):
                known[kind] = sender
                todo += targets.get(topic, ())
    return arriving
