"""Pictures of a graph: a text tree, a Mermaid flowchart, a Graphviz digraph."""

from collections.abc import Callable
from typing import Final, Literal

from graphmeta._records._snapshot import GraphSnapshot

from ._collapse import collapse as collapse_diagram
from ._dot import dot
from ._mermaid import mermaid
from ._model import build
from ._text import text

Format = Literal["text", "mermaid", "dot"]

_FORMATS: Final[dict[str, Callable[..., str]]] = {"text": text, "mermaid": mermaid, "dot": dot}


def render(
    snapshot: GraphSnapshot,
    format: Format = "text",  # noqa: A002 - the name that it has on the command line
    *,
    collapse: int = 0,
    owners: bool = False,
) -> str:
    """Return a drawing of *snapshot*; every line ends with a line feed.

    ``collapse=1`` draws components for their streams and joins the topics that only pass on; each further level
    draws the innermost collections for what is in them. ``owners`` names the sessions that own each edge. A name
    can hold anything: what does not print is shown as an escape. Raises ValueError for an unknown format.
    """
    if format not in _FORMATS:
        raise ValueError(f"no format {format!r}; there are {', '.join(_FORMATS)}")
    return _FORMATS[format](collapse_diagram(build(snapshot), collapse), owners=owners)
