"""What can be wrong with a graph, one class per situation.

Fields are positional, so every error survives pickling and crosses the wire as itself. Each docstring says
who caused it. This file knows nothing of the others: an edge is a pair of texts here.
"""

import attrs


class GraphError(Exception):
    """Any error that graphmeta raises on purpose."""


@attrs.frozen
class InvalidTopic(GraphError):
    """The caller named a topic that no graph can hold; nothing changed."""

    topic: str
    reason: str

    def __str__(self) -> str:
        return f"{self.topic!r} is no topic: {self.reason}"


@attrs.frozen
class CycleError(GraphError):
    """The caller's edge would close a cycle; nothing changed, also not for the other edges of the same call.

    ``path`` starts and ends with the same topic and shows the cycle that the edge would close.
    """

    edge: tuple[str, str]
    path: tuple[str, ...]

    def __str__(self) -> str:
        cycle = " -> ".join(self.path)
        return f"{self.edge[0]} -> {self.edge[1]} would close a cycle: {cycle}; leave one of these edges out"


@attrs.frozen
class InvalidMetadata(GraphError):
    """The caller's metadata contradicts itself or is malformed; ``where`` names the component or field."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"invalid metadata at {self.where}: {self.reason}"


@attrs.frozen
class InvalidComponent(GraphError):
    """A component class is declared wrongly by its author; raised when the class is created or described."""

    component: str
    attribute: str
    reason: str

    def __str__(self) -> str:
        return f"{self.component}.{self.attribute}: {self.reason}"


@attrs.frozen
class InvalidSettings(GraphError):
    """The caller's value does not fit the settings: ``path`` is the dotted field; the old settings stand."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"setting {self.path!r}: {self.reason}" if self.path else f"settings: {self.reason}"


@attrs.frozen
class InvalidEndpoint(GraphError):
    """The caller describes a publisher or subscriber that cannot be; nothing was opened."""

    topic: str
    reason: str

    def __str__(self) -> str:
        return f"no endpoint on {self.topic!r}: {self.reason}"


@attrs.frozen
class RevisionGap(GraphError):
    """The caller applied a change that does not follow its snapshot: a later revision or another epoch."""

    have: int
    got: int
    same_epoch: bool

    def __str__(self) -> str:
        epoch = "" if self.same_epoch else " of another epoch"
        return f"revision {self.got}{epoch} does not follow revision {self.have}; take a fresh snapshot"


@attrs.frozen
class InvalidChange(GraphError):
    """A change contradicts the snapshot it follows: whoever made it is to blame; take a fresh snapshot."""

    revision: int
    reason: str

    def __str__(self) -> str:
        return f"revision {self.revision} contradicts the snapshot before it: {self.reason}"


@attrs.frozen
class InvalidSnapshot(GraphError):
    """Bytes or text that were offered as a snapshot are not one: whoever made them is to blame."""

    reason: str

    def __str__(self) -> str:
        return f"not a snapshot: {self.reason}"
