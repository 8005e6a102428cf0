"""Looking for secrets inside a value: in its fields, in containers, in the attributes of any object.

A repr may show whatever an object can reach, so what the fields alone say is not enough.
"""

from collections.abc import Iterator
from itertools import islice
from types import MemberDescriptorType
from typing import Any, Final

import attrs

from ._annotations import parts, resolved_hints
from ._contain import attempt, bases
from ._kinds import shape_of
from ._secrets import is_secret_annotation, is_secret_class

MAX_LOOKED_AT: Final = 200_000
"""Objects that one search looks at; a value with more counts as holding secrets, for nobody could tell."""

_PLAIN: Final = frozenset(
    {type(None), bool, int, float, complex, str, bytes, bytearray, range, type(Ellipsis)}
)


def holds_secrets(value: object) -> bool:
    """Tell whether *value* is or reaches a secret, or belongs to a class that declares one."""
    return attempt(True, _Search().reaches, value)


def declares_secrets(cls: type) -> bool:
    """Tell whether the settings class *cls*, or one that its annotations name, has a secret field."""
    return attempt(True, _declares, cls, set())


def _declares(cls: type, seen: set[type]) -> bool:
    if cls in seen:
        return False
    seen.add(cls)
    if is_secret_class(cls):
        return True
    shape = shape_of(cls)
    fields = () if shape is None else shape.fields.values()
    if any(field.secret for field in fields):
        return True
    named = (part for field in fields for part in parts(field.annotation) if isinstance(part, type))
    return any(_declares(part, seen) for part in named)


@attrs.define
class _Search:
    seen: set[int] = attrs.field(factory=set)
    alive: list[object] = attrs.field(factory=list)
    """What was seen is kept, lest an object made while looking takes the identity of one that is gone."""

    def reaches(self, value: object) -> bool:
        waiting = [value]
        while waiting:
            item = waiting.pop()
            if type(item) in _PLAIN or id(item) in self.seen:
                continue
            if len(self.seen) >= MAX_LOOKED_AT or self._is_secret(type(item)):
                return True
            self.seen.add(id(item))
            self.alive.append(item)
            waiting.extend(islice(_inside(item), MAX_LOOKED_AT))
        return False

    def _is_secret(self, cls: type) -> bool:
        if declares_secrets(cls):
            return True
        return shape_of(cls) is None and any(map(is_secret_annotation, _own_hints(cls)))


def _own_hints(cls: type) -> tuple[Any, ...]:
    return () if cls.__module__ == "builtins" else tuple(resolved_hints(cls).values())


def _inside(item: Any) -> Iterator[object]:
    if isinstance(item, dict):
        yield from dict.keys(item)
        yield from dict.values(item)
    elif isinstance(item, (list, tuple, set, frozenset)):
        yield from item
    yield from _attributes(item)


def _attributes(item: object) -> Iterator[object]:
    own = attempt(None, object.__getattribute__, item, "__dict__")
    if isinstance(own, dict):
        yield from dict.values(own)
    for base in bases(type(item)):
        for slot in base.__dict__.values():
            if isinstance(slot, MemberDescriptorType):
                yield attempt(None, slot.__get__, item)
