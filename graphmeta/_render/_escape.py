"""Names as each output format can hold them: any name shows as itself or as a visible escape, and breaks nothing.

Nobody may send a terminal a control character through a topic's name, nor turn text around with a direction
mark, so `visible` comes first in every format. This file knows characters only.
"""

from typing import Final

_PLAIN_SIGNS: Final = frozenset(" _/")


def visible(text: str) -> str:
    """Return *text* with what does not print (controls, direction marks, odd spaces) as backslash escapes."""
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    # A backslash is doubled, so that no name can look like another that has an escape.
    plain = character.isprintable() and character != "\\"
    return character if plain else character.encode("unicode_escape").decode("ascii")


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
