"""The floors of the house, held by reading every import of the three packages."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("actors", "transport", "graphmeta")
STOREYS = ("_floor", "_data", "_graph", "_runtime", "_cli")
"""Of `actors`, the lowest first. `demo` and `testing` are guests: nobody imports the demo but the command line."""

ROOMS = {
    "actors._graph": ("_ledger", "_storage", "_supervisor", "_session", "_wire", "_doors"),
    "transport": ("_bypass", "_link", "_documents", "_service", "_peer", "_doors"),
    "graphmeta": ("_pickles", "_dag", "_records", "_settings", "_bytes", "_declarations", "_render"),
}
"""The rooms of each floor that has some, the lowest first. What stands beside them is the ground under all."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts), ast.parse(path.read_text(encoding="utf-8"))


def imports(name: str, tree: ast.Module) -> Iterator[str]:
    """Every module that *name* imports, by its full name; imports inside functions count as well."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = name.split(".")[: -node.level] if node.level else []
            target = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            if node.level and not node.module:
                yield from (f"{target}.{alias.name}" for alias in node.names)
            else:
                yield target


ALL = [(name, target) for name, tree in modules() for target in imports(name, tree)]


def test_there_is_something_to_hold() -> None:
    assert len(ALL) > 300
    assert {name.partition(".")[0] for name, _ in ALL} == set(PACKAGES)


@pytest.mark.parametrize(
    ("package", "strangers"),
    [
        ("graphmeta", {"trio", "trio_websocket", "actors", "transport"}),
        ("transport", {"graphmeta", "actors", "cloudpickle", "pickle"}),
    ],
)
def test_the_two_lower_packages_know_neither_each_other_nor_what_is_above(package: str, strangers: set[str]) -> None:
    found = [
        (name, target)
        for name, target in ALL
        if name.partition(".")[0] == package and target.partition(".")[0] in strangers
    ]
    assert found == []


def test_packages_meet_only_at_their_faces() -> None:
    found = [
        (name, target)
        for name, target in ALL
        if target.partition(".")[0] in PACKAGES and target.partition(".")[0] != name.partition(".")[0] and "." in target
    ]
    assert found == []


def storey(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "actors" and len(parts) > 1 and parts[1] in STOREYS else None


def test_no_arrow_inside_actors_runs_back_up() -> None:
    found = [
        (name, target)
        for name, target in ALL
        if (here := storey(name)) and (there := storey(target)) and STOREYS.index(there) > STOREYS.index(here)
    ]
    assert found == []


def room(floor: str, module: str) -> int | None:
    """Which room of a floor a module is in; -1: none of them."""
    if not module.startswith(f"{floor}.") or module == f"{floor}.__init__":
        return None
    name = module.removeprefix(f"{floor}.").partition(".")[0]
    return ROOMS[floor].index(name) if name in ROOMS[floor] else -1


@pytest.mark.parametrize("floor", ROOMS)
def test_no_arrow_between_the_rooms_of_a_floor_runs_back_up(floor: str) -> None:
    arrows = [(name, target, room(floor, name), room(floor, target)) for name, target in ALL]
    inside = [(name, target, here, there) for name, target, here, there in arrows if None not in (here, there)]
    assert len(inside) > 50
    assert [(name, target) for name, target, here, there in inside if there > here] == []


def test_storeys_meet_only_at_their_faces() -> None:
    found = [
        (name, target)
        for name, target in ALL
        # The test kit disturbs the actor floor from inside: that is what it is for.
        if storey(target) and storey(target) != storey(name) and target.count(".") > 1 and name != "actors.testing"
    ]
    assert found == []


def test_only_the_command_line_knows_the_demo() -> None:
    found = {
        name
        for name, target in ALL
        if target.startswith("actors.demo") and not name.startswith(("actors.demo", "actors._cli"))
    }
    assert found == set()


def test_one_file_imports_trio_websocket_and_no_other() -> None:
    found = {name for name, target in ALL if target.partition(".")[0] == "trio_websocket"}
    assert len(found) == 1
    assert next(iter(found)).startswith("transport._doors._websocket")


def test_one_file_decodes_pickles() -> None:
    decoding = set()
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in ("loads", "load", "Unpickler"):
                owner = node.value.id if isinstance(node.value, ast.Name) else ""
                if owner in ("pickle", "cloudpickle", "_pickle"):
                    decoding.add(name)
            if isinstance(node, ast.ImportFrom) and node.module in ("pickle", "cloudpickle", "_pickle"):
                decoding.update(name for alias in node.names if alias.name in ("loads", "load", "Unpickler"))
    assert decoding == {"graphmeta._pickles._pickles"}


def test_no_modules_import_each_other_in_a_circle() -> None:
    names = {name for name, _ in modules()}
    known = {name.removesuffix(".__init__") for name in names}
    arrows: dict[str, set[str]] = {name: set() for name in known}
    for name, target in ALL:
        here = name.removesuffix(".__init__")
        # Importing from one's own package face is how a face is built, not an arrow.
        if target in known and target != here and not here.startswith(f"{target}."):
            arrows[here].add(target)
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path[path.index(name) :], name))
        if name in done:
            return
        for target in arrows[name]:
            visit(target, (*path, name))
        done.add(name)

    for name in known:
        visit(name, ())


def test_faces_hide_their_modules() -> None:
    public = [
        name
        for name, _ in modules()
        for part in name.split(".")[1:]
        if not part.startswith("_") and part not in ("demo", "testing")
    ]
    assert public == []


def test_one_file_trusts_links_to_our_own_processes_and_few_load_what_they_trust() -> None:
    trusting, loading = set(), set()
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "trusted" and ast.unparse(node.value) == "True":
                trusting.add(name)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "load_trusted":
                loading.add(name)
    assert trusting == {"actors._graph._doors._children"}
    assert loading == {
        "graphmeta._records._settings_records",
        "actors._data._forms",
        "actors._runtime._channel",
        "actors._runtime._words",
    }
