"""Topics that only pass on, taken out of the way: what leads to them is linked to what they lead to.

A collection's topics are of this kind. This file knows routes between names, no diagram.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import attrs

Routes = dict[tuple[str, str], frozenset[str]]
"""Owners by source and target."""

MOST_JOINED: Final = 64
"""A topic stays when joining it would draw more links than this, and more than it has: a hub is easier to read."""


def passing(routes: Routes) -> set[str]:
    """Return the topics that something leads to and that lead on."""
    return {source for source, _ in routes} & {target for _, target in routes}


def join(routes: Routes, topics: Iterable[str]) -> tuple[Routes, set[str]]:
    """Return the routes without *topics*, and those of the topics that are gone."""
    web, gone = _Web(), set()
    for (source, target), owners in routes.items():
        web.link(source, target, owners)
    for topic in topics:
        ways = len(web.before[topic]), len(web.after[topic])
        if ways[0] * ways[1] <= max(MOST_JOINED, sum(ways)):
            web.join(topic)
            gone.add(topic)
    return web.routes(), gone


@attrs.define
class _Web:
    """Routes that can be looked up from both ends."""

    before: defaultdict[str, dict[str, frozenset[str]]] = attrs.field(factory=lambda: defaultdict(dict))
    """Owners by source, by target."""
    after: defaultdict[str, dict[str, frozenset[str]]] = attrs.field(factory=lambda: defaultdict(dict))
    """Owners by target, by source."""

    def link(self, source: str, target: str, owners: frozenset[str]) -> None:
        both = self.after[source].get(target, frozenset()) | owners
        self.after[source][target] = self.before[target][source] = both

    def join(self, topic: str) -> None:
        """Take *topic* out, and link what is before it to what is after it."""
        before, after = self.before.pop(topic), self.after.pop(topic)
        for source in before.keys() - {topic}:
            del self.after[source][topic]
        for target in after.keys() - {topic}:
            del self.before[target][topic]
        for source in before.keys() - {topic}:
            for target in after.keys() - {topic, source}:
                self.link(source, target, before[source] | after[target])

    def routes(self) -> Routes:
        return {(source, target): owners for source, row in self.after.items() for target, owners in row.items()}
