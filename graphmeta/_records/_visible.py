"""Text from elsewhere, made fit to be shown: nothing in a name may steer a terminal or turn a line around."""


def visible(text: str) -> str:
    """Return *text* with what does not print (controls, direction marks, odd spaces) as backslash escapes.

    A backslash is doubled, so that no text can look like another that has an escape.
    """
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    plain = character.isprintable() and character != "\\"
    return character if plain else character.encode("unicode_escape").decode("ascii")
