"""The types of a record's fields, checked when the record is made, as strictly as a typed decoder does it.

A record that was made here must come back equal from bytes: so no subclasses, which a decoder would turn
into their bases, no booleans for numbers, and no text that cannot be written. This file knows attrs classes,
not which.
"""

import types
import typing
from collections.abc import Callable, Hashable, Iterable
from functools import cache
from typing import Any, Final, cast

import attrs

from ._errors import InvalidMetadata, InvalidTopic
from ._names import check_topic, is_usual

_BESIDES: Final[dict[type, frozenset[type]]] = {float: frozenset({int, float})}
"""What is taken for a type: a decoder takes whole numbers for floats, too."""


class Record:
    """A record whose fields are checked against their annotations whenever it is made here."""

    __slots__ = ()

    def __attrs_pre_init__(self, *values: Any) -> None:
        # msgspec calls this with nothing: it has checked the types itself, for a tenth of the price.
        if values:
            for value, (name, check) in zip(values, _checks(cast("Hashable", type(self))), strict=True):
                check(value, f"{type(self).__name__}.{name}")


def check_address(address: str, name: str) -> None:
    """Raise `InvalidMetadata` unless *address* is well formed and ends with the segment *name*."""
    if not is_usual(address):
        try:
            check_topic(address)
        except InvalidTopic as error:
            raise InvalidMetadata(address[:80], str(error)) from None
    if address.rpartition("/")[2] != name:
        raise InvalidMetadata(address, f"its name {name!r:.80} is not the end of its address")


Check = Callable[[Any, str], None]


@cache
def _checks(cls: Hashable) -> tuple[tuple[str, Check], ...]:
    fields = attrs.fields(cast("type[attrs.AttrsInstance]", cls))
    return tuple((field.name, _check_for(field.type)) for field in fields)


def _check_for(annotation: Any) -> Check:
    """Return the check of a field or of what a container holds."""
    kinds = _kinds(annotation)
    inside = {dict: 1, tuple: 0}.get(typing.get_origin(annotation))
    check_inside = None if inside is None else _check_for(typing.get_args(annotation)[inside])

    def check(value: Any, where: str) -> None:
        if kinds and type(value) not in kinds and value is not attrs.NOTHING:
            raise InvalidMetadata(where, f"is of type {type(value).__name__}, not {_named(kinds)}")
        if type(value) is str:
            _check_writable(value, where)
        elif check_inside is not None and value is not attrs.NOTHING:
            _check_items(value, where, check_inside)

    return check


def _check_items(container: Any, where: str, check: Check) -> None:
    items = container.items() if isinstance(container, dict) else enumerate(container)
    for key, value in items:
        if isinstance(container, dict):
            _CHECK_KEY(key, f"{where} (a key)")
        check(value, f"{where}[{key!a:.80}]")


def _check_writable(text: str, where: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidMetadata(where, "holds a character that cannot be written") from None


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


_CHECK_KEY: Final = _check_for(str)
