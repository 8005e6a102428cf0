"""The loader takes honest snapshots, and nothing that a hostile one brings is run, kept or waited for."""

import ast
import copyreg
import runpy
import subprocess
import sys
import tracemalloc
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import cloudpickle
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphmeta
from graphmeta import (
    Edge,
    GraphSnapshot,
    InvalidSnapshot,
    SnapshotSession,
    dump_snapshot,
    load_snapshot,
    render,
    snapshot_to_json,
)

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LISTS = runpy.run_path(str(HERE / "hostile_pickles.py"))
ATTACKS, HARMLESS, REASONS = LISTS["ATTACKS"], LISTS["HARMLESS"], LISTS["REASONS"]

HONEST = GraphSnapshot(
    UUID(int=1), 7, (Edge("A", "B"),), {UUID(int=2): SnapshotSession("anna", "local", 1.5, (Edge("A", "C"),))}
)

watched: list[str] | None = None


def watch(event: str, _: object) -> None:
    if watched is not None:
        watched.append(event)


sys.addaudithook(watch)  # There is no way to remove one; without a list to write to it does nothing.


@contextmanager
def watching():
    """Gather what the interpreter is asked to do: imports, calls of the system, compilation ..."""
    global watched
    seen = watched = []
    try:
        yield seen
    finally:
        watched = None


def test_there_are_many_attacks():
    assert len(ATTACKS) >= 150


@pytest.mark.parametrize("data", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_refused_and_nothing_happens(data):
    with pytest.raises(InvalidSnapshot) as refusal, watching() as seen:
        load_snapshot(data)
    assert seen == []
    assert len(str(refusal.value)) < 500


@pytest.mark.parametrize(("name", "reason"), REASONS.items(), ids=REASONS)
def test_an_attack_is_refused_for_what_is_wrong_with_it(name, reason):
    with pytest.raises(InvalidSnapshot) as refusal:
        load_snapshot(ATTACKS[name])
    assert reason in str(refusal.value)


@pytest.mark.parametrize("data", HARMLESS.values(), ids=HARMLESS)
def test_what_is_made_like_the_attacks_but_for_the_harm_is_taken(data):
    assert isinstance(load_snapshot(data), GraphSnapshot)


def test_the_watch_would_see_an_import_and_a_command():
    with watching() as seen:
        cloudpickle.loads(ATTACKS["calls os.system"].replace(b"echo harm", b"true     "))
    assert {"pickle.find_class", "os.system"} <= set(seen)


@pytest.mark.parametrize("data", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_takes_no_more_memory_than_its_size_allows(data):
    tracemalloc.start()
    try:
        with pytest.raises(InvalidSnapshot):
            load_snapshot(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20 + 100 * len(data)


def test_all_attacks_together_stay_within_a_few_seconds_and_a_little_memory():
    script = f"""
import resource, runpy
from graphmeta import InvalidSnapshot, load_snapshot
attacks = runpy.run_path({str(HERE / "hostile_pickles.py")!r})["ATTACKS"]
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
resource.setrlimit(resource.RLIMIT_DATA, (2**29, 2**29))
for data in attacks.values():
    try:
        load_snapshot(data)
    except InvalidSnapshot:
        continue
    raise SystemExit("taken")
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)


def test_no_attack_leaves_anything_behind():
    classes = [value for value in vars(graphmeta).values() if isinstance(value, type)] + [object, type, UUID]
    before = [dict(vars(cls)) for cls in classes]
    modules, registry = set(sys.modules), dict(copyreg.dispatch_table)
    for data in ATTACKS.values():
        with pytest.raises(InvalidSnapshot):
            load_snapshot(data)
    assert [dict(vars(cls)) for cls in classes] == before
    assert set(sys.modules) == modules
    assert copyreg.dispatch_table == registry
    assert load_snapshot(dump_snapshot(HONEST)) == HONEST


def test_the_size_cap_comes_before_everything():
    data = dump_snapshot(HONEST)
    assert load_snapshot(data, max_bytes=len(data)) == HONEST
    with pytest.raises(InvalidSnapshot, match="exceed the limit"):
        load_snapshot(data, max_bytes=len(data) - 1)


@st.composite
def mutations(draw):
    data = bytearray(dump_snapshot(draw(st.from_type(GraphSnapshot))))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(data)


@given(mutations())
def test_a_mutation_is_refused_or_is_a_snapshot_with_which_all_can_be_done(data):
    try:
        snapshot = load_snapshot(data)
    except InvalidSnapshot:
        return
    assert load_snapshot(dump_snapshot(snapshot)) == snapshot
    assert render(snapshot, owners=True).endswith("\n")
    assert snapshot_to_json(snapshot)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data):
    with pytest.raises(InvalidSnapshot):
        load_snapshot(data)


UNPICKLING = ("load", "loads", "Unpickler")


def unpickles(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return "pickle" in (node.module or "") and any(alias.name in UNPICKLING for alias in node.names)
    return isinstance(node, ast.Attribute) and node.attr in UNPICKLING and "pickle" in ast.unparse(node.value)


def test_one_file_alone_unpickles():
    sources = [path for package in ("actors", "graphmeta", "transport") for path in (ROOT / package).rglob("*.py")]
    found = {path for path in sources if any(map(unpickles, ast.walk(ast.parse(path.read_text()))))}
    assert [path.relative_to(ROOT).as_posix() for path in found] == ["graphmeta/_pickles/_pickles.py"]
