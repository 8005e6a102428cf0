"""Names as each output format can hold them: any name shows as itself or as a visible escape, and breaks nothing.

Nobody may send a terminal a control character through a topic's name, nor turn text around with a direction mark, so
`visible` comes first in every format. This file knows characters only.
"""

from typing import Final

_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}


def visible(text: str) -> str:
    """*text* with everything that does not print (controls, direction marks, odd spaces) as a backslash escape."""
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")


def mermaid_label(text: str) -> str:
    """*text* as a quoted label of a Mermaid flowchart."""
    return '"' + "".join(_entity(character) for character in visible(text)) + '"'


def _entity(character: str) -> str:
    # Numeric entities for every sign: a quote would end the label, a backtick or an asterisk is Markdown, `<` is HTML,
    # `#` and `;` make entities, and Mermaid rewrites lines in which a colon follows the word "style".
    plain = character.isalnum() or character in " _/-." or not character.isascii()
    return character if plain else f"#{ord(character)};"


def dot_label(text: str) -> str:
    """*text* as a quoted string of Graphviz, to be used as a label."""
    # Graphviz reads labels twice: backslash escapes (`\N` is the node's name), then HTML entities.
    escaped = visible(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return f'"{escaped}"'
