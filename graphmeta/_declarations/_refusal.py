"""How a wrong declaration is refused: with the class, the attribute and the reason, in one form."""

from typing import NoReturn

from graphmeta._errors import InvalidComponent


def refuse(cls: type, attribute: str, reason: str) -> NoReturn:
    """Raise `InvalidComponent` in the name of *cls*, whose author is to blame."""
    raise InvalidComponent(cls.__qualname__, attribute, reason)


def shown(value: object) -> str:
    """Return *value* as a message names it: a class by its name, all else cut short."""
    return value.__qualname__ if isinstance(value, type) else f"{value!r:.80}"
