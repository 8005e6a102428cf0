"""The pieces of what is large in the graph, for those who must not drop it whole. Pure."""

from collections.abc import Callable, Generator, Iterable, Iterator

from graphmeta import Change, ComponentMetadata, GraphMetadata

LetGo = Callable[[Iterable[object]], None]
"""Takes the pieces of what its caller is about to drop."""


def let_go_at_once(pieces: Iterable[object]) -> None:
    """Keep nothing: for those who need not care how long a step takes."""


def kept_slices(work: Iterable[object]) -> Generator[object, None, None]:
    """Do *work*, and let go of the pieces that it yields when all of it is done, one at a time.

    For where something new takes the place of each: Python's collector counts what came less what went, and would not
    come until it had to look at all that is new in one go.
    """
    pieces: list[object] = []
    for piece in work:
        pieces.append(piece)
        yield piece
    while pieces:
        yield pieces.pop()


def pieces_of_metadata(metadata: GraphMetadata | None) -> Iterator[ComponentMetadata]:
    """The components of one registration."""
    if metadata is not None:
        yield from metadata.units.values()
        yield from metadata.collections.values()


def pieces_of_change(change: Change) -> Iterator[object]:
    """What a change has many of."""
    yield from change.settings
    for described in change.metadata:
        yield from pieces_of_metadata(described.metadata)
