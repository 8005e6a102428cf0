"""Plain lists and mappings into the containers that an annotation asks for, item by item.

What an item becomes is decided by the `Convert` that is handed in: this file knows containers only.
"""

import collections
import collections.abc
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, Final

import attrs

from graphmeta._errors import InvalidSettings
from graphmeta._records._counted import counted

from ._annotations import type_text
from ._numpy import to_array, whole_list
from ._refusal import checked, joined, refuse, refuse_type

Convert = Callable[[Any, Any, str], Any]
"""(annotation, value, path) -> converted value."""

LISTS: Final[Mapping[Any, Callable[[list[Any]], Any]]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    collections.deque: collections.deque,
    collections.abc.Sequence: tuple,
    collections.abc.Collection: tuple,
    collections.abc.Iterable: tuple,
    collections.abc.MutableSequence: list,
    collections.abc.Set: frozenset,
    collections.abc.MutableSet: set,
}
"""What is made of a list, by what the annotation asks for."""

MAX_ITEMS: Final = 1_000_000
"""A list or mapping that is longer, or never ends, is refused."""

MAPPINGS: Final = frozenset({dict, collections.abc.Mapping, collections.abc.MutableMapping})


@attrs.frozen
class Wanted:
    """An annotation without extras: ``list[int]`` has the origin ``list`` and the arguments ``(int,)``."""

    annotation: Any
    origin: Any
    args: tuple[Any, ...]


def to_list(wanted: Wanted, value: Any, path: str, convert: Convert) -> Any:
    """Return a list, tuple, set or deque of converted items."""
    value = whole_list(value)
    if not isinstance(value, (list, tuple, set, frozenset, collections.deque)):
        refuse_type(path, type_text(wanted.annotation), value)
    value = _taken(value, path)
    notes = _item_notes(wanted, len(value), path)
    items = [
        convert(note, item, f"{path}[{place}]") for place, (note, item) in enumerate(zip(notes, value, strict=True))
    ]
    return checked(lambda: LISTS[wanted.origin](items), path)


def to_mapping(wanted: Wanted, value: Any, path: str, convert: Convert) -> dict[Any, Any]:
    """Return a dict with converted keys and values."""
    if not isinstance(value, Mapping):
        refuse_type(path, type_text(wanted.annotation), value)
    keys, values = wanted.args if len(wanted.args) == 2 else (Any, Any)
    return {
        _key(keys, key, path, convert): convert(values, inner, joined(path, key))
        for key, inner in entries(value, path).items()
    }


def to_numpy(wanted: Wanted, value: Any, path: str, convert: Convert) -> Any:
    """Return an array of numbers; one that is there already is taken as it is."""
    if isinstance(value, wanted.origin):
        return value
    return checked(lambda: to_array(value, wanted.args), path)


def entries(mapping: Mapping[Any, Any], path: str) -> dict[Any, Any]:
    """Return *mapping* as a dict; refuse one that goes on for ever."""
    return dict(_taken(mapping.items(), path))


def _taken(items: Iterable[Any], path: str) -> list[Any]:
    taken = list(islice(items, MAX_ITEMS + 1))
    return taken if len(taken) <= MAX_ITEMS else refuse(path, f"has more than {MAX_ITEMS} items")


def _item_notes(wanted: Wanted, count: int, path: str) -> tuple[Any, ...]:
    """Return the annotation of each item."""
    args = wanted.args
    if wanted.origin is not tuple or not args or args[-1] is Ellipsis:
        return (args[0] if args else Any,) * count
    if len(args) != count:
        refuse(path, f"must have {counted(len(args), 'item')}, not {count}")
    return args


def _key(annotation: Any, key: Any, path: str, convert: Convert) -> Any:
    """Return *key* as asked for; JSON has text keys only, so a number may come as its text."""
    for parse in (_same, int, float):
        try:
            return convert(annotation, parse(key), path)
        except (InvalidSettings, ValueError, TypeError, OverflowError):
            continue
    return refuse_type(path, f"a mapping whose keys are {type_text(annotation)}", key)


def _same(key: Any) -> Any:
    return key
