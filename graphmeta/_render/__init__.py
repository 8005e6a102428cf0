"""Pictures of a graph: a text tree, a Mermaid flowchart, a Graphviz digraph."""

from collections.abc import Callable
from typing import Final, Literal

from .._snapshot import GraphSnapshot
from ._collapse import collapse as collapse_diagram
from ._dot import dot
from ._mermaid import mermaid
from ._model import build
from ._text import text

Format = Literal["text", "mermaid", "dot"]

_FORMATS: Final[dict[str, Callable[..., str]]] = {"text": text, "mermaid": mermaid, "dot": dot}


def render(
    snapshot: GraphSnapshot, format: Format = "text", *, collapse: int = 0, owners: bool = False
) -> str:
    """Draw *snapshot*.

    ``collapse`` takes so many levels off the picture (1: components for their streams, 2: collections for their
    components) and joins topics that only pass on. ``owners`` names the sessions that own each edge. A name can hold
    anything: what does not print is shown as an escape. Raises ``ValueError`` for a format that does not exist.
    """
    if format not in _FORMATS:
        raise ValueError(f"no format {format!r}; there are {', '.join(_FORMATS)}")
    return _FORMATS[format](collapse_diagram(build(snapshot), collapse), owners=owners)
