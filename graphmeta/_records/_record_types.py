"""The types of a record's fields, checked when the record is made, as strictly as a typed decoder does it.

A record that was made here must come back equal from bytes: so no subclasses, which a decoder would turn
into their bases, no booleans for numbers, and no text that cannot be written. This file knows attrs classes,
not which.
"""

import types
import typing
from collections.abc import Hashable, Iterable
from functools import cache
from typing import Any, Final, cast

import attrs

from graphmeta._errors import InvalidMetadata, InvalidTopic
from graphmeta._names import check_topic, is_usual

from ._frozen import FrozenDict

_BESIDES: Final[dict[type, frozenset[type]]] = {float: frozenset({int, float})}
"""What is taken for a type: a decoder takes whole numbers for floats, too."""


class Record:
    """A record whose fields are checked against their annotations whenever it is made here."""

    __slots__ = ()

    def __attrs_pre_init__(self, *values: Any) -> None:
        # msgspec calls this with nothing: it has checked the types itself, for a tenth of the price.
        if values:
            for value, (where, rule) in zip(values, _rules(cast("Hashable", type(self))), strict=True):
                if type(value) not in rule.easy or type(value) is str:
                    rule.check(value, where)


def check_address(address: str, name: str) -> None:
    """Raise `InvalidMetadata` unless *address* is well formed and ends with the segment *name*."""
    if not is_usual(address):
        try:
            check_topic(address)
        except InvalidTopic as error:
            raise InvalidMetadata(address[:80], str(error)) from None
    if address.rpartition("/")[2] != name:
        raise InvalidMetadata(address, f"its name {name!r:.80} is not the end of its address")


Where = str | tuple["Where", object]
"""A place in a record: a field, or the place of a container and a key in it. Made a text only for a complaint."""


@attrs.frozen
class _Rule:
    """What a field takes, or what a container takes inside."""

    kinds: frozenset[type]
    """The exact types; none for any."""
    inside: "_Rule | None" = None
    """For the items of a container."""
    easy: frozenset[type] = attrs.field(init=False)
    """Those of the types that nothing is inside of; a text must be one that can be written."""

    @easy.default
    def _easy(self) -> frozenset[type]:
        return self.kinds - {dict, tuple}

    def check(self, value: Any, where: Where) -> None:
        """Raise `InvalidMetadata` for what does not fit."""
        kind = dict if type(value) is FrozenDict else type(value)  # It becomes one in bytes, too.
        if kind in self.easy or not self.kinds:
            if kind is str and not value.isascii():
                _check_writable(value, where)
        elif kind not in self.kinds and value is not attrs.NOTHING:
            raise InvalidMetadata(_place(where), f"is of type {kind.__name__}, not {_named(self.kinds)}")
        elif self.inside is not None and value is not attrs.NOTHING:
            self.inside.check_items(value, where)

    def check_items(self, container: Any, where: Where) -> None:
        """Check all that is in a container; the keys of a map are texts."""
        if isinstance(container, dict):
            for key in container:
                _KEY_RULE.check(key, (where, _KEY))
        for key, value in container.items() if isinstance(container, dict) else enumerate(container):
            # What `check` would find first, without the call: there are thousands.
            if type(value) not in self.easy or type(value) is str:
                self.check(value, (where, key))


@cache
def _rules(cls: Hashable) -> tuple[tuple[str, _Rule], ...]:
    record = cast("type[attrs.AttrsInstance]", cls)
    return tuple((f"{record.__name__}.{field.name}", _rule_for(field.type)) for field in attrs.fields(record))


def _rule_for(annotation: Any) -> _Rule:
    inside = {dict: 1, tuple: 0}.get(typing.get_origin(annotation))
    return _Rule(_kinds(annotation), None if inside is None else _rule_for(typing.get_args(annotation)[inside]))


def _check_writable(text: str, where: Where) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidMetadata(_place(where), "holds a character that cannot be written") from None


def _place(where: Where) -> str:
    if isinstance(where, str):
        return where
    around, key = where
    return f"{_place(around)} (a key)" if key is _KEY else f"{_place(around)}[{key!a:.80}]"


def _kinds(annotation: Any) -> frozenset[type]:
    """Return the exact types that *annotation* takes; none for any."""
    if annotation is Any:
        return frozenset()
    if isinstance(annotation, types.UnionType):
        return frozenset().union(*map(_kinds, typing.get_args(annotation)))
    kind: type = typing.get_origin(annotation) or annotation
    return _BESIDES.get(kind, frozenset({kind}))


def _named(kinds: Iterable[type]) -> str:
    return " or ".join(sorted(kind.__name__ for kind in kinds))


_KEY: Final = object()
"""Stands for a key itself in a `Where`."""
_KEY_RULE: Final = _rule_for(str)
