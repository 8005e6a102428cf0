"""What a value may be beyond its type: bounds, lengths, patterns and choices, wherever a class states them.

``annotated_types``, ``msgspec.Meta`` and pydantic's fields share the names of their attributes, so they are
recognised by attribute and none of them need be imported; attrs's validators are known by class name.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from math import isfinite
from typing import Any, Final

import attrs

from ._contain import attempt, descends

MAX_CHOICES: Final = 256
"""No more choices than these are listed; a longer list is still enforced."""


@attrs.frozen
class Constraint:
    """One demand on a value: the name of a check in `CHECKS` and what that compares with."""

    name: str
    limit: Any


CHECKS: Final[dict[str, tuple[Callable[[Any, Any], bool], str]]] = {
    "ge": (lambda value, limit: value >= limit, "must be at least {}"),
    "gt": (lambda value, limit: value > limit, "must be above {}"),
    "le": (lambda value, limit: value <= limit, "must be at most {}"),
    "lt": (lambda value, limit: value < limit, "must be below {}"),
    "multiple_of": (lambda value, limit: value % limit == 0, "must be a multiple of {}"),
    "min_length": (lambda value, limit: len(value) >= limit, "must be at least {} long"),
    "max_length": (lambda value, limit: len(value) <= limit, "must be at most {} long"),
    "pattern": (lambda value, limit: re.search(limit, value) is not None, "must match the pattern {}"),
    "choices": (lambda value, limit: value in limit, "must be one of {}"),
    "predicate": (lambda value, limit: bool(limit(value)), "is refused by its predicate"),
}

_ATTRIBUTES: Final = ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "pattern")
_OPERATORS: Final = {">=": "ge", ">": "gt", "<=": "le", "<": "lt"}


def from_extras(extras: Iterable[Any]) -> tuple[Constraint, ...]:
    """Return the constraints that the extras of ``Annotated`` state; anything else states none."""
    return tuple(found for extra in extras for found in attempt((), lambda: tuple(_stated(extra))))  # noqa: B023


def from_validator(validator: Any) -> tuple[Constraint, ...]:
    """Return the constraints that a validator of attrs states; a validator of the user's own states none."""
    return attempt((), lambda: tuple(_validated(validator)))


def broken(constraints: Iterable[Constraint], value: Any) -> Constraint | None:
    """Return the first constraint that *value* breaks, or that cannot be checked; None keeps them all."""
    if value is None:
        return None
    for constraint in constraints:
        test, _ = CHECKS[constraint.name]
        if not attempt(False, lambda: bool(test(value, constraint.limit))):  # noqa: B023 - called at once
            return constraint
    return None


def bounds(constraints: Iterable[Constraint]) -> tuple[tuple[float, bool] | None, tuple[float, bool] | None]:
    """Return the tightest lower and upper bound as (number, exclusive); None where there is none."""
    lower = [(limit, name == "gt") for name, limit in _numbers(constraints) if name in ("ge", "gt")]
    upper = [(limit, name == "lt") for name, limit in _numbers(constraints) if name in ("le", "lt")]
    return max(lower, default=None), min(upper, key=lambda bound: (bound[0], not bound[1]), default=None)


def choices(constraints: Iterable[Constraint]) -> tuple[Any, ...]:
    """Return the values that the constraints leave to choose from; empty if they name none."""
    named = [constraint.limit for constraint in constraints if constraint.name == "choices"]
    return attempt((), lambda: tuple(islice(named[0], MAX_CHOICES))) if named else ()


def _numbers(constraints: Iterable[Constraint]) -> Iterator[tuple[str, float]]:
    for constraint in constraints:
        if constraint.name in ("ge", "gt", "le", "lt") and isinstance(constraint.limit, (int, float)):
            number = attempt(None, float, constraint.limit)
            if number is not None and isfinite(number):
                yield constraint.name, number


def _stated(extra: Any) -> Iterator[Constraint]:
    for name in _ATTRIBUTES:
        limit = getattr(extra, name, None)
        if limit is not None:
            yield Constraint(name, limit)
    if descends(type(extra), "annotated_types", "Predicate"):
        yield Constraint("predicate", extra.func)
    if descends(type(extra), "pydantic.fields", "FieldInfo"):
        for inner in extra.metadata:
            yield from _stated(inner)


def _validated(validator: Any) -> Iterator[Constraint]:
    if descends(type(validator), "attr._make", "_AndValidator"):
        for inner in validator._validators:
            yield from _validated(inner)
    elif type(validator).__module__ == "attr.validators":
        yield from _VALIDATORS.get(type(validator).__name__, lambda _: ())(validator)


_VALIDATORS: Final[dict[str, Callable[[Any], Iterable[Constraint]]]] = {
    "_OptionalValidator": lambda validator: _validated(validator.validator),
    "_NumberValidator": lambda validator: (Constraint(_OPERATORS[validator.compare_op], validator.bound),),
    "_InValidator": lambda validator: (Constraint("choices", validator.options),),
    "_MaxLengthValidator": lambda validator: (Constraint("max_length", validator.max_length),),
    "_MinLengthValidator": lambda validator: (Constraint("min_length", validator.min_length),),
}
