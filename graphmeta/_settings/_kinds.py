"""The table of the kinds of settings classes, first match first, and the one way to look a class up in it."""

from functools import lru_cache
from typing import Any, Final

from ._contain import attempt, is_class
from ._fields import Kind, Shape
from ._model_kinds import MSGSPEC, PYDANTIC, PYDANTIC_DATACLASS
from ._param_kind import PARAM
from ._plain_kinds import ATTRS, DATACLASS, NAMED_TUPLE

KINDS: Final[tuple[Kind, ...]] = (ATTRS, MSGSPEC, PYDANTIC, PYDANTIC_DATACLASS, DATACLASS, NAMED_TUPLE, PARAM)
"""A mapping has keys, not fields: it is dealt with where values are, not here."""


def shape_of(cls: Any) -> Shape | None:
    """Return the settings class *cls*, understood; None if it is none, or too broken to be understood."""
    return attempt(None, _kept_or_made, cls) if is_class(cls) else None


class _Unfinished(Exception):
    """Carries a shape past the cache, which keeps no result of a call that raises."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.shape = shape


def _kept_or_made(cls: type) -> Shape | None:
    try:
        return _finished(cls)
    except _Unfinished as unfinished:
        return unfinished.shape


@lru_cache(maxsize=1024)
def _finished(cls: type) -> Shape | None:
    for kind in KINDS:
        if kind.claims(cls):
            shape = Shape(cls, kind, {field.name: field for field in kind.fields(cls)})
            if not shape.complete:
                raise _Unfinished(shape)
            return shape
    return None
