"""Snapshots as bytes: whole, in parts, in files, and in processes that have none of the pipeline's classes."""

import pickletools
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import cloudpickle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmeta import (
    Edge,
    GraphMetadata,
    GraphSnapshot,
    InitialSettings,
    InvalidSnapshot,
    SealedSnapshot,
    SnapshotSession,
    UnitMetadata,
    assemble_snapshot,
    at_once,
    dump_snapshot,
    encode_metadata,
    encode_session,
    encode_settings_slices,
    load_snapshot,
    load_snapshot_slices,
    read_snapshot,
    save_snapshot,
)

EPOCH, ANNA, BERT = UUID(int=1), UUID(int=2), UUID(int=3)
ROOT = Path(__file__).parent.parent.parent


class GainSettings:
    """A class that no other process has."""

    def __init__(self, gain: float) -> None:
        self.gain = gain


def pipeline() -> GraphSnapshot:
    settings = InitialSettings({"gain": 2.0}, cloudpickle.dumps(GainSettings(2.0)))
    unit = UnitMetadata("SYS/GAIN", "GAIN", "pipeline:Gain", "pipeline:GainSettings", settings)
    session = SnapshotSession(
        "anna",
        "local",
        1.5,
        (Edge("A", "B"),),
        {"s": (Edge("A", "C"),)},
        metadata=GraphMetadata("", {"SYS/GAIN": unit}),
    )
    return GraphSnapshot(EPOCH, 3, (Edge("X", "Y"),), {ANNA: session})


@given(st.from_type(GraphSnapshot))
def test_a_snapshot_survives_as_bytes(snapshot):
    assert load_snapshot(dump_snapshot(snapshot)) == snapshot


@given(st.from_type(GraphSnapshot))
def test_a_snapshot_can_be_loaded_in_slices_one_for_each_component_and_setting(snapshot):
    slices = load_snapshot_slices(dump_snapshot(snapshot))
    metadata = [session.metadata for session in snapshot.sessions.values() if session.metadata]
    count = len(snapshot.settings) + sum(len(each.components) for each in metadata) + 1
    assert driven(slices, count) == snapshot


@given(st.from_type(GraphSnapshot))
def test_a_snapshot_put_together_from_kept_parts_is_the_same_bytes(snapshot):
    kept = {id_: encode_metadata(session.metadata) for id_, session in snapshot.sessions.items()}
    blobs = [encode_session(id_, session, kept[id_]) for id_, session in snapshot.sessions.items()]
    settings = at_once(encode_settings_slices(snapshot.settings))
    head = (snapshot.epoch, snapshot.revision, snapshot.persistent)
    assert b"".join(assemble_snapshot(*head, settings, blobs)) == dump_snapshot(snapshot)


def test_what_is_large_and_kept_is_a_piece_of_a_snapshot_as_it_is():
    kept = encode_metadata(GraphMetadata("", {"U": UnitMetadata("U", "U", "p:" + "C" * 70_000)}))
    session = encode_session(ANNA, SnapshotSession("anna", "local", 0.0), kept)
    pieces = assemble_snapshot(EPOCH, 1, (), b"\x80", [session])
    assert [piece is kept for piece in pieces].count(True) == 1
    assert load_snapshot(b"".join(pieces)).sessions[ANNA].metadata.units["U"].component_type[:3] == "p:C"


def driven(slices, count):
    """What slices return after exactly so many."""
    for _ in range(count):
        next(slices)
    with pytest.raises(StopIteration) as end:
        next(slices)
    return end.value.value


def test_whoever_trusts_the_bytes_can_open_them_with_cloudpickle_alone():
    assert cloudpickle.loads(dump_snapshot(pipeline())).open() == pipeline()


def test_the_pickle_names_one_class_of_ours_and_no_other():
    texts = []
    for opcode, argument, _ in pickletools.genops(dump_snapshot(pipeline())):
        assert opcode.name not in ("GLOBAL", "INST", "BUILD", "NEWOBJ")
        texts += [argument] if "UNICODE" in opcode.name else []
    assert texts == ["graphmeta", "SealedSnapshot"]


def test_another_process_without_the_classes_reads_the_file(tmp_path):
    save_snapshot(pipeline(), tmp_path / "graph.trellis")
    script = """
import sys
from graphmeta import read_snapshot
snapshot = read_snapshot(sys.argv[1])
(session,) = snapshot.sessions.values()
settings = session.metadata.units["SYS/GAIN"].initial_settings
print(sorted(map(str, snapshot.edge_owners)), settings.readable, type(settings.pickled).__name__, len(settings.pickled))
"""
    command = [sys.executable, "-c", script, str(tmp_path / "graph.trellis")]
    printed = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True).stdout
    size = len(pipeline().sessions[ANNA].metadata.units["SYS/GAIN"].initial_settings.pickled)
    assert printed == f"['A -> B', 'A -> C', 'X -> Y'] {{'gain': 2.0}} bytes {size}\n"


@given(st.binary(max_size=64))
def test_pickled_settings_arrive_byte_for_byte_whatever_they_are(pickled):
    unit = UnitMetadata("U", "U", "p:C", "p:S", InitialSettings(None, pickled))
    session = SnapshotSession("anna", "local", 0.0, metadata=GraphMetadata("", {"U": unit}))
    loaded = load_snapshot(dump_snapshot(GraphSnapshot(EPOCH, 1, (), {ANNA: session})))
    assert loaded.sessions[ANNA].metadata.units["U"].initial_settings.pickled == pickled


def test_a_saved_snapshot_is_replaced_whole(tmp_path):
    path = tmp_path / "graph.trellis"
    save_snapshot(GraphSnapshot(EPOCH, 1), path)
    save_snapshot(pipeline(), str(path))
    assert read_snapshot(path) == pipeline()
    assert [entry.name for entry in tmp_path.iterdir()] == ["graph.trellis"]


def test_what_cannot_be_saved_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "graph.trellis"
    save_snapshot(pipeline(), path)
    broken = GraphSnapshot(EPOCH, 1, (), {ANNA: SnapshotSession("anna", object(), 0.0)})
    with pytest.raises(TypeError):
        save_snapshot(broken, path)
    assert read_snapshot(path) == pipeline()
    assert [entry.name for entry in tmp_path.iterdir()] == ["graph.trellis"]


def test_a_place_that_cannot_be_taken_is_left_as_it_is(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        save_snapshot(pipeline(), path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "graph.trellis"
    path.write_bytes(b"x" * 100)
    with pytest.raises(InvalidSnapshot, match="99 bytes"):
        read_snapshot(path, max_bytes=99)


def test_a_file_of_something_else_is_no_snapshot(tmp_path):
    (tmp_path / "notes.txt").write_text("notes")
    with pytest.raises(InvalidSnapshot):
        read_snapshot(tmp_path / "notes.txt")


class OtherVersion:
    """What a reader and a writer of another version would put into a pickle."""

    def __init__(self, *fields):
        self.fields = fields

    def __reduce__(self):
        return SealedSnapshot, self.fields


@pytest.mark.parametrize(
    "fields", [(1, EPOCH.bytes, 3, b"", ()), (3, EPOCH.bytes, 3, b"", (), ()), (4,), (5, *range(9))], ids=str
)
def test_a_snapshot_of_another_version_says_of_which_whatever_it_is_made_of(fields):
    with pytest.raises(InvalidSnapshot, match=f"its version is {fields[0]}, this is a reader of 2"):
        load_snapshot(cloudpickle.dumps(OtherVersion(*fields), protocol=5))


@pytest.mark.parametrize(
    "fields", [(), (2,), (2, EPOCH.bytes, 3, b"", ()), ("2", EPOCH.bytes, 3, b"", (), ())], ids=str
)
def test_a_snapshot_of_this_version_that_is_made_of_something_else_is_none(fields):
    with pytest.raises(InvalidSnapshot, match="malformed"):
        load_snapshot(cloudpickle.dumps(OtherVersion(*fields), protocol=5))
