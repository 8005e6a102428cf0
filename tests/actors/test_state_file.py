"""The file of persistent edges: what it takes, whom it refuses, and that a refusal changes nothing in it."""

import os
import sqlite3
from pathlib import Path

import pytest

from actors import (
    StateFileBusy,
    StateFileDamaged,
    StateFileForeign,
    StateFileNewer,
    StateFileUnwritable,
    StorageFailed,
)
from actors._graph._storage._state_file import APPLICATION_ID, FORMAT, StateFile
from graphmeta import Edge

AB, BC, CA = Edge("A", "B"), Edge("B", "C"), Edge("C", "A")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "graph.state"


def write(path: Path, *edges: Edge) -> None:
    file = StateFile(path)
    file.write(dict.fromkeys(edges, True))
    file.close()


def read(path: Path) -> set[Edge]:
    file = StateFile(path)
    file.close()
    return set(file.edges)


def alter(path: Path, script: str) -> None:
    connection = sqlite3.connect(path, timeout=0)
    connection.executescript(script)
    connection.close()


def everything(folder: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}


def test_what_was_written_is_there_at_the_next_opening(path: Path) -> None:
    assert read(path) == set()
    file = StateFile(path)
    file.write({AB: True, BC: True})
    file.write({AB: False, BC: True, Edge("ü\n", "日本"): True})
    file.close()
    file.close()
    assert read(path) == {BC, Edge("ü\n", "日本")}


def test_an_empty_file_is_a_new_one(path: Path) -> None:
    path.touch()
    write(path, AB)
    assert read(path) == {AB}


def test_only_its_owner_can_read_a_new_file(path: Path) -> None:
    write(path, AB)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_is_open_once(path: Path) -> None:
    write(path, AB)
    file = StateFile(path)
    for _ in range(2):
        with pytest.raises(StateFileBusy):
            StateFile(path)
    # The refusals did not loosen the hold.
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        alter(path, "DELETE FROM edge")
    file.write({BC: True})
    file.close()
    assert read(path) == {AB, BC}


def test_a_file_that_another_program_holds_is_busy(path: Path) -> None:
    write(path, AB)
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StateFileBusy, match="in use"):
        StateFile(path)
    other.close()
    assert read(path) == {AB}


def newer(path: Path) -> None:
    write(path, AB)
    alter(path, f"PRAGMA user_version = {FORMAT + 1}")


def no_table(path: Path) -> None:
    write(path, AB)
    alter(path, "CREATE TABLE other (a); DROP TABLE edge")


def a_cycle(path: Path) -> None:
    write(path, AB, BC, CA)


def a_topic_that_is_none(path: Path) -> None:
    write(path, AB)
    alter(path, "INSERT INTO edge VALUES ('', 'B')")


def a_topic_that_is_no_text(path: Path) -> None:
    write(path, AB)
    alter(path, "INSERT INTO edge VALUES (x'ff00', 'B')")


def overwritten(path: Path) -> None:
    write(path, *(Edge("A", f"B{n}") for n in range(1000)))
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xaa" * (len(data) - 4096))


def cut_off(path: Path) -> None:
    write(path, *(Edge("A", f"B{n}") for n in range(1000)))
    os.truncate(path, 6000)


def miscounted(path: Path) -> None:
    """Every row can still be read."""
    write(path, AB)
    data = bytearray(path.read_bytes())
    data[36:40] = (5).to_bytes(4)  # free pages
    path.write_bytes(data)


REFUSED = {
    "a text": (lambda path: path.write_text("no database at all" * 100), StateFileForeign),
    "one byte": (lambda path: path.write_bytes(b"S"), StateFileForeign),
    "another program's database": (lambda path: alter(path, "CREATE TABLE edge (a, b)"), StateFileForeign),
    "another program's database in WAL mode": (
        lambda path: alter(path, "PRAGMA journal_mode = WAL; CREATE TABLE edge (a, b)"),
        StateFileForeign,
    ),
    "a device": (lambda path: path.symlink_to("/dev/null"), StateFileForeign),
    "a later format": (newer, StateFileNewer),
    "no table": (no_table, StateFileDamaged),
    "a cycle": (a_cycle, StateFileDamaged),
    "a topic that is none": (a_topic_that_is_none, StateFileDamaged),
    "a topic that is no text": (a_topic_that_is_no_text, StateFileDamaged),
    "overwritten": (overwritten, StateFileDamaged),
    "cut off": (cut_off, StateFileDamaged),
    "miscounted": (miscounted, StateFileDamaged),
    "a folder": (lambda path: path.mkdir(), StateFileUnwritable),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused_by_its_name_and_not_touched(name: str, path: Path) -> None:
    make, error = REFUSED[name]
    make(path)
    before = everything(path.parent) if path.is_file() else None
    with pytest.raises(error, match=r"graph\.state"):
        StateFile(path)
    assert before is None or everything(path.parent) == before
    # Nothing of the refusal stays: neither a lock nor a descriptor.
    open_files = {os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    assert not any(str(path) in name for name in open_files)


def test_a_file_in_a_folder_that_is_not_there_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(StateFileUnwritable, match="No such file"):
        StateFile(tmp_path / "missing" / "graph.state")


def test_a_write_that_fails_leaves_what_was_there(path: Path) -> None:
    write(path, AB)
    file = StateFile(path)
    pages = file._connection.execute("PRAGMA page_count").fetchone()[0]
    file._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageFailed, match="full"):
        file.write({AB: False} | {Edge("A", f"B{n}"): True for n in range(1000)})
    file.write({BC: True})
    file.close()
    with pytest.raises(StorageFailed):
        file.write({CA: True})
    assert read(path) == {AB, BC}


def test_a_write_that_failed_in_the_middle_does_not_stand_in_the_way_of_the_next(path: Path) -> None:
    write(path, AB)
    file = StateFile(path)
    file._connection.execute("ALTER TABLE edge RENAME TO away")
    with pytest.raises(StorageFailed, match="no such table"):
        file.write({BC: True})
    file._connection.execute("ALTER TABLE away RENAME TO edge")
    file.write({CA: True})
    file.close()
    assert read(path) == {AB, CA}


def test_the_file_says_whose_it_is(path: Path) -> None:
    write(path)
    header = path.read_bytes()[:100]
    assert int.from_bytes(header[68:72]) == APPLICATION_ID
