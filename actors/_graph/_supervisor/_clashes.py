"""Who would hear, through an edge, from a stream whose type has nothing to do with theirs. Only reads.

Of the ends in this process the classes are known. Of all others there are names, which tell little: a class may derive
from another, and what comes over a wire is read as what its taker named. Only of Python's own data it is certain that
nothing is a text and a number at once.
"""

from collections.abc import Iterable
from contextlib import suppress
from itertools import product
from typing import Any, Final

from actors._data import Router, can_fit
from actors._graph._ledger._ledger import Ledger
from actors._graph._ledger._results import TypeClash
from graphmeta import Edge, type_text

_OWN_DATA: Final = {
    cls.__name__: cls for cls in (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset)
}

Ends = dict[Any, str]
"""Topics by what they send or take: one of each is enough, and there may be thousands."""


def clashes_of(edge: Edge, ledger: Ledger, router: Router) -> tuple[TypeClash, ...]:
    """Return what comes to where it cannot be taken while *edge* is there: one for each pair of types, sorted."""
    above = {edge.from_topic, *ledger.dag.upstream(edge.from_topic)}
    below = {edge.to_topic, *ledger.dag.downstream(edge.to_topic)}
    known = product(_ends(router.sent_at(above)).items(), _ends(router.taken_at(below)).items())
    named = product(_named(ledger, "publisher", above).items(), _named(ledger, "subscriber", below).items())
    found = {
        TypeClash(sender, type_text(sent), receiver, type_text(taken))
        for pairs in (known, named)
        for (sent, sender), (taken, receiver) in pairs
        if not can_fit(sent, taken)
    }
    return tuple(sorted(found))


def _named(ledger: Ledger, direction: str, topics: set[str]) -> Ends:
    return _ends(
        (endpoint.topic, _OWN_DATA.get(endpoint.message_type, object))
        for record in ledger.records()
        for endpoint in record.endpoints.values()
        if endpoint.direction == direction and endpoint.topic in topics
    )


def _ends(found: Iterable[tuple[str, Any]]) -> Ends:
    ends: Ends = {}
    for topic, message_type in found:
        with suppress(TypeError):  # what cannot be hashed is no class
            ends[message_type] = min(topic, ends.get(message_type, topic))
    return ends
