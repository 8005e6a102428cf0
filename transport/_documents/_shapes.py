"""What a type says about the values that can be decoded into it: may they be deep, may they be many? Pure."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import inspect

_ANYTHING = (inspect.AnyType, inspect.CustomType)
_MANY = (
    inspect.ListType,
    inspect.VarTupleType,
    inspect.SetType,
    inspect.FrozenSetType,
    inspect.DictType,
    inspect.CollectionType,
)


@lru_cache(maxsize=1024)
def is_loose(shape: Any) -> bool:
    """Whether a value of this type may be as deep as its sender likes: it says nothing, or contains itself."""
    return any(isinstance(node, _ANYTHING) or again for node, again in _walk(inspect.type_info(shape), ()))


@lru_cache(maxsize=1024)
def is_open_ended(shape: Any) -> bool:
    """Whether a value of this type may have as many parts as its sender likes."""
    return is_loose(shape) or any(isinstance(node, _MANY) for node, _ in _walk(inspect.type_info(shape), ()))


def _walk(node: Any, above: tuple[int, ...]) -> Iterator[tuple[Any, bool]]:
    """Visit a type's description and all inside it; the flag says that a record has come back to itself."""
    if not isinstance(node, (inspect.Type, inspect.Field)):
        return
    again = id(node) in above
    yield node, again
    if again:
        return
    for name in node.__struct_fields__:
        value = getattr(node, name)
        for part in value if isinstance(value, tuple) else (value,):
            yield from _walk(part, (*above, id(node)))
