"""Names as the layout formats can hold them: any name shows as itself or as a visible escape, and breaks nothing.

This file knows characters only.
"""

from typing import Final

from graphmeta._records._visible import visible

_PLAIN_SIGNS: Final = frozenset(" _/")


def mermaid_label(text: str) -> str:
    """Return *text* as a quoted label of a Mermaid flowchart."""
    return '"' + "".join(_entity(character) for character in visible(text)) + '"'


def _entity(character: str) -> str:
    # A quote would end the label, a backtick or an asterisk is Markdown, `<` is HTML, `#` and `;` make entities,
    # Mermaid rewrites lines in which a colon follows the word "style", and the last two are its own marks.
    plain = character.isalnum() if character.isascii() else character not in "ﬂ¶"
    return character if plain or character in _PLAIN_SIGNS else f"#{ord(character)};"


def dot_label(text: str) -> str:
    """Return *text* as a quoted label of Graphviz."""
    # Graphviz reads labels twice: backslash escapes (`\N` is the node's name), then HTML entities.
    escaped = visible(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return f'"{escaped}"'
