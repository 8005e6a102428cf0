"""The table of the kinds of settings classes, first match first, and the one way to look a class up in it."""

from functools import lru_cache
from typing import Final

from ._contain import attempt
from ._fields import Kind, Shape
from ._model_kinds import MSGSPEC, PYDANTIC, PYDANTIC_DATACLASS
from ._plain_kinds import ATTRS, DATACLASS, NAMED_TUPLE

KINDS: Final[tuple[Kind, ...]] = (ATTRS, MSGSPEC, PYDANTIC, PYDANTIC_DATACLASS, DATACLASS, NAMED_TUPLE)
"""A mapping has keys, not fields: it is dealt with where values are, not here."""


def shape_of(cls: object) -> Shape | None:
    """Return the settings class *cls*, understood; None if it is none, or too broken to be understood."""
    return attempt(None, _shape_of, cls) if isinstance(cls, type) else None


@lru_cache(maxsize=1024)
def _shape_of(cls: type) -> Shape | None:
    for kind in KINDS:
        if kind.claims(cls):
            return Shape(cls, kind, {field.name: field for field in kind.fields(cls)})
    return None
