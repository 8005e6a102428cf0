"""What a package's face speaks of can be had there: whoever is told of an error or a record can import its name."""

import builtins
import importlib
import inspect
import re
import typing
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from graphmeta import Outcome

FACES = {name: importlib.import_module(name) for name in ("actors", "transport", "graphmeta")}
NAME = re.compile(r"(?<!`)`([A-Z]\w+)[\w.]*`(?!`)")


def public(face: ModuleType) -> Iterator[tuple[str, Any]]:
    """The classes and functions of a face, and the methods and properties of its classes."""
    for name, item in vars(face).items():
        if not name.startswith("_") and getattr(item, "__module__", "") == face.__name__:
            yield name, item
            if inspect.isclass(item):
                yield from ((f"{name}.{inner}", each) for inner, each in vars(item).items() if inner[0] != "_")


def untold(face: ModuleType, docstring: str) -> set[str]:
    """The names in a docstring that are not to be had from *face*."""
    known = {*vars(face), *vars(builtins), *Outcome.__members__}
    return {name for name in NAME.findall(docstring) if name not in known}


@pytest.mark.parametrize("name", FACES)
def test_what_docstrings_speak_of_can_be_imported_from_the_same_place(name: str) -> None:
    missing = {path: untold(FACES[name], inspect.getdoc(item) or "") for path, item in public(FACES[name])}
    assert {path: names for path, names in missing.items() if names} == {}


def test_what_applications_are_given_can_be_imported_too() -> None:
    missing = {
        (path, each.__name__)
        for path, item in public(FACES["actors"])
        if inspect.isfunction(function := inspect.unwrap(getattr(item, "fget", item)))
        for hint in typing.get_type_hints(function).values()
        for each in classes(hint)
        if not any(getattr(face, each.__name__, None) is each for face in FACES.values())
    }
    assert missing == set()


def classes(hint: Any) -> Iterator[type]:
    """Our classes in an annotation."""
    if inspect.isclass(hint) and hint.__module__.partition(".")[0] in FACES:
        yield hint
    for inner in typing.get_args(hint):
        yield from classes(inner)


def test_a_name_that_cannot_be_had_would_be_seen() -> None:
    assert untold(FACES["actors"], "Raises `CannotListen`, `Nonsense.here` or `ValueError`.") == {"Nonsense"}
