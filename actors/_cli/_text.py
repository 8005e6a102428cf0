"""Names from elsewhere, on their way to a terminal."""


def printable(text: str) -> str:
    """*text* with everything that does not print shown as an escape: a name must not steer a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
