"""The names of the graph: topics, edges, component addresses.

A topic is a slash path such as ``SYS/UNIT/OUTPUT``; an address is a slash path that names a component.
This file knows nothing but text.
"""

from collections.abc import Collection
from itertools import chain
from typing import Final, NamedTuple

from ._errors import InvalidTopic

MAX_TOPIC_LENGTH: Final = 1024
"""The longest topic that any part of Trellis accepts, in characters."""


_USUAL: Final = bytes(range(0x21, 0x7F))
"""The characters that are in most topics: what of ASCII can be printed, but a space."""


class Edge(NamedTuple):
    """A directed connection: what is published on ``from_topic`` reaches ``to_topic``."""

    from_topic: str
    to_topic: str

    def __str__(self) -> str:
        return f"{self.from_topic} -> {self.to_topic}"


def check_topic(topic: object) -> str:
    """Return *topic* if it is a well-formed topic name; raise `InvalidTopic` otherwise.

    Well formed: a non-empty text of at most `MAX_TOPIC_LENGTH` characters, without an empty path segment,
    a segment of white space only, a NUL or a lone surrogate. The caller is to blame for a refusal.
    """
    if not isinstance(topic, str):
        raise InvalidTopic(repr(topic)[:80], "a topic is a text, such as 'CAM/OUT'")
    reason = None if is_usual(topic) else _fault(topic)
    if reason is not None:
        raise InvalidTopic(topic[:80], reason)
    return topic


def check_edge(from_topic: object, to_topic: object) -> Edge:
    """Return the edge between two well-formed topics; raise `InvalidTopic` for the first that is not."""
    return Edge(check_topic(from_topic), check_topic(to_topic))


def check_topics(topics: Collection[object]) -> None:
    """Do `check_topic` for each of *topics*."""
    if not _are_usual(topics):
        for topic in topics:
            check_topic(topic)


def check_edges(edges: Collection[tuple[object, object]]) -> None:
    """Do `check_edge` for each of *edges*: raise `InvalidTopic` for the first topic that is malformed."""
    if len(edges) == 1:  # Needs none of what follows.
        for from_topic, to_topic in edges:
            check_topic(from_topic)
            check_topic(to_topic)
        return
    topics = tuple(chain.from_iterable(edges))
    try:
        usual = _are_usual(set(topics))
    except TypeError:  # What cannot be in a set is no text.
        usual = False
    if not usual:
        check_topics(topics)


def is_usual(topic: str) -> bool:
    """Tell whether *topic* is well formed and of the usual characters. False tells nothing.

    Most topics end here: graph and records look at each one, and should not be slow for the odd ones' sake.
    """
    return (
        topic.isascii()
        and topic.isprintable()
        and " " not in topic
        and "//" not in topic
        and topic[:1] not in "/"  # Nor is an empty one.
        and topic[-1] != "/"
        and len(topic) <= MAX_TOPIC_LENGTH
    )


def _are_usual(topics: Collection[object]) -> bool:
    """Tell whether all of *topics* are, as `is_usual` does: but thousands at once, without a call for each."""
    try:
        joined = f"/{'/'.join(topics)}/"  # type: ignore[arg-type]
    except TypeError:
        return False
    return (
        joined.isascii()
        and "//" not in joined
        and not joined.encode().translate(None, _USUAL)
        and max(map(len, topics)) <= MAX_TOPIC_LENGTH  # type: ignore[arg-type]
    )


def _fault(topic: str) -> str | None:
    if not topic:
        return "it is empty"
    if len(topic) > MAX_TOPIC_LENGTH:
        return f"it is longer than {MAX_TOPIC_LENGTH} characters"
    if "//" in f"/{topic}/":
        return "it has an empty path segment"
    if "\0" in topic or not _encodable(topic):
        return "it holds a character that cannot be written"
    if any(map(str.isspace, topic.split("/"))):
        return "it has an empty path segment"
    return None


def _encodable(topic: str) -> bool:
    try:
        topic.encode()
    except UnicodeEncodeError:
        return False
    return True
